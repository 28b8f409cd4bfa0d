#!/usr/bin/env python3
"""Golden command lines: runs each cases/NAME.sh and compares its exit status, standard output and standard error with
cases/NAME.golden. Usage: run.py PHOTOFINISH ROOT [--update] [NAME ...]

Without names it runs the cases of the folder itself; those of cases/light/ are for the light build.
A case runs in a new folder of its own with photofinish first in PATH and PHOTOFINISH_DATA set to a folder that all
cases share (so that `tiny` is made once); no history is kept. The folder's path is written as WORK, the shared one as DATA, ROOT as ROOT.
prelude.sh is sourced first: it has `run`, which shows a command line with all that comes of it.
--update writes the golden files anew: read the difference before you commit it."""
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile


# What builds with sanitizers say besides.
SANITIZED = re.compile(r"(! )?(photofinish: )?NOT FOR TIMING: built with sanitizers$")
# What is said of a machine that is busy with other things: a paragraph, with the blank line before it.
BUSY_PARAGRAPH = re.compile(r"(^|(?<=\n))\nThis machine was busy: .*\n(?:(?!= |\$ |---).+\n)*")
# What is said where a machine that is busy with other things held the harness up, so that a round did not count.
BUSY = ("held up", "one round does not give")


def run_case(script, program, data, root):
    with tempfile.TemporaryDirectory(prefix="photofinish-") as work:
        build = pathlib.Path(program).parent
        environment = dict(os.environ, PHOTOFINISH_DATA=data, PHOTOFINISH_HISTORY="", LC_ALL="C.UTF-8", ROOT=root, NO_COLOR="1", WORK=work,
                           PATH=f"{build}:{build}/tests:{os.environ['PATH']}",
                           BASH_ENV=f"{root}/tests/cli/prelude.sh")
        result = subprocess.run(["bash", str(script)], cwd=work, env=environment, capture_output=True, timeout=300,
                                stdin=subprocess.DEVNULL)
        text = f"exit {result.returncode}\n--- stdout\n".encode() + result.stdout + b"--- stderr\n" + result.stderr
        for path, name in ((work, b"WORK"), (data, b"DATA"), (root, b"ROOT")):
            text = text.replace(path.encode(), name)
        lines = BUSY_PARAGRAPH.sub("", text.decode("utf-8", "backslashreplace")).splitlines(True)
        return "".join(line for line in lines if not SANITIZED.match(line))


def main():
    update = "--update" in sys.argv
    program, root, *names = [argument for argument in sys.argv[1:] if argument != "--update"]
    program, root = os.path.realpath(program), os.path.realpath(root)
    folder = pathlib.Path(root) / "tests/cli/cases"
    cases = [folder / f"{name}.sh" for name in names] or sorted(folder.glob("*.sh"))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="photofinish-data-") as data:
        for script in cases:
            golden = script.with_suffix(".golden")
            expected = golden.read_text() if golden.exists() else ""
            for _ in range(3):
                actual = run_case(script, program, data, root)
                if actual == expected or not any(words in actual and words not in expected for words in BUSY):
                    break
            if actual == expected:
                print(f"ok      {script.stem}")
            elif update:
                golden.write_text(actual)
                print(f"written {script.stem}")
            else:
                failed += 1
                print(f"FAILED  {script.stem}")
                sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), actual.splitlines(True),
                                                           "expected", "actual"))
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(bool(failed))


main()

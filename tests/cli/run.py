#!/usr/bin/env python3
"""Golden command lines: runs each cases/NAME.sh and compares its exit status, standard output and standard error with
cases/NAME.golden. Usage: run.py PHOTOFINISH ROOT [--update] [--data FOLDER [--make]] [NAME ...]

Without names it runs the cases of the folder itself; those of cases/light/ are for the light build. ctest runs each case
as a test of its own (cli/NAME).
A case runs in a new folder of its own with photofinish first in PATH and PHOTOFINISH_DATA set to a folder that all
cases share, in which `tiny` was made, with the reference's scores of it: no case may change what is there. --data names
that folder, and --make makes it anew and runs no case; without --data one is made for this call. No history is kept.
The case's folder is written as WORK, the shared one as DATA, ROOT as ROOT.
prelude.sh is sourced first: it has `run`, which shows a command line with all that comes of it.
--update writes the golden files anew: read the difference before you commit it."""
import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile


# What builds with sanitizers say besides.
SANITIZED = re.compile(r"(! )?(photofinish: )?NOT FOR TIMING: built with sanitizers$")
# The same in exports: a paragraph of Markdown, a cell of CSV.
SANITIZED_EXPORTS = ((re.compile(r"\n\*\*NOT FOR TIMING\*\*: built with sanitizers\.\n"), ""),
                     (re.compile(r'"NOT FOR TIMING: built with sanitizers(; )?'), '"'))
# What is said of a machine that is busy with other things: a paragraph, with the blank line before it.
BUSY_PARAGRAPH = re.compile(r"(^|(?<=\n))\nThis machine was busy: .*\n(?:(?!= |\$ |---).+\n)*")
# What is said where a machine that is busy with other things held the harness up, so that a round did not count.
BUSY = ("held up", "one round does not give")
TRIES = 20


def run_case(script, program, data, root):
    with tempfile.TemporaryDirectory(prefix="photofinish-") as work:
        build = pathlib.Path(program).parent
        environment = dict(os.environ, PHOTOFINISH_DATA=data, PHOTOFINISH_HISTORY="", LC_ALL="C.UTF-8", ROOT=root, NO_COLOR="1", WORK=work,
                           PATH=f"{build}:{build}/tests:{os.environ['PATH']}",
                           BASH_ENV=f"{root}/tests/cli/prelude.sh")
        result = subprocess.run(["bash", str(script)], cwd=work, env=environment, capture_output=True,
                                stdin=subprocess.DEVNULL)
        text = f"exit {result.returncode}\n--- stdout\n".encode() + result.stdout + b"--- stderr\n" + result.stderr
        for path, name in ((work, b"WORK"), (data, b"DATA"), (root, b"ROOT")):
            text = text.replace(path.encode(), name)
        said = BUSY_PARAGRAPH.sub("", text.decode("utf-8", "backslashreplace"))
        for pattern, instead in SANITIZED_EXPORTS:
            said = pattern.sub(instead, said)
        lines = said.splitlines(True)
        return "".join(line for line in lines if not SANITIZED.match(line))


def has_engine(program):
    return b"out: engine" not in subprocess.run([program, "--version"], capture_output=True, check=True).stdout


def make_data(program, folder):
    """`tiny`, and the reference's scores of it, which the first run keeps there."""
    shutil.rmtree(folder, ignore_errors=True)
    environment = dict(os.environ, PHOTOFINISH_DATA=folder, PHOTOFINISH_HISTORY="")
    for arguments in (["dataset", "make", "tiny"], ["run", "null", "--dataset", "tiny", "--repetitions", "1"]):
        subprocess.run([program, *arguments, "--quiet"], env=environment, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)


def passes(script, program, data, root, update):
    golden = script.with_suffix(".golden")
    expected = golden.read_text() if golden.exists() else ""
    for _ in range(TRIES):
        actual = run_case(script, program, data, root)
        if actual == expected or not any(words in actual and words not in expected for words in BUSY):
            break
    if actual == expected:
        print(f"ok      {script.stem}", flush=True)
    elif update:
        golden.write_text(actual)
        print(f"written {script.stem}", flush=True)
    else:
        print(f"FAILED  {script.stem}")
        sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), actual.splitlines(True),
                                                   "expected", "actual"))
        return False
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=os.path.realpath)
    parser.add_argument("root", type=os.path.realpath)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--data", type=os.path.realpath)
    parser.add_argument("--make", action="store_true")
    arguments = parser.parse_intermixed_args()
    if arguments.make:
        make_data(arguments.program, arguments.data)
        return
    folder = pathlib.Path(arguments.root) / "tests/cli/cases"
    cases = [folder / f"{name}.sh" for name in arguments.names] or sorted(folder.glob("*.sh"))
    with tempfile.TemporaryDirectory(prefix="photofinish-data-") as own:
        data = arguments.data or own
        if not arguments.data and has_engine(arguments.program):
            make_data(arguments.program, own)
        failed = sum(not passes(script, arguments.program, data, arguments.root, arguments.update) for script in cases)
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(bool(failed))


main()

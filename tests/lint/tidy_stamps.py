#!/usr/bin/env python3
"""tests/lint/tidy on a tree of one source: what passed is read again after each change that could alter what is found, and
never kept when it did not pass. Usage: tidy_stamps.py ROOT"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

TIDY = pathlib.Path(sys.argv[1]).resolve() / "tests/lint/tidy"
SOURCE = """#include "deep.h"
int sum(int a, int b);
int sum(int a, int b)
{
	return twice(a) + b;
}
"""
DEEP = "static inline int twice(int a)\n{\n\treturn 2 * a;\n}\n"
FAULTY = DEEP.replace("return", "if (a)\n\t\treturn 2;\n\treturn")  # no braces: found in whoever includes it
CHECKS = "Checks: '-*,readability-braces-around-statements'\nHeaderFilterRegex: '.*'\n"


def check(condition, what):
    if not condition:
        sys.exit(f"tidy_stamps: not so: {what}")


def main():
    if not shutil.which("clang-tidy"):
        sys.exit("tidy_stamps: clang-tidy is missing")
    with tempfile.TemporaryDirectory(prefix="photofinish-tidy-") as folder:
        root = pathlib.Path(folder).resolve()
        build, source, deep = root / "build", root / "core/a.c", root / "core/low/deep.h"
        for path in (build, root / "core/low", root / "core/high"):
            path.mkdir(parents=True)

        def command(flags="", file=source):
            entry = {"directory": str(root), "file": str(file),
                     "command": f"cc -Icore/high -Icore/low {flags} -o a.o -c {file}"}
            (build / "compile_commands.json").write_text(json.dumps([entry]))

        def runs(what, read, passes=True):
            result = subprocess.run([str(TIDY), str(root), str(build)], capture_output=True, text=True)
            check((result.returncode == 0) == passes, f"{what}: passes: {passes}: {result.stdout}{result.stderr}")
            check(f"1 sources: {int(read)} read" in result.stdout, f"{what}: read: {read}: {result.stdout}")

        for folder in ("variants", "datasets", "harness", "tests"):
            (root / folder).mkdir()
        (root / ".clang-tidy").write_text(CHECKS)
        source.write_text(SOURCE)
        deep.write_text('#include <deeper.h>\n')
        (root / "core/low/deeper.h").write_text(DEEP)
        command()
        runs("a fresh tree", True)
        runs("nothing changed", False)
        source.touch()
        runs("touched, but the same", False)
        (root / "core/low/deeper.h").write_text(FAULTY)
        runs("what a header includes", True, False)
        runs("still at fault", True, False)
        (root / "core/low/deeper.h").write_text(DEEP)
        runs("mended", True)
        runs("and passed", False)
        command("-DANYTHING")
        runs("other flags", True)
        (root / "core/high/deeper.h").write_text(FAULTY)
        runs("a new header in front of another", True, False)
        (root / "core/high/deeper.h").unlink()
        runs("and gone again", True)
        (root / ".clang-tidy").write_text(CHECKS.replace("'\n", ",bugprone-macro-parentheses'\n", 1))
        runs("other checks", True)
        source.write_text(SOURCE.replace("	return", "	if (a > 1) return 1;\n	return"))
        runs("its text", True, False)
        source.write_text(SOURCE.replace("	return", "	if (a > 1) return 1; // NOLINT\n	return"))
        runs("a comment that silences", True)
        source.write_text(SOURCE.replace("	return", "	if (a > 1) return 1; // nothing\n	return"))
        runs("and one that does not", True, False)
        command(file=root / "core/b.c")
        source.write_text(SOURCE)
        runs("not built here", True)
        runs("so never kept", True)
    print("tidy_stamps: read again after each change")


main()

#!/usr/bin/env python3
"""scripts/demo: the page that is kept has its ten commands, and what ends otherwise than it should is named. --whole: with the program
itself, too, whose ten commands end as they should. Usage: demo.py PHOTOFINISH ROOT [--whole]"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM, ROOT = (os.path.realpath(path) for path in sys.argv[1:3])
failures = 0


def check(name, good, told=""):
    global failures
    failures += not good
    print(f"{'ok     ' if good else 'FAILED '} {name}{'' if good else ': ' + str(told)}", flush=True)


def demo(*arguments):
    done = subprocess.run([f"{ROOT}/scripts/demo", *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def commands(page):
    """The command lines, without what --quick makes smaller."""
    lines = re.findall(r"^\$ photofinish (.*)$", page, re.M)
    return [re.sub(r"\b(tiny|smoke)\b|(--rounds|--max-time) \d+|--quick ", "", line) for line in lines]


def main():
    if "--whole" in sys.argv:
        status, page, told = demo("--quick", "--program", PROGRAM)
        check("ten commands end as they should", status == 0 and len(commands(page)) == 10, told + page)
        check("no path of this machine is in the page", not re.search(r"(?<![\w.])/(root|home|tmp)/", page) and ROOT not in page, page)
    kept = pathlib.Path(f"{ROOT}/docs/demo.md").read_text()
    check("a wrong argument: one line, exit status 2", (lambda s, _, e: s == 2 and e.count("\n") == 1)(*demo("--slow")))
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "photofinish"
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
        status, page, told = demo("--quick", "--program", program)
        named = re.findall(r"^demo: WRONG: \d+\. photofinish (\w+)", told, re.M)
        check("a program that finds nothing: exit status 1, and its four steps are named",
              status == 1 and named == ["run", "accuracy", "audit", "gate"], told)
        check("docs/demo.md has the script's ten commands", commands(kept) == commands(page) and len(commands(page)) == 10, "\n".join(commands(page)))
    return failures > 0


sys.exit(main())

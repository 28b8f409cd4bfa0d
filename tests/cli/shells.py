#!/usr/bin/env python3
"""What the program writes for others: completion, really run in bash (and in fish; zsh reads it), the man page, rendered without a
warning, and pages of the documentation in a terminal. Usage: shells.py PHOTOFINISH ROOT [--light]"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM, ROOT = os.path.realpath(sys.argv[1]), pathlib.Path(sys.argv[2])
LIGHT = "--light" in sys.argv
ENVIRONMENT = dict(os.environ, PATH=f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}", LC_ALL="C.UTF-8", PHOTOFINISH_HISTORY="")
for name in ("COLUMNS", "PAGER", "MANWIDTH"):
    ENVIRONMENT.pop(name, None)
failures = 0


def check(name, good, told=""):
    global failures
    failures += not good
    print(f"{'ok     ' if good else 'FAILED '} {name}{'' if good else ': ' + repr(told)}", flush=True)


def run(*command, expected=0):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=ENVIRONMENT)
    check(f"{' '.join(map(str, command[:3]))[:60].splitlines()[0]} ends with {expected}", result.returncode == expected, result.stdout + result.stderr)
    return result.stdout, result.stderr


def described():
    """Commands and their options, by their help."""
    found = {}
    text = run(PROGRAM, "--help")[0]
    for command in re.findall(r"^  ([a-z]+) ", text, re.M):
        words = [f"dataset {word}" for word in ("make", "list", "verify", "import", "rm")] if command == "dataset" else [command]
        for word in words:
            text = run(PROGRAM, *word.split(), "--help")[0]
            found[word] = set(re.findall(r"^ +(?:-\w, )?(--[a-z0-9-]+)", text, re.M))
    return found


def bash(work, lines):
    """What bash would offer for each line; the last word is the one at hand."""
    script = work / "complete.bash"
    script.write_text(run(PROGRAM, "completion", "bash")[0])
    text = f"source {script}\ncomplete -p photofinish\n"
    for line in lines:
        words = " ".join(f"'{word}'" for word in line)
        text += (f"COMP_WORDS=({words}); COMP_CWORD={len(line) - 1}; COMPREPLY=(); _photofinish 2>/dev/null\n"
                 "echo \"${COMPREPLY[*]}\"\n")
    out = run("bash", "-u", "-c", text)[0].splitlines()
    check("complete -p", out[:1] == ["complete -F _photofinish photofinish"], out[:1])
    return [set(line.split()) for line in out[1:]]


def check_bash(work, commands):
    (work / "photo.json").write_text("")
    cases = [
        (["photofinish", ""], {command.split()[0] for command in commands} | {"help", "--help", "--version"}),
        (["photofinish", "tim"], {"time"}),
        (["photofinish", "doctor", "--qu"], {"--quick", "--quiet"} & commands["doctor"]),
        (["photofinish", "doctor", "--progress", ""], {"auto", "always", "never", "json"}),
        (["photofinish", "doctor", "--progress", "=", "nev"], {"never"}),
        (["photofinish", "doctor", "--json", f"{work}/pho"], {f"{work}/photo.json"}),
        (["photofinish", "completion", ""], {"bash", "zsh", "fish"}),
        (["photofinish", "nowhere", ""], set()),
    ]
    if not LIGHT:
        cases += [
            (["photofinish", "run", "paral"], {"parallel"}),
            (["photofinish", "compare", "thr"], {"threaded", "threaded-safe"}),
            (["photofinish", "dataset", ""], {"make", "list", "verify", "import", "rm", "--help"}),
            (["photofinish", "journey", "--cache", ""], {"warm", "cold"}),
            (["photofinish", "history", "tr"], {"trend"}),
        ]
    for command, options in commands.items():
        cases.append((["photofinish", *command.split(), "--"], options))
    for (line, expected), offered in zip(cases, bash(work, [line for line, _ in cases])):
        good = offered >= expected if line[-1] == "--" else offered == expected
        check(f"bash: {' '.join(line)}", good, sorted(offered ^ expected))


def check_other_shells(work):
    for shell, test in (("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])):
        script = work / f"complete.{shell}"
        script.write_text(run(PROGRAM, "completion", shell)[0])
        if not shutil.which(shell):
            print(f"skipped {shell}: it is not installed")
            continue
        result = subprocess.run([*test, script], capture_output=True, text=True, env=ENVIRONMENT)
        check(f"{shell} reads it", result.returncode == 0 and not result.stderr, result.stderr)
    if shutil.which("fish"):
        out = run("fish", "--no-config", "-c", f"source {work}/complete.fish; complete -C 'photofinish doctor --progress '")[0]
        offered = {line.split("\t")[0] for line in out.splitlines()}
        check("fish: photofinish doctor --progress", offered == {"auto", "always", "never", "json"}, out)
    run(PROGRAM, "completion", "tcsh", expected=2)


def check_man(work, commands):
    page = work / "photofinish.1"
    page.write_text(run(PROGRAM, "man-page")[0])
    if not shutil.which("man"):
        print("skipped man: it is not installed")
        return
    ENVIRONMENT["MANWIDTH"] = "80"
    out, err = run("man", "--warnings", "-E", "UTF-8", "-l", page)
    del ENVIRONMENT["MANWIDTH"]
    check("man says nothing beside the page", not err, err)
    plain = re.sub(".\b", "", out).replace("‐", "-").replace("−", "-")
    for command, options in commands.items():
        missing = [option for option in options if option not in plain]
        check(f"man: {command}", f"   {command}" in plain and not missing, missing)
    check("man: no line is too long", not [line for line in plain.splitlines() if len(line) > 80])


def check_topics(work):
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    listed = run(PROGRAM, "help", "topics")[0]
    check("topics are the pages", set(re.findall(r"^  ([a-z]+)", listed, re.M)) == pages, listed)
    for name in ("formats", "compare.md"):
        text = (ROOT / "docs" / name).with_suffix(".md").read_text()
        check(f"help {name}", run(PROGRAM, "help", name)[0] == text)
    for name in ("formts", "../README", ""):
        err = run(PROGRAM, "help", name, expected=2)[1]
        check(f"help {name or 'nothing'} lists them", all(re.search(rf"[ \n]{page}[,.]", err) for page in pages), err)
    check("the nearest name", "did you mean formats?" in run(PROGRAM, "help", "formts", expected=2)[1])
    terminal = [sys.executable, ROOT / "tests/cli/in_terminal.py", 60, PROGRAM, "help", "formats"]
    prose = [line for line in run(*terminal)[0].splitlines() if line and line[0] not in " |" and "](" not in line]
    check("wrapped in a terminal", prose and max(map(len, prose)) <= 60, max(prose, key=len))
    ENVIRONMENT["PAGER"] = "sed s/^/paged:/"
    check("through a pager", run(*terminal)[0].startswith("paged:# Files"))
    check("only there", not run(PROGRAM, "help", "formats")[0].startswith("paged:"))
    ENVIRONMENT["PAGER"] = "true"  # it leaves at once
    run(*terminal)
    del ENVIRONMENT["PAGER"]


def main():
    with tempfile.TemporaryDirectory(prefix="photofinish-") as folder:
        work = pathlib.Path(folder)
        commands = described()
        check_bash(work, commands)
        check_other_shells(work)
        check_man(work, commands)
        check_topics(work)
    sys.exit(bool(failures))


main()

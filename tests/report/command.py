#!/usr/bin/env python3
"""photofinish report and journey --report: what they leave, and how they end where Node is not there.
Usage: command.py PHOTOFINISH ROOT"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAM, ROOT = os.path.realpath(sys.argv[1]), pathlib.Path(os.path.realpath(sys.argv[2]))
RECORD = ROOT / "results/journey-dash.json"
WITH_NODE = shutil.which("node") and (ROOT / "report/node_modules/echarts").is_dir()


def check(condition, what):
    if not condition:
        sys.exit(f"report: not so: {what}")


def run(*arguments, expected, path=os.environ["PATH"]):
    for _ in range(20):  # a machine that is busy with other things may hold up the harness; it says so
        result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                env=os.environ | {"PATH": path})
        if "held up" not in result.stdout:
            break
    check(result.returncode == expected, f"{arguments} ends with {expected}, not {result.returncode}: {result.stderr}")
    return result


def refusals(folder):
    for arguments, why in [((RECORD,), "--out is missing"), ((ROOT / "CHANGELOG.md", "--out", folder / "no"), "not JSON"),
                           ((folder / "absent.json", "--out", folder / "no"), "absent.json")]:
        check(why in run("report", *arguments, expected=2).stderr, f"{arguments} says {why}")
    check(not (folder / "no").exists(), "what is refused leaves no folder")


def without_node(folder):
    """Every command still ends well and says how to get the charts."""
    empty = folder / "empty"
    empty.mkdir()
    result = run("report", RECORD, "--out", folder / "no", expected=2, path=str(empty))
    check("there is no Node here" in result.stderr and "scripts/setup" in result.stderr, f"it says so: {result.stderr}")
    check(len(result.stderr.splitlines()) == 1 and not result.stdout and not (folder / "no").exists(), "in one line")
    result = run("journey", "-d", "tiny", "-r", "1", "--only", "double-load", "--no-history", "--report", folder / "no",
                 expected=0, path=str(empty))
    check("double-load" in result.stdout and "there is no Node here" in result.stderr, "a journey does well without it")


def from_a_record(folder):
    out = folder / "stored"
    result = run("report", RECORD, "--out", out, expected=0)
    page = (out / "index.html").read_text()
    check(result.stdout == f"{out}/index.html\n", f"its output is the page's path: {result.stdout}")
    record_id = hashlib.sha256(RECORD.read_bytes()).hexdigest()[:12]
    check(f"record {record_id}" in (out / "charts/waterfall.svg").read_text(), "charts bear the record's id")
    check("time saved by it" in (out / "charts/waterfall.svg").read_text(), "an old record gets its decisions")
    check("This machine was busy: 1 of 65 trials" in (out / "charts/waterfall.svg").read_text(), "charts bear its caveats")
    check(page.count("data-chart=") > 20 and (out / "summary.md").read_text().startswith("# The journey over dash"), "all is there")


def from_a_journey(folder):
    out, record = folder / "own", folder / "own.json"
    result = run("journey", "-d", "tiny", "-r", "2", "--only", "double-load,single-load,parallel:workers=2,threaded", "--no-history",
                 "--report", out, "--json", record, expected=0)
    check(result.stdout.splitlines()[-1] == f"{out}/index.html", f"the last line is the page's path: {result.stdout}")
    timeline = (out / "charts/timeline-of-parallel-workers-2.svg").read_text()
    check("One trial, the one with the median time" in timeline, "a record holds what workers did in its order")
    for name in ["double-load", "single-load", "threaded"]:
        check(name in (out / "charts/waterfall.svg").read_text(), f"{name} is in the waterfall")
    slots = json.loads(record.read_text())["variants"][2]["trials"][0]["spans"]["slots"]
    check(all(len(slot["timeline"]) == 400 and set(slot["timeline"]) <= set("sbrgdpfqcwt. ") for slot in slots), "400 letters")
    # A letter stands for what took most of its 1/400 of the trial: on a slow machine decoding of such small photos may win none.
    letters = set("".join(slot["timeline"] for slot in slots)) - set(" .")
    check("f" in letters and len(letters) >= 2, f"workers search for faces and do other things: {slots}")
    to_stdout = run("journey", "-d", "tiny", "-r", "1", "--only", "double-load", "--no-history", "--json", "-", "--report", folder / "piped", expected=0)
    check(json.loads(to_stdout.stdout) and f"{folder}/piped/index.html" in to_stdout.stderr, "the record on standard output stays whole")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.environ["PHOTOFINISH_DATA"] = str(folder / "data")
        refusals(folder)
        without_node(folder)
        if WITH_NODE:
            from_a_record(folder)
            from_a_journey(folder)
    print("report: everything as it should be" if WITH_NODE else "report: without Node only its absence was tried")


main()

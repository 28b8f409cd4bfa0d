#!/usr/bin/env python3
"""A journey that is killed at random points and gone on with: no trial is lost but the one at hand, none is counted twice, the order
is that of a journey that nobody stopped. Usage: journal.py PHOTOFINISH [--kills N] [--seed N]"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from held_up import until_timed

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("--kills", type=int, default=3)
parser.add_argument("--seed", type=int, default=20261130)
parser.add_argument("--receipts", help="folder of a receipt (see tests/robust/sweep.py)")
arguments = parser.parse_args()
PROGRAM, RANDOM = os.path.realpath(arguments.program), random.Random(arguments.seed)
JOURNEY = ("--only", "null,single-load,parallel", "--dataset", "tiny", "--stages", "facts,decode,quality", "--quiet", "--seed", "7")


def check(condition, what):
    if not condition:
        sys.exit(f"journal: not so: {what}")


def run(*words, expected=0, **more):
    def once():
        return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)
    result = until_timed(once) if "--rounds" in words else once()
    check(result.returncode == expected, f"{words} ends with {expected}, not {result.returncode}: {result.stdout}{result.stderr}")
    return result


def journals():
    """The whole ones: a name with a dot in front is still being made, and may be gone at the next look."""
    return sorted((HISTORY / "journals").glob("[!.]*.jsonl")) if (HISTORY / "journals").exists() else []


def trials_of(journal):
    """Empty where the run has just ended whole and taken its journal away."""
    try:
        text = journal.read_text()
    except FileNotFoundError:
        return []
    lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
    return [line for line in lines if "trial" in line]


def order_of(record):
    return {(variant["name"], trial["round"]) for variant in record["variants"] for trial in variant["trials"]}


def started(*words):
    """A journey, once its journal is there."""
    process = subprocess.Popen([PROGRAM, "journey", *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return process


def killed(process, how, until):
    """Sends the signal once there are that many trials in the journal, and a random while later. The journal, and whether it came to that."""
    while process.poll() is None:
        found = journals()
        if found and len(trials_of(found[0])) >= until:
            time.sleep(RANDOM.random() * 0.05)
            process.send_signal(how)
            break
        time.sleep(0.005)
    process.communicate()
    return journals()[0] if journals() else None


def check_kills(work, rounds):
    """Killed again and again, it ends whole all the same. None where it had ended before it was killed often enough, as it may where this
    process hardly gets to run."""
    whole = json.loads(run("journey", *JOURNEY, "--rounds", rounds, "--json", "-", env=dict(os.environ, PHOTOFINISH_HISTORY="")).stdout)
    record = work / "killed.json"
    words, seen, kills, resumed = (*JOURNEY, "--rounds", str(rounds), "--json", str(record)), [], 0, 0
    while kills < arguments.kills:
        until = max(1, len(seen) + RANDOM.randint(0, 2))
        journal = killed(started(*words), RANDOM.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGHUP)), until)
        if not journal:
            break
        kills += 1
        now = [(line["step"], line["trial"]["round"], line["trial"]["wall_ns"]) for line in trials_of(journal)]
        check(now[:len(seen)] == seen, f"what was in the journal stays: {seen}, {now}")
        seen, words, resumed = now, ("--resume",), journal.read_text().count('{"resumed":')
        if RANDOM.random() < 0.5:  # a line that was cut off
            with journal.open("a") as file:
                file.write('{"step":"parallel","trial":{"wall_')
    if kills < min(arguments.kills, 3):
        shutil.rmtree(HISTORY)
        return None
    if journals():
        run("journey", "--resume")
    check(not journals(), "the journal of a whole run is gone")
    final = json.loads(record.read_text())
    check(not final["partial"] and final["resumed"] in (resumed, resumed + 1) and resumed,
          f"whole, and says how often: {final['resumed']}, {resumed} in the journal")
    check(final["rounds_done"] == rounds == whole["rounds_done"], f"all rounds: {final['rounds_done']}")
    check(order_of(final) == order_of(whole) and sum(len(v["trials"]) for v in final["variants"]) == len(order_of(whole)),
          f"every trial once: {sorted(order_of(final))}")
    kept = {(v["name"], t["round"]): t["wall_ns"] for v in final["variants"] for t in v["trials"]}
    check(all(kept[step, number] == time_ns for step, number, time_ns in seen), f"the journal's trials are the record's: {seen}")
    check({v["name"]: v["status"] for v in final["variants"]} == {v["name"]: v["status"] for v in whole["variants"]}, "the same statuses")
    listed = run("history", "list").stdout.splitlines()[1:]
    check(len(listed) == 1 and "resumed" in listed[0] and "partial" not in listed[0], f"one record, whole: {listed}")
    check("RESUMED" in run("history", "show", "last").stdout, "the table says so")
    return kills


def check_recovered():
    """Of a run that never ended the history makes a record; what comes later takes its place."""
    journal = killed(started(*JOURNEY, "--rounds", "400"), signal.SIGKILL, 6)
    there = len(trials_of(journal))
    result = run("history", "list")
    check(f"{there} trials of a journey that never ended" in result.stderr, f"it is said: {result.stderr}")
    check("partial" in result.stdout.splitlines()[-1], f"it is there: {result.stdout}")
    check(not run("history", "list").stderr, "once")
    shown = run("history", "show", "last").stdout
    check("PARTIAL: the harness was ended from outside" in shown and "single-load" in shown, f"and can be shown: {shown}")
    count = len(result.stdout.splitlines())
    killed(started("--resume"), signal.SIGKILL, there + 2)
    result = run("history", "list")
    check(len(result.stdout.splitlines()) == count and "never ended" in result.stderr, f"the longer part replaces the shorter: {result.stdout}")
    killed(started("--resume"), signal.SIGINT, there + 4)
    result = run("history", "list")
    check(len(result.stdout.splitlines()) == count and not result.stderr, f"one that was stopped has its own record: {result.stdout}{result.stderr}")


def check_refused():
    """What is not the same run is not gone on with; and a file that is no journal is told of."""
    check("stands alone" in run("journey", "--resume", "--rounds", "3", expected=2).stderr, "no options beside it")
    check("began in the folder" in run("journey", "--resume", expected=2, cwd="/").stderr, "not from elsewhere")
    text = journals()[-1].read_text()
    journals()[-1].write_text(text.replace('"photos":8', '"photos":9', 1))
    result = run("journey", "--resume", expected=2)
    check("differs from the one that was interrupted in its dataset" in result.stderr, f"not with other photos: {result.stderr}")
    os.mkfifo(HISTORY / "journals/20990101T000000Z-journey-FIFOOO.jsonl")
    (HISTORY / "journals/20990101T000000Z-journey-XXXXXX.jsonl").write_bytes(b'{"journal":1,\n')
    result = run("history", "list")
    check(result.stderr.count("photofinish:") == 2, f"two that are none: {result.stderr}")
    for path in journals():
        path.unlink()
    check("no interrupted journey" in run("journey", "--resume", expected=2).stderr, "nothing to go on with")


with tempfile.TemporaryDirectory(prefix="photofinish-journal-") as name:
    HISTORY = pathlib.Path(name) / "history"
    os.environ.update(PHOTOFINISH_DATA=str(pathlib.Path(name) / "data"), PHOTOFINISH_HISTORY=str(HISTORY), LC_ALL="C.UTF-8", COLUMNS="200",
                      PHOTOFINISH_TIME_UNFIT_BUILD="1")
    run("dataset", "make", "tiny", "--quiet")
    kills, rounds = None, max(4, arguments.kills)
    while kills is None and rounds < 100 * max(4, arguments.kills):
        kills, rounds = check_kills(pathlib.Path(name), rounds), 2 * rounds
    check(kills is not None, "it was killed before it ended")
    check_recovered()
    check_refused()
if arguments.receipts:
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "robust"))
    sys.dont_write_bytecode = True
    from sweep import Sweep
    arguments.ledger, arguments.seconds = None, 0
    sweep = Sweep("resume", arguments, lambda entries: {"kills": kills, "seed": arguments.seed}, lambda entry: kills)
    sweep.add(kills=kills)
    sweep.write_receipt()
print(f"a journey killed at {kills} random points: whole, every trial once")

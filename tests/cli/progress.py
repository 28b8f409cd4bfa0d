#!/usr/bin/env python3
"""Progress as it is seen: the status line on a pseudo-terminal (redrawn, never wrapped, gone at the end, results below
milestones in the order they came), plain lines elsewhere, and the events of --progress=json, whose accounts have to
hold. Usage: progress.py PHOTOFINISH ROOT"""
import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios

PROGRAM = os.path.realpath(sys.argv[1])
PHOTOS = 8  # of tiny
FIELDS = {  # of each kind of event, besides "kind" and "t"; as docs/progress.md has them
    "start": {"schema", "command", "dataset", "photos", "rounds", "steps"},
    "status": {"label", "done", "total", "unit", "per_s", "left_low_s", "left_high_s", "busy_share"},
    "trial_start": {"step", "round"},
    "burst_found": {"burst", "photos"},
    "photo_done": {"index", "path", "burst", "status", "score", "error"},
    "burst_ranked": {"burst", "best", "path"},
    "trial_end": {"step", "round", "status", "reason", "checked", "from_cache", "photos_scored", "photos_failed",
                  "wall_s", "first_result_s"},
    "message": {"text"},
    "error": {"file", "text", "status"},
    "done": {"exit"},
}


def check(condition, what):
    if not condition:
        sys.exit(f"progress: not so: {what}")


def on_terminal(columns, *arguments):
    """What the program writes to a terminal of that many columns; its standard output goes there, too."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                               env=dict(os.environ, TERM="xterm"))
    os.close(slave)
    seen = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        seen += piece
    os.close(master)
    # A machine that is busy with other things may hold up the harness; it says so, and has no time then.
    check(process.wait() == 0 or b"held up" in seen, f"{arguments} on {columns} columns ends well: {seen.decode()}")
    return seen.decode()


def show(text, columns):
    """The lines that a terminal would show in the end, and every state of those that were redrawn."""
    lines, current, column, drawn = [], "", 0, []
    for part in re.findall(r"\x1b\[K|\r\n|\r|\n|[^\x1b\r\n]+|\x1b", text):
        if part == "\x1b[K":
            current = current[:column]
            drawn.append(current)
        elif part == "\r":
            column = 0
        elif part in ("\r\n", "\n"):
            lines.append(current)
            current, column = "", 0
        else:
            check(part != "\x1b", "no other control sequence")
            current = current[:column] + part + current[column + len(part):]
            column += len(part)
    return lines + ([current] if current else []), drawn


def check_terminal(columns):
    text = on_terminal(columns, "run", "live:workers=2", "--dataset", "tiny", "-r", "2")
    lines, drawn = show(text, columns)
    states = [state for state in drawn if state]
    check(len(set(states)) >= 3, f"the status line is redrawn: {states}")
    check(all(len(state) < columns for state in states), f"it never reaches column {columns}: {states}")
    label = "round 1 of 2, live"[:columns - 1]
    check(any(state.startswith(label) for state in states), f"it names the trial: {states}")
    check(not any(line in states for line in lines), "nothing of it is left")
    if columns >= 100:
        # How long the second trial takes is known from the first; of the pace nothing is said in the first half second.
        check(any(re.match(r"round 2 of 2, live:workers=2: \d of 8 photos(, \d+\.\d photos/s)?, about [\d s to]+ left"
                           r" \| workers \d+ % busy", state) for state in states), f"it says all: {states}")
        check(any(re.search(r" busy \| best \d+", state) for state in states), f"the best photo: {states}")
    scored = [i for i, line in enumerate(lines) if re.match(r"burst \d+ scored: best .*\.jpg$", line)]
    found = [i for i, line in enumerate(lines) if line == "detected 1 burst and 2 single shots from 8 photos"]
    ended = [i for i, line in enumerate(lines) if line.startswith("round 1 of 2, live:workers=2: ")]
    check(len(scored) == len(found) == len(ended) == 1, f"each milestone once: {lines}")
    check(found < ended and scored < ended, f"results come before the end: {lines}")


def check_plain():
    for mode, variables in (("auto", {}), ("never", {})):
        result = subprocess.run([PROGRAM, "run", "streaming:workers=2", "--dataset", "tiny", f"--progress={mode}"],
                                capture_output=True, text=True, check=False)
        check(result.returncode == 0 or "held up" in result.stdout, f"{mode} ends well: {result.stdout}")
        check("\r" not in result.stderr and "\x1b" not in result.stderr, "nothing is redrawn where no terminal is")
        check((mode == "never") == (result.stderr == ""), f"{mode}: {result.stderr}")
        check(mode == "never" or re.search(r"burst \d+ scored: best ", result.stderr), f"milestones: {result.stderr}")
    result = subprocess.run([PROGRAM, "score", "tiny", "--json", "-"], capture_output=True, text=True, check=True)
    bursts = {json.loads(line)["path"]: json.loads(line)["burst"] for line in result.stdout.splitlines() if '"path"' in line}
    result = subprocess.run([PROGRAM, "score", "tiny"], capture_output=True, text=True, check=True)
    number, best = re.search(r"burst (\d+) scored: best (\S+)", result.stderr).groups()
    check(re.search(rf"^ *{number} +6  \S*{best} ", result.stdout, re.M), f"the table numbers bursts alike: {result.stdout}")
    check(bursts[best] == int(number), f"and so do scores: {bursts}")


def events(*arguments, expected=0):
    for _ in range(20):  # a machine that is busy with other things may hold up the harness; it says so
        result = subprocess.run([PROGRAM, *arguments, "--progress=json"], capture_output=True, stdin=subprocess.DEVNULL)
        if b"held up" not in result.stderr:
            break
    check(result.returncode == expected, f"{arguments} ends with {expected}: {result.stderr}")
    told = []
    for line in result.stderr.decode("utf-8").splitlines():
        event = json.loads(line, object_pairs_hook=lambda pairs: check(
            [key for key, _ in pairs] == sorted({key for key, _ in pairs}), f"keys are sorted: {line}") or dict(pairs))
        kind = event["kind"]
        check(kind in FIELDS, f"a documented kind: {line}")
        extra = set(event) - FIELDS[kind] - {"kind", "t"}
        missing = FIELDS[kind] - set(event) if kind != "trial_end" else set()
        check(not extra and not missing, f"{kind} has its fields, {extra} {missing}: {line}")
        told.append(event)
    times = [event["t"] for event in told]
    check(times == sorted(times) and times[0] >= 0, "time does not go back")
    check([e["kind"] for e in told].count("done") == 1 and told[-1]["kind"] == "done", "the last event is done")
    check(told[-1]["exit"] == expected, "it has the exit status")
    return told


def of(told, kind):
    return [event for event in told if event["kind"] == kind]


def check_accounts(told, photos, failed=0):
    """The events of one trial."""
    indices = [event["index"] for event in of(told, "photo_done")]
    check(sorted(indices) == list(range(photos)), f"each photo once: {indices}")
    check(sum(event["photos"] for event in of(told, "burst_found")) == photos, "each photo is in a burst")
    check(sorted(e["burst"] for e in of(told, "burst_found")) == sorted(e["burst"] for e in of(told, "burst_ranked")),
          "each burst is found and ranked")
    check(sum(event["status"] != "ok" for event in of(told, "photo_done")) == failed, "failures are told")
    for event in of(told, "photo_done"):
        check((event["status"] == "ok") == (event["error"] is None) == (event["score"] is not None), str(event))
    scores = {event["index"]: event["score"] for event in of(told, "photo_done")}
    for event in of(told, "burst_ranked"):
        check(failed or scores[event["best"]] is not None, f"the best has a score: {event}")


def check_events():
    told = events("journey", "--dataset", "tiny", "--only", "single-load,live:workers=2,null", "--rounds", "2")
    check(told[0]["kind"] == "start" and told[0]["photos"] == PHOTOS and told[0]["rounds"] == 2, "it starts")
    check(told[0]["steps"] == ["single-load", "live:workers=2", "null"], f"the steps are named: {told[0]}")
    trial, trials = None, []
    for event in told:
        if event["kind"] == "trial_start":
            trial = []
        elif event["kind"] == "trial_end":
            trials.append((event, trial))
        elif trial is not None:
            trial.append(event)
    check(len(trials) == 1 + 3 * 2, "a reference, and each step in each round")
    for end, inside in trials:
        scores_some = end["step"] != "null" and not end.get("from_cache")
        check_accounts(inside, PHOTOS if scores_some else 0)
        if end["step"] not in ("null", "reference") and "held up" not in end["reason"]:
            check(end["checked"] and end["status"] == "ok" and end["photos_scored"] == PHOTOS, str(end))
            check(0 < end["first_result_s"] < end["wall_s"], str(end))
    left = [event["left_high_s"] for event in of(told, "status") if event["label"].startswith("round 2")]
    check(all(value is not None for value in left), "in the second round the rest is known")
    for event in of(told, "status"):
        check(event["left_low_s"] is None or 0 <= event["left_low_s"] <= event["left_high_s"], str(event))
        check(event["busy_share"] is None or 0 <= event["busy_share"] <= 1, str(event))


def check_gone_reader(work):
    """Whoever hears the events goes away after the first one: the command ends well all the same, and its record is whole."""
    record = work / "gone.json"
    process = subprocess.Popen([PROGRAM, "run", "single-load", "--dataset", "tiny", "--progress", "json", "--json", record],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    check(b"start" in process.stderr.readline(), "the first event")
    process.stderr.close()
    check(process.wait() == 0, f"without a reader it ends with {process.returncode}")
    check(not json.loads(record.read_text())["partial"], "the record is whole")


def check_names(work):
    """Names of any bytes, and photos that cannot be scored."""
    folder = os.fsencode(work / "photos")
    os.mkdir(folder)
    names = [b"a\xff\x1b[31m.jpg", b"b\nc.jpg", "d\u202e\u00e9.jpg".encode()]
    for name in names:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"no photo")
    told = events("score", "--workers", "1", os.fsdecode(folder), expected=2)
    check_accounts(told, 3, failed=3)
    paths = [event["path"] for event in of(told, "photo_done")]
    check(sorted(paths) == ["a\\xff\\x1b[31m.jpg", "b\\x0ac.jpg", "d\\xe2\\x80\\xae\u00e9.jpg"], f"escaped: {paths}")
    check(of(told, "message")[-1]["text"] == "photofinish: not one photo could be scored", "what is always said")
    told = events("score", os.fsdecode(folder) + "/none", expected=2)
    check([event["kind"] for event in told] == ["error", "done"], f"an error is an event: {told}")


def main():
    with tempfile.TemporaryDirectory(prefix="photofinish-progress-") as folder:
        os.environ["PHOTOFINISH_DATA"] = str(pathlib.Path(folder) / "data")
        subprocess.run([PROGRAM, "dataset", "make", "tiny", "--quiet"], check=True, capture_output=True)
        for columns in (120, 40, 12):
            check_terminal(columns)
        check_plain()
        check_events()
        check_names(pathlib.Path(folder))
        check_gone_reader(pathlib.Path(folder))
    print("progress: the status line is redrawn and never wraps; all events as documented, all photos accounted for")


main()

#!/usr/bin/env python3
"""The history and the exports: runs keep their records, the index that grew equals one made anew, damaged files are left
out, and what is exported is read by other programs. Usage: history.py PHOTOFINISH ROOT"""
import copy
import csv
import difflib
import io
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import jsonschema
from prometheus_client.openmetrics.parser import text_string_to_metric_families

PROGRAM, ROOT = os.path.realpath(sys.argv[1]), pathlib.Path(os.path.realpath(sys.argv[2]))
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/run-schema.json").read_text()))
COMPARE = "/usr/share/benchmark/compare.py"  # of Debian's libbenchmark-tools
TIMED = ("run", "compare", "journey", "sweep", "load")
FORMATS = ("csv", "benchmark", "openmetrics", "markdown", "junit")


def check(condition, what):
    if not condition:
        sys.exit(f"history: not so: {what}")


def once(arguments, environment):
    result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL, env=environment)
    result.stdout, result.stderr = (text.decode("utf-8", "backslashreplace") for text in (result.stdout, result.stderr))
    return result


def run(*arguments, expected=0, **more):
    """Again, and without the first one's record, where a machine that is busy with other things held up the harness, which it says."""
    environment = dict(os.environ, LC_ALL="C.UTF-8", COLUMNS="200", **more)
    result = once(arguments, environment)
    for _ in range(20):
        if arguments[0] not in TIMED or "held up" not in result.stdout:
            break
        if "--no-history" not in arguments and environment.get("PHOTOFINISH_HISTORY") != "":
            once(("history", "rm", "last"), environment)
        result = once(arguments, environment)
    check(expected is None or result.returncode == expected,
          f"{arguments} ends with {expected}, not {result.returncode}: {result.stdout}{result.stderr}")
    return result


def dump(folder):
    with sqlite3.connect(f"file:{folder / 'index.db'}?mode=ro", uri=True) as database:
        return list(database.iterdump())


def rows(folder, query):
    with sqlite3.connect(f"file:{folder / 'index.db'}?mode=ro", uri=True) as database:
        return database.execute(query).fetchall()


def listed(*arguments):
    return [line.split()[0] for line in run("history", "list", *arguments).stdout.splitlines()[1:]]


def check_same(shown, printed):
    lines = difflib.unified_diff(printed.splitlines(True), shown.splitlines(True), "printed", "shown")
    check(shown == printed, "show prints what the run printed:\n" + "".join(lines))


def check_kept(history, work):
    """Runs keep their records, unless told otherwise; a history that cannot be written fails nothing."""
    run("dataset", "make", "tiny", "--quiet")
    shown = run("journey", "--only", "double-load,single-load,parallel,null", "--dataset", "tiny", "--rounds", "2", "--quiet", "--stages",
        "facts,decode,faces", "--label",
        "first\x1b[31m \u202ewords", "--json", work / "journey.json").stdout
    check_same(run("history", "show", "last").stdout, shown)
    shots = work / "shots \x1b[31m"  # a folder of photos, one of them none
    shutil.copytree(work / "data/tiny/photos", shots)
    (shots / "no\x1b[2Jphoto.jpg").write_bytes(b"no photo at all")
    shown = run("compare", "parallel", "single-load", "--dataset", shots, "--rounds", "2", "--quiet").stdout
    check("could not be scored" in shown, f"the photo that is none is told of: {shown}")
    check_same(run("history", "show", "last").stdout, shown)
    kept = sorted((history / "records").iterdir())
    check(len(kept) == 2, f"two runs, two records: {kept}")
    for path in kept:
        VALIDATOR.validate(json.loads(path.read_text()))
    same = [path for path in kept if path.read_bytes() == (work / "journey.json").read_bytes()]
    check(len(same) == 1, "the history has the bytes that --json wrote")
    run("run", "null", "--dataset", "tiny", "--quiet", "--no-history")
    run("run", "null", "--dataset", "tiny", "--quiet", PHOTOFINISH_HISTORY="")
    check(len(listed()) == 2, "--no-history and an empty PHOTOFINISH_HISTORY keep nothing")
    result = run("run", "null", "--dataset", "tiny", "--quiet", PHOTOFINISH_HISTORY="/proc/nowhere")
    check("history" in result.stderr and "null" in result.stdout, f"a history that cannot be is said: {result.stderr}")
    (work / "link").symlink_to(work)
    result = run("run", "null", "--dataset", "tiny", "--progress", "always", PHOTOFINISH_HISTORY=work / "link/other")
    check("kept as" in result.stderr and (work / "other/index.db").exists(), "PHOTOFINISH_HISTORY moves it")
    text = run("history", "list").stdout
    check("\x1b" not in text and "\u202e" not in text and "first" in text, "labels cannot steer a terminal")
    check("part-of-the-job" in text, "flags say what to know of a record")
    return json.loads((work / "journey.json").read_text())


def check_whole(work):
    """Whatever a run prints, show prints again: spans, counters, energy, memory by process, bytes, allocations."""
    sanitized = json.loads((work / "journey.json").read_text())["environment"]["sanitizers"]
    looks = ("--memory", "--counters", "software,cycles") + (() if sanitized else ("--allocations",))
    tiny = ("--dataset", "tiny", "--quiet")
    for command in (("run", "parallel", *tiny, "--repetitions", "2", "--spans", *looks),
                    ("compare", "chunked", "single-load", *tiny, "--rounds", "1", *looks),
                    ("journey", *tiny, "--only", "null,single-load,pipelined", "--rounds", "1", "--spans", *looks[:1], *looks[3:]),
                    ("sweep", "parallel", *tiny, "--workers", "1,2", "--rounds", "1")):
        shown = run(*command, PHOTOFINISH_HISTORY=work / "whole").stdout
        check_same(run("history", "show", "last", PHOTOFINISH_HISTORY=work / "whole").stdout, shown)
        for word in ("Counters:", "peak PSS") if "--counters" in command else ("Spans of", "moved") if "--spans" in command else ():
            check(word in shown, f"{command} tells of {word}: {shown}")
        if "--allocations" in command:
            check("peak live heap" in shown, f"{command} tells of allocations: {shown}")


def others(work):
    """Commands beside those of runs, whose records are kept, too; with words of what they print."""
    plug = "/bin/sh", "-c", "exit 3"
    yield ("time", "--runs", "3", "--quiet", "--label", "of\x1b[31m mine", "-n", "fast\x1b[2J", "-n", "slow", "--", "true", "--", "sleep", "0.02"), 0, "fast"
    yield ("time", "--runs", "1", "--quiet", "--ignore-failure", "--", *plug), 0, "1 of 1 runs failed"
    yield ("compare", "--commands", "--quiet", "--rounds", "3", "--json", work / "timed.json", "true", "true ;"), 0, "true"
    tiny = ("--dataset", "tiny", "--quiet")
    yield ("load", "parallel", *tiny, "--queries", "4", "--stages", "facts,decode,quality"), 0, "ONLY PART OF THE JOB"
    yield ("load", "single-load", *tiny, "--queries", "4", "--scenario", "server", "--rate", "50", "--slo", "max=1h"), 0, "max=1h: met"
    yield ("load", "single-load", *tiny, "--scenario", "offline", "--rounds", "2", "--workers", "1"), 0, "2 rounds give wide intervals"
    yield ("soak", "single-load", *tiny, "--photos", "8"), 3, "not tested"
    yield ("audit", "single-load", *tiny, "--rounds", "0", "--photos", "2"), None, "fresh_photos"


def check_others(work):
    """Records of time, load, soak and audit are kept, shown as printed, described side by side and found again."""
    folder = dict(PHOTOFINISH_HISTORY=work / "others")
    count = 0
    for command, expected, word in others(work):
        result = run(*command, expected=expected, **folder)
        count += 1
        check(word in result.stdout, f"{command} prints {word}: {result.stdout}")
        check_same(run("history", "show", "last", **folder).stdout, result.stdout)
    table = [line.split() for line in run("history", "list", **folder).stdout.splitlines()[1:]]
    check([row[3] for row in table] == ["time", "time", "compare", "load", "load", "load", "soak", "audit"], f"all are there: {table}")
    check(len(run("history", "list", "--variant", "single-load", **folder).stdout.splitlines()) == 5, "found by the variant")
    check(len(run("history", "list", "--dataset", "tiny", **folder).stdout.splitlines()) == 6, "found by the dataset")
    check("part-of-the-job" in table[3][-1] and "failed" in table[1][-1], f"flags say what to know: {table}")
    check("against" in run("history", "trend", "slow", "--against", "baseline", **folder).stdout, "ratios of commands have a trend")
    run("time", "--runs", "1", "--quiet", "--no-history", "--", "true", **folder)
    check(len(run("history", "list", **folder).stdout.splitlines()) == count + 1, "--no-history keeps nothing")
    kept = list((work / "others/records").iterdir())
    check((work / "timed.json").read_bytes() in [path.read_bytes() for path in kept], "the history has the bytes that --json wrote")
    for path in kept:
        record = json.loads(path.read_text())
        check({"command", "started", "label", "environment", "caveats"} <= set(record), f"{path} has what all have")
        text = json.dumps([own["text"] if isinstance(own, dict) else own for own in record["caveats"]])
        check(record["command"] != "load" or ("ONLY PART" in text) == (len(record["configuration"]["stages"]) < 5), "caveats are in it")
    for form in FORMATS:
        result = run("export", "last", "--format", form, expected=2, **folder)
        check("no record of a run" in result.stderr, f"only runs are exported: {result.stderr}")
    for a, b in ((table[0][0], table[2][0]), (table[3][0], table[5][0]), (table[6][0], table[7][0])):
        shown = run("history", "show", a, b, **folder).stdout
        check("without a verdict" in shown and a in shown and b in shown, f"two records side by side: {shown}")
        check(not re.search("faster|slower|equivalent|undecided between", shown), f"no verdict of one on the other: {shown}")
    check("slow over fast" in run("history", "show", table[0][0], table[2][0], **folder).stdout, "ratios within a record are described")
    before = dump(work / "others")
    run("history", "rebuild", **folder)
    check(dump(work / "others") == before, "rebuilt equals grown, of all kinds")


def check_add(history, journey, work):
    """The same record twice is one; others' records are taken in; several runs of one step make a trend."""
    known = listed()
    check(run("history", "add", work / "journey.json").stdout.split()[0] in known, "a record that is there stays")
    for day in range(1, 5):
        record = copy.deepcopy(journey)
        record.update(started=f"2026-01-0{day}T10:00:00Z", label=f"day {day}", of_a_later_version={"ignored": [1]})
        record["environment"]["kernel"] = "Linux 7" if day > 2 else "Linux 6"
        record["variants"][2]["speedup_over_parent"].update(mean=1 + day / 10, low=1 + day / 20, high=1 + day / 5)
        (work / "day.json").write_text(json.dumps(record))
        run("history", "add", work / "day.json")
    check(len(listed()) == 6 and listed()[:4] == listed("--last", "6")[:4], "the oldest first")
    check(len(listed("--variant", "double-load")) == 5 and not listed("--dataset", "nope"), "filters")
    check(len(listed("--dataset", "tiny", "--last", "2")) == 2, "the newest two")
    machines = rows(history, "SELECT machine, count(*) FROM record GROUP BY machine ORDER BY min(started)")
    check([count for _, count in machines[:2]] == [2, 2], f"machines are told apart: {machines}")
    check(len(listed("--machine", machines[0][0][:5])) == 2, "by the first characters of its fingerprint")
    trend = run("history", "trend", "parallel", "--dataset", "tiny").stdout.splitlines()
    check([f"1.{day}0x" in line and f"day {day}" in line for day, line in enumerate(trend[1:5], 1)] == 4 * [True],
          f"a ratio a record: {trend}")
    check(all(" s " not in line and " ms" not in line for line in trend[1:7]), "no times of different days")
    check("without a verdict" in " ".join(trend), "side by side, without a verdict")
    trend = run("history", "trend", "parallel", "--against", "compared").stdout
    comparison = [json.loads(path.read_text()) for path in (history / "records").iterdir() if "compare" in path.name][0]
    check(f"{1 / comparison['comparison']['ratio']['mean']:.2f}x" in trend, f"the inverse of the ratio of times: {trend}")
    check("No record" in run("history", "trend", "nope").stdout, "a step that never was")
    day, kept = json.loads((work / "day.json").read_text()), listed()
    day["label"] = "to be removed"
    (work / "removed.json").write_text(json.dumps(day))
    added = run("history", "add", work / "removed.json").stdout.split()[0]
    check(added in listed(), "it is there")
    run("history", "rm", added)
    check(listed() == kept and run("history", "rm", added, expected=2).stderr, "removed, and only that")


def check_rebuilt(history):
    """The index that grew equals one made anew, one that healed, and one that two processes made at once."""
    grown = dump(history)
    check(len(grown) > 20, "there is something in it")
    run("history", "rebuild")
    check(dump(history) == grown, "rebuilt equals grown")
    (history / "index.db").unlink()
    at_once = [subprocess.Popen([PROGRAM, "history", "list"], stdout=subprocess.DEVNULL) for _ in range(4)]
    check(all(process.wait() == 0 for process in at_once), "several processes at once")
    check(dump(history) == grown, "made anew by whoever comes first")
    for damage in (b"no database at all", (history / "index.db").read_bytes()[:5000] + b"\xff" * 9000):
        (history / "index.db").write_bytes(damage)
        run("history", "list")
        check(dump(history) == grown, "a damaged index is made anew")
    with sqlite3.connect(history / "index.db") as database:
        database.execute("PRAGMA user_version = 99")
    run("history", "list")
    check(dump(history) == grown, "an index of another version is made anew")
    gone = sorted((history / "records").iterdir())[0]
    gone.rename(history / "gone")
    check(len(listed()) == 5 and dump(history) != grown, "a record that is gone is forgotten")
    (history / "gone").rename(gone)
    check(len(listed()) == 6 and dump(history) == grown, "and taken in again")
    shutil.copy2(gone, gone.with_name("a-copy.json"))
    check(len(listed()) == 6, "two files with the same bytes are one record")
    grown_twice = dump(history)
    run("history", "rebuild")
    check(dump(history) == grown_twice, "rebuilt equals grown, with copies too")
    gone.with_name("a-copy.json").unlink()
    check(len(listed()) == 6 and dump(history) == grown, "and without the copy")


def hostile(journey):
    """Names and contents of files that are no records of runs, or that try things."""
    text = json.dumps(journey)
    yield "truncated.json", text[:len(text) // 2].encode()
    yield "empty.json", b""
    yield "binary.json", bytes(range(256)) * 50
    yield "deep.json", b'{"schema":"photofinish.run/1","x":' + b"[" * 200000
    yield "twice.json", b'{"schema":"photofinish.run/1",' + text[1:].encode()
    yield "other.json", b'{"schema": "photofinish.run/2"}'
    yield "array.json", b"[1, 2]"
    yield "infinite.json", text.replace('"rounds_done": 2', '"rounds_done": 1e999').encode()
    yield "surrogate.json", text.replace('"tiny"', '"\\ud800"').encode()
    yield "null.json", text.replace('"tiny"', '"ti\\u0000ny"').encode()
    yield "\x1b[2J\n'; DROP TABLE record; --.json", b"{}"
    for number, (path, value) in enumerate((
            (("variants",), []), (("variants",), {"name": 1}), (("variants", 0), 7), (("variants", 0, "name"), ""),
            (("variants", 0, "trials"), 5), (("variants", 0, "trials", 0), None), (("started",), "yesterday"),
            (("started",), "2026-01-01T10:00:00Z\x1b]0;owned\x07"), (("environment",), None), (("dataset",), "tiny"),
            (("dataset", "photos"), "many"), (("variants", 0, "status"), None), (("command",), 5))):
        record = copy.deepcopy(journey)
        at = record
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        yield f"wrong{number}.json", json.dumps(record).encode()


def check_hostile(history, journey):
    """One line for each, no crash, and the index stays as it was."""
    before = dump(history)
    files = list(hostile(journey))
    for name, content in files:
        (history / "records" / name).write_bytes(content)
    os.mkfifo(history / "records/fifo.json")
    (history / "records/folder.json").mkdir()
    (history / "records/nowhere.json").symlink_to("/nowhere/at/all")
    with open(history / "records/huge.json", "wb") as huge:
        huge.truncate(1 << 40)
    for command in (("history", "list"), ("history", "rebuild")):
        result = run(*command)
        lines = result.stderr.splitlines()
        check(len(lines) == len(files) + 4, f"{command}: a line for each of {len(files) + 4}, not {len(lines)}: {lines}")
        check(all(line.startswith("photofinish: left out: ") for line in lines), f"all are told of: {lines}")
        check("\x1b" not in result.stderr and "\x07" not in result.stderr, "names cannot steer a terminal")
        check(dump(history) == before, f"{command}: the index holds what it held")
    for name, _ in files:
        path = history / "records" / name
        run("export", path, "--format", "csv", expected=2)
        run("history", "add", path, expected=2)
        path.unlink()
    for name in ("fifo", "nowhere", "huge"):
        run("export", history / f"records/{name}.json", "--format", "csv", expected=2)
        (history / f"records/{name}.json").unlink()
    (history / "records/folder.json").rmdir()
    check(not run("history", "list").stderr, "and all is well again")


def timed(variant):
    return variant["status"] in ("ok", "floor") and any(trial["checked"] for trial in variant["trials"])


def export(path, form):
    return run("export", path, "--format", form).stdout


def check_csv(record, path):
    table = list(csv.DictReader(io.StringIO(export(path, "csv"), newline=""), strict=True))
    trials = [(variant, trial) for variant in record["variants"] for trial in variant["trials"]]
    check(len(table) == len(trials), "a row each trial")
    for row, (variant, trial) in zip(table, trials):
        shown = trial["checked"] and timed(variant)
        check(row["wall_ns"] == (str(trial["wall_ns"]) if shown else ""), f"times of what was checked: {row}")
        check(shown or not any(value for key, value in row.items() if key.endswith("_ns") and key not in ("steal_ns", "others_ns")),
              f"no check, no time: {row}")
        decode = trial["stages"].get("decode", {}).get("wall_ns", "") if shown else ""
        check(row["stage_decode_ns"] == str(decode), "stages")
        check(not row["variant"].startswith(("=", "+", "-", "@")), "no formulas")


def check_benchmark(record, path):
    result = json.loads(export(path, "benchmark"))
    check(set(result) == {"context", "benchmarks"}, "context and benchmarks")
    check(os.uname().nodename not in json.dumps(result["context"]), "no name of a host")
    for variant in record["variants"]:
        name = f"{record['dataset']['name']}/{variant['name']}".replace("\x1b", "?")
        own = [entry for entry in result["benchmarks"] if entry["run_name"] == name]
        times = [trial["wall_ns"] * 1e-6 for trial in variant["trials"] if trial["checked"]]
        if not timed(variant):
            check(not own and any(entry["name"] == name for entry in result["context"]["without_times"]), f"{name} has no time")
            continue
        single = [entry for entry in own if entry["run_type"] == "iteration"]
        check([entry["repetition_index"] for entry in single] == list(range(len(times))), "repetitions are counted")
        check(all(abs(entry["real_time"] - time) < 1e-6 for entry, time in zip(single, times)), "in ms")
        check(all(entry["repetitions"] == len(times) and entry["time_unit"] == "ms" for entry in own), "and said so")
        names = [entry["aggregate_name"] for entry in own if entry["run_type"] == "aggregate"]
        check(names == (["mean", "median", "stddev", "cv"] if len(times) > 1 else []), "aggregates of two or more")
        if names:
            mean = [entry for entry in own if entry.get("aggregate_name") == "mean"][0]
            check(mean["name"] == name + "_mean" and abs(mean["real_time"] - sum(times) / len(times)) < 1e-6, "the mean")


def check_compare_py(path, work):
    if not os.path.exists(COMPARE):
        return
    (work / "benchmark.json").write_text(export(path, "benchmark"))
    reader = subprocess.run(["/usr/bin/python3", COMPARE, "--no-color", "benchmarks", work / "benchmark.json",
                             work / "benchmark.json"], capture_output=True, text=True)
    names = {entry["name"] for entry in json.loads((work / "benchmark.json").read_text())["benchmarks"]}
    check(reader.returncode == 0 and names and all(name in reader.stdout for name in names),
          f"compare.py reads it: {reader.stdout}{reader.stderr}")


def check_openmetrics(record, path):
    text = export(path, "openmetrics")
    check(text.endswith("\n# EOF\n"), "it ends as it has to")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    check(families["photofinish_wall_seconds"].unit == "seconds", "units")
    means = {sample.labels["variant"]: sample.value for sample in families["photofinish_wall_seconds"].samples
             if sample.labels["statistic"] == "mean"}
    expected = {variant["name"].replace("\x1b", "?"): variant["wall_s"]["mean"] for variant in record["variants"]
                if variant["wall_s"] and timed(variant)}
    check(means == expected, f"times of what was checked: {means}, not {expected}")
    info = families["photofinish_run"].samples[0].labels
    check(info["label"] == record["label"], f"labels survive: {info}")
    states = [sample.labels["variant"] for sample in families["photofinish_status"].samples if sample.value == 1]
    check(states == [variant["name"].replace("\x1b", "?") for variant in record["variants"]], "each step has one status")


def check_junit(record, path):
    suite = xml.fromstring(export(path, "junit").encode()).find("testsuite")
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    names = [variant["name"].replace("\x1b", "?") for variant in record["variants"]]
    check(list(cases) == names, "a case each step")
    elements = {"ok": None, "floor": None, "wrong_output": "failure", "crashed": "failure", "failed": "failure",
                "timeout": "failure", "invalid": "error", "unavailable": "skipped", "unchecked": "skipped",
                "not_run": "skipped"}
    count = 0
    for name, variant in zip(names, record["variants"]):
        element = elements[variant["status"]]
        if element == "failure" and "may-crash" in variant["capabilities"]:
            element = "skipped"
        count += element == "failure"
        found = [child.tag for child in cases[name] if child.tag in ("failure", "error", "skipped")]
        check(found == ([element] if element else []), f"{name}: {found}, not {element}")
        check((cases[name].get("time") is not None) == timed(variant), "times of what was checked")
    check(int(suite.get("failures")) == count and int(suite.get("tests")) == len(cases), "and their counts")


def check_markdown(record, path):
    text = export(path, "markdown")
    rows_of_table = [line for line in text.splitlines() if line.startswith("| ")][1:]
    check(len(rows_of_table) == len(record["variants"]), "a row each step")
    cells = [[cell.strip() for cell in line.replace("\\|", "").split("|")[1:-1]] for line in rows_of_table]
    decided = record["command"] == "journey"
    check(all(len(row) == (9 if decided else 8) for row in cells), f"cells: {rows_of_table}")
    check(not decided or [row[1] for row in cells] == [variant["decision"]["verdict"] for variant in record["variants"]], "verdicts")
    check(("PARTIAL" in text) == record["partial"], "partial is said")
    tagged = any(trial["disturbed_by"] for variant in record["variants"] for trial in variant["trials"]
                 if trial["wall_ns"] and trial["checked"] and trial["ending"] == "ok" and variant["status"] in ("ok", "floor"))
    said = bool(re.search(r"\d+ of \d+ trials? (is |are )?tagged as disturbed", text))  # a verdict's reason has another form
    check((said, "PROFILED" in text) == (tagged, record["profiled"]), "what spoils times is said")
    check("<script" not in text.replace("\\<", "") and "\x1b" not in text, "names are no markup")


def changed(journey):
    """The record of the journey as others may end."""
    yield journey
    wrong = copy.deepcopy(journey)
    for variant, status in zip(wrong["variants"], ("wrong_output", "crashed", "invalid", "unavailable")):
        variant.update(status=status, reason="because\n\t<b>\"&' ]]> \ufffe \u0001", wall_s=None)
    wrong["variants"][1]["capabilities"] = ["may-crash"]
    wrong["variants"][0]["name"] = "=cmd|'/c calc'!A1\x1b[31m<script>alert(1)</script>"
    wrong.update(partial=True, label='say "hi"\\ \nthere')
    yield wrong
    forged = copy.deepcopy(journey)  # it claims to be well, and was never checked
    for trial in forged["variants"][0]["trials"]:
        trial.update(checked=False)
    forged["variants"][0]["status"] = "unchecked"
    yield forged
    forged = copy.deepcopy(forged)
    forged["variants"][0]["status"] = "ok"
    yield forged
    single = copy.deepcopy(journey)
    for variant in single["variants"]:
        del variant["trials"][1:]
        variant["wall_s"].update(low=None, high=None, n=1)
        variant["wall_s"]["mean"] = variant["trials"][0]["wall_ns"] * 1e-9
    single["variants"][0]["trials"][0]["disturbed_by"] = ["steal 7 %"]
    single["profiled"] = True
    yield single


def check_shown(journey, work):
    """Records that may not be believed are shown without harm, and what is too much to show is refused."""
    for number, record in enumerate(changed(journey)):
        record["started"] = f"2030-01-01T00:00:0{number}Z"
        (work / "shown.json").write_text(json.dumps(record))
        run("history", "add", work / "shown.json")
        text = run("history", "show", "last").stdout
        check("\x1b" not in text and "parallel" in text, f"shown: {text}")
        check(("PARTIAL" in text) == record["partial"], "partial is said")
        found = re.search(r"^double-load .* 1\.00x", text, re.MULTILINE) is not None
        check(found == timed(record["variants"][0]), f"no time without a check: {text}")
    built = copy.deepcopy(journey)
    built["started"] = "2030-05-01T00:00:00Z"
    built["command"], built["comparison"] = "compare", {"a": "a", "b": "b", "pairs": 1, "ratio": {"mean": 1}}
    built["variants"] = built["variants"][1:3]
    built["variants"][0]["build"] = {"version": "0\x1b[31m", "compiler": "older",
                                     "engine_sha256": built["configuration"]["engine_sha256"]}
    (work / "shown.json").write_text(json.dumps(built))
    run("history", "add", work / "shown.json")
    text = run("history", "show", "last").stdout
    check("paths of builds" in text, f"what is left out is said: {text}")
    check("single-load: version 0" in text and "with the same library as this one" in text and "compiler older, here" in text
          and "\x1b" not in text, f"the builds are shown: {text}")
    old = copy.deepcopy(journey)
    old["started"] = "2030-06-01T00:00:00Z"
    for key in ("bursts", "singles", "median_megapixels", "mean_megapixels", "failures"):
        del old["reference"][key]
    (work / "shown.json").write_text(json.dumps(old))
    run("history", "add", work / "shown.json")
    text = run("history", "show", "last").stdout
    check("burst" not in text.splitlines()[0] and "8 photos" in text, f"what an old record lacks is not 0: {text}")
    for number, (path, value) in enumerate((
            (("dataset", "photos"), 10**18), (("variants", 0, "workers"), 10**9), (("variants", 0, "workers"), 0),
            (("variants", 0, "workers"), -1), (("placement",), [1]), (("environment", "cores"), -5), (("claims",), {"a": 1}),
            (("goal",), {"photos": 5, "seconds": -1}), (("comparison",), {"pairs": 4}), (("command",), "compare"),
            (("command",), "sweep"), (("reference",), None), (("configuration",), {"stages": [1, "nope"], "weights": 3}),
            (("variants", 0, "trials", 0, "placement"), [{"slot": 10**9, "asked": "0-99999999999", "got": "1,,2"}, 5]),
            (("variants", 0, "trials", 0, "placement"), [{"slot": 5, "asked": "0", "got": "1", "entered": 1}]),
            (("variants", 0, "trials", 0, "stages"), {"decode": {"wall_ns": -5, "spans": 1e300}}),
            (("variants", 0, "trials", 0, "machine"), {"elapsed_ns": 1, "others_ns": 10**18, "processors": 10**18}),
            (("variants", 0, "trials", 0, "wall_ns"), 0), (("variants", 0, "trials", 0, "wall_ns"), -3),
            (("variants", 0, "trials", 0, "tolerance"), {"factors": 1, "score": -1, "measures": {"width": "x"}}))):
        record = copy.deepcopy(journey)
        record["started"] = f"2031-01-01T00:00:{number:02}Z"
        at = record
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        (work / "shown.json").write_text(json.dumps(record))
        run("history", "add", work / "shown.json")
        run("history", "show", "last", expected=2 if number < 4 else 0)


def check_exports(journey, work):
    for record in changed(journey):
        path = work / "exported.json"
        path.write_text(json.dumps(record))
        check_csv(record, path)
        check_benchmark(record, path)
        check_openmetrics(record, path)
        check_junit(record, path)
        check_markdown(record, path)
    wide = copy.deepcopy(journey)  # numbers that no integer holds
    wide["environment"]["processors"], wide["variants"][0]["workers"] = 1e300, -1e300
    (work / "wide.json").write_text(json.dumps(wide))
    result = json.loads(export(work / "wide.json", "benchmark"))
    check([result["context"]["num_cpus"], result["benchmarks"][0]["threads"]] == [0, 0], f"no count, no number: {result['context']}")
    check_compare_py(work / "journey.json", work)
    bare = {"schema": "photofinish.run/1", "started": "2026-01-01T00:00:00Z", "command": "run", "environment": {},
            "dataset": {"name": "", "photos": 1}, "variants": [{"name": "a", "status": "ok", "trials": [{"ending": "ok"}]}]}
    (work / "bare.json").write_text(json.dumps(bare))
    for form in FORMATS:
        check("0.0" not in export(work / "bare.json", form) or form == "junit", f"{form}: what was not measured is not 0")
        first = listed()[0]
        check(export(first, form) == export(first[:6], form), "an id, or its first characters")
    run("export", "last", "--format", "markdown", "--output", work / "summary.md")
    check("### photofinish" in (work / "summary.md").read_text(), "to a file")
    run("export", "0000", "--format", "csv", expected=2)
    run("export", "last", "--format", "xml", expected=2)
    run("export", "last", expected=2)
    before = (work / "bare.json").read_bytes()
    os.symlink(work / "bare.json", work / "link.json")
    for same in ("bare.json", "link.json"):  # the record that is read is no output, by whatever name
        run("export", work / "bare.json", "--format", "csv", "--output", work / same, expected=2)
    check((work / "bare.json").read_bytes() == before, "a record is not replaced by its export")


def main():
    with tempfile.TemporaryDirectory(prefix="photofinish-") as folder:
        work = pathlib.Path(folder)
        os.environ["PHOTOFINISH_DATA"] = str(work / "data")
        os.environ.pop("PHOTOFINISH_HISTORY", None)
        history = work / "data/.history"
        journey = check_kept(history, work)
        check_whole(work)
        check_others(work)
        check_add(history, journey, work)
        check_rebuilt(history)
        check_hostile(history, journey)
        check_exports(journey, work)
        check_shown(journey, work)
    print("history: kept, shown, added, rebuilt, hostile files left out, exports read by others")


main()

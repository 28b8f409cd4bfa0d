#!/usr/bin/env python3
"""Records of runs against docs/run-schema.json: whole ones, one that Ctrl-C cut short at any moment, and damaged ones,
which the schema has to refuse. Usage: records.py PHOTOFINISH ROOT"""
import copy
import json
import math
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import jsonschema

from held_up import until_timed

PROGRAM, ROOT = os.path.realpath(sys.argv[1]), pathlib.Path(os.path.realpath(sys.argv[2]))
SCHEMA = json.loads((ROOT / "docs/run-schema.json").read_text())
CLAIMS = ["io-share", "ai-share", "single-load-gain", "parallel-gain", "gpu-gain", "amdahl", "chunked-fails",
          "pipelined-fails", "threaded-fails", "streaming-ttfr", "streaming-gain", "live-same-speed", "overall-gain"]
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def check(condition, what):
    if not condition:
        sys.exit(f"records: not so: {what}")


def run(*arguments, expected=0):
    result = until_timed(lambda: subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL))
    check(result.returncode == expected, f"{arguments} ends with {expected}, not {result.returncode}: {result.stderr}")
    return result


def load(path):
    def refuse_twice(pairs):
        keys = [key for key, _ in pairs]
        check(len(keys) == len(set(keys)), f"{path}: every key stands once")
        check(keys == sorted(keys), f"{path}: keys are sorted")
        return dict(pairs)

    record = json.loads(path.read_text(), object_pairs_hook=refuse_twice,
                        parse_constant=lambda name: check(False, f"{path}: {name} is no number"))
    VALIDATOR.validate(record)
    return record


def check_sums(record):
    """What the record says of itself agrees."""
    names = [variant["name"] for variant in record["variants"]]
    check(len(names) == len(set(names)), "a label stands once")
    for variant in record["variants"]:
        rounds = [trial["round"] for trial in variant["trials"]]
        check(rounds == sorted(set(rounds)), f"{variant['name']}: one trial a round, in order")
        checked = [trial for trial in variant["trials"] if trial["checked"]]
        for trial in checked:
            check(trial["ending"] == "ok" and trial["wall_ns"] > 0, "checked trials ended well and have a time")
            if variant["status"] == "ok":
                check(trial["photos_scored"] + trial["photos_failed"] == record["dataset"]["photos"], "accounting")
                check(trial["scores_digest"] == record["reference"]["scores_digest"], "digests are the reference's")
                check(0 < trial["first_result_ns"] <= trial["wall_ns"], "the first result comes before the end")
                busy = sum(stage["wall_ns"] for stage in trial["stages"].values())
                startup = trial["stages"]["startup"]
                check(0 < trial["startup_ns"] <= startup["wall_ns"], "start-up once is some of all start-up")
                if startup["spans"] == 1:
                    check(trial["startup_ns"] == startup["wall_ns"], "one start-up is once")
                check(0 < busy <= trial["wall_ns"] * (variant["workers"] + 1), "stages fit into the time")
        for trial in variant["trials"]:
            check(trial["checked"] or trial["wall_ns"] is None, "no check, no time")
        if variant["wall_s"]:
            check(variant["status"] in ("ok", "floor"), "only good variants have a time")
            times = [trial["wall_ns"] * 1e-9 for trial in checked]
            check(abs(variant["wall_s"]["mean"] - sum(times) / len(times)) < 1e-9, "the mean is that of the samples")
            check(variant["wall_s"]["n"] == len(times), "n counts the samples")
            check((variant["wall_s"]["low"] is None) == (len(times) < 2), "no interval from one sample")
        else:
            check(variant["status"] != "ok", f"{variant['name']}: ok without a time")
    check_claims(record)


def check_goal(record):
    """Projections follow from the trials, by the formulas of docs/event.md."""
    goal = record["goal"]
    floors = [t["wall_ns"] * 1e-9 for v in record["variants"] if v["status"] == "floor" for t in v["trials"] if t["checked"]]
    process = sum(floors) / len(floors)
    steps = {step["name"]: step for step in goal["steps"]}
    check(set(steps) == {v["name"] for v in record["variants"] if v["status"] == "ok"}, "what is ok is projected")
    for variant in record["variants"]:
        if variant["status"] != "ok":
            continue
        step, projections = steps[variant["name"]], []
        for trial in variant["trials"]:
            if trial["checked"]:
                once = process + trial["startup_ns"] * 1e-9
                photo = (trial["wall_ns"] * 1e-9 - once) / (trial["photos_scored"] + trial["photos_failed"])
                projections.append(once + photo * goal["photos"])
        mean = sum(projections) / len(projections)
        check(abs(step["seconds"]["mean"] / mean - 1) < 1e-9, f"{variant['name']}: {step['seconds']['mean']} s, not {mean}")
        check(abs(step["events_a_week"] * step["hours"] / 168 - 1) < 1e-9, "events fill a week")
        check(abs(step["cost"] / step["hours"] / goal["price_per_hour"] - 1) < 1e-9, "the cost is by the hour")
        low, high = step["seconds"]["low"], step["seconds"]["high"]
        word = "met" if high <= goal["seconds"] else "missed" if low > goal["seconds"] else "undecided"
        check(step["word"] == word, f"{variant['name']} is {step['word']}, not {word}")
    met = [v["name"] for v in record["variants"] if v["status"] == "ok" and steps[v["name"]]["word"] == "met"]
    check(goal["first_met"] == (met[0] if met else None), "the first that meets it")


def check_claims(record):
    """A journey answers every claim; each answer has its reason, and an interval that holds its figure."""
    ids = [claim["id"] for claim in record["claims"]]
    check(ids == (CLAIMS if record["command"] == "journey" else []), f"all claims are answered: {ids}")
    for claim in record["claims"]:
        check(claim["why"], f"{claim['id']} says why")
        if claim["low"] is not None:
            check(claim["low"] <= claim["measured"] <= claim["high"], f"{claim['id']}: the interval holds the mean")
        if claim["verdict"] in ("reproduced", "not reproduced") and claim["unit"]:
            check(claim["low"] is not None, f"{claim['id']}: no verdict without an interval")


FEW = ("--stages", "facts,decode,quality")  # where it is the record that is looked at, not the scores
SOME = "double-load,single-load,parallel,gpu,threaded,null"  # one that fails among them, one that may be unavailable


def check_whole(work):
    run("dataset", "make", "tiny", "--quiet")
    run("journey", "--only", SOME, "--dataset", "tiny", "--rounds", "3", "--seed", "18446744073709551615", "--quiet",
        "--goal", "20min", "--price-per-hour", "0.5", "--json", str(work / "journey.json"))
    record = load(work / "journey.json")
    check_sums(record)
    check_goal(record)
    check(not record["partial"] and record["rounds_done"] == 3, "all rounds are done")
    check(record["seed"] == "18446744073709551615", "the seed is kept")
    check(record["dataset"]["name"] == "tiny" and record["dataset"]["photos"] == 8, "the dataset is named")
    check({"double-load", "single-load", "parallel", "null"} <= {v["name"] for v in record["variants"]}, "all variants")
    check(all(len(v["trials"]) == 3 for v in record["variants"] if v["status"] in ("ok", "floor")), "raw samples")
    text = (work / "journey.json").read_text()
    for name in (os.uname().nodename, os.environ.get("USER", "")):
        check(len(name) < 4 or f'"{name}"' not in text, "no names of hosts or users")
    output = run("run", "parallel:workers=2", "--dataset", "tiny", "--quiet", "--json", "-").stdout
    (work / "run.json").write_text(output)
    check_sums(load(work / "run.json"))
    return record


def check_counters(work):
    """What was counted in the stages is part of the whole; what was not counted is null, with its reason."""
    run("run", "parallel:workers=2", "--dataset", "tiny", "--quiet", "--counters", "software,instructions", "--json",
        str(work / "counters.json"))
    record = load(work / "counters.json")
    check(record["profiled"] and record["callgrind"] is None, "counters make a profiled run")
    counters = record["variants"][0]["trials"][0]["counters"]
    for event in counters["events"]:
        name, value, scaled = event["name"], event["value"], event["scaled"]
        check((value is None) == (event["unavailable"] is not None), f"{name}: a value, or why there is none")
        if value is None:
            continue
        check(scaled >= value * 0.999999, f"{name}: scaling adds")
        staged = sum(stage[name]["scaled"] for stage in counters["stages"].values() if name in stage)
        check(event["scope"] != "user and kernel" or event["running_share"] < 1 or staged <= 1.05 * scaled + 20,
              f"{name}: stages counted {staged}, all {scaled}")
    faults = next(event for event in counters["events"] if event["name"] == "page-faults")
    check(faults["value"] is None or faults["value"] > 100, "processes fault pages in")
    check(counters["cost_share"] is None or 0 < counters["cost_share"] < 1, "counting costs something")


def parts_of(trial, workers, has_workers):
    """Of its wall time, as docs/compare.md says."""
    parts = {}
    for name, stage in trial["stages"].items():
        own = 0 if has_workers and name == "wait" else stage["main_ns"]
        parts[name] = own + (stage["wall_ns"] - stage["main_ns"]) / workers
    parts["unattributed"] = trial["wall_ns"] - sum(parts.values())
    return parts


def check_compared(work):
    """Ratio and split of a comparison follow from its trials."""
    path = work / "compare.json"
    for a, b, rounds in (("parallel", "double-load", 3), ("parallel", "parallel", 2)):
        command = ("compare", a, b, "--dataset", "tiny", "--rounds", str(rounds), "--margin", "5", "--quiet", "--json",
                   str(path))
        run(*command)
        for _ in range(20):  # a busy machine may hold up the harness: such a round is no pair
            record = load(path)
            if record["comparison"]["pairs"] >= 2:
                break
            run(*command)
        check_sums(record)
        comparison, first, second = record["comparison"], *record["variants"]
        check([comparison["a"], comparison["b"]] == [first["name"], second["name"]], "the comparison names both")
        check(record["command"] == "compare" and comparison["margin"] == 0.05, "it keeps what was asked for")
        check(comparison["stopped"] == "rounds" and record["rounds_done"] == rounds, "all rounds are done")
        pairs = [(x, y) for x in first["trials"] for y in second["trials"]
                 if x["round"] == y["round"] and x["checked"] and y["checked"]]
        check(comparison["pairs"] == len(pairs) >= 2, "rounds with two times are pairs")
        logs = [math.log(x["wall_ns"] / y["wall_ns"]) for x, y in pairs]
        ratio = math.exp(sum(logs) / len(logs))
        check(abs(comparison["ratio"]["mean"] - ratio) < 1e-9, "the ratio is the geometric mean of the pairs")
        check(comparison["ratio_strict"]["low"] < comparison["ratio"]["low"] < ratio, "99 % is wider than 95 %")
        split = comparison["split"]
        check(abs(sum(part["mean"] for part in split.values()) - (ratio - 1)) < 1e-9, "the split adds up")
        share = 0
        for x, y in pairs:
            own = parts_of(x, first["workers"], True)["decode"]
            other = parts_of(y, second["workers"], b == "parallel")["decode"]
            difference = math.log(x["wall_ns"] / y["wall_ns"])
            share += (own - other) * difference / (x["wall_ns"] - y["wall_ns"]) / len(pairs)
        share *= (ratio - 1) / math.log(ratio)
        check(abs(split["decode"]["mean"] - share) < 1e-6, f"decode's part is {share}, not {split['decode']['mean']}")
    return record


def check_memory(work):
    """Memory and allocations are of trials of their own, and their figures agree with each other."""
    path = work / "memory.json"
    sanitized = json.loads(run("run", "null", "--dataset", "tiny", "--quiet", "--json", "-").stdout)["environment"]["sanitizers"]
    wanted = ("--memory",) if sanitized else ("--memory", "--allocations")
    output = run("compare", "pipelined:workers=2", "single-load", "--dataset", "tiny", "--rounds", "2", "--quiet", *wanted,
                 "--json", str(path)).stdout
    record = load(path)
    check("peak PSS" in output and "Peaks between samples are missed" in " ".join(output.split()), "the table tells of the samples")
    check(all(len(variant["trials"]) == 2 for variant in record["variants"]), "such trials are not among the timed ones")
    for variant in record["variants"]:
        memory, own = variant["memory"], variant["trials"][0]
        check(memory["samples"] >= len(memory["series"]["at_ns"]) >= 1, "there are samples")
        check(max(memory["series"]["pss_bytes"]) <= memory["peak"]["pss_bytes"], "the peak is of all samples")
        # What looks for leaks at the end of a sanitized process is a process of its own, and no worker.
        check(sanitized or memory["peak"]["pss_bytes"] <= memory["peak_rss_bytes"], "peaks bound")
        for at in range(len(memory["series"]["at_ns"])):
            parts = [process["pss_bytes"][at] or 0 for process in memory["processes"]]
            check(sum(parts) == memory["series"]["pss_bytes"][at], "the sum is that of the processes")
        photos = sum(hop["bytes"] for hop in own["hops"] if hop["kind"] == "photos")
        check(photos == own["moved_bytes"], f"{photos} bytes came of {own['moved_bytes']} that were moved")
        check((photos > 0) == (variant["name"] != "single-load"), "only one of the two moves photos")
        check(any(hop["to"] == "harness" for hop in own["hops"]), "events are counted")
        check(own["io"] is None or own["io"]["written_bytes"] >= sum(hop["bytes"] for hop in own["hops"]), "all was written")
        for trial in variant["allocations"] or ():
            for key in ("allocations", "reallocations", "frees", "bytes"):
                sums = [sum(part[key] for part in parts) for parts in (trial["stages"].values(), trial["processes"])]
                check(sums[0] == sums[1] > 0, f"{key} of the stages are those of the processes")
    counted = record["variants"][1]["allocations"]
    check(sanitized or (len(counted) == 2 and counted[0]["digest"] == counted[1]["digest"]), "one worker allocates the same")
    if sanitized:
        run("run", "null", "--dataset", "tiny", "--quiet", "--allocations", expected=2)


def await_handler(process):
    """Until the program takes SIGINT: before that, a signal ends it as it ends anything that has just begun."""
    caught, bit = 0, 1 << (signal.SIGINT - 1)
    until = time.monotonic() + 600
    while not caught & bit and time.monotonic() < until and process.poll() is None:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)
        time.sleep(0.002)


def check_interrupted(work, signals, delay, command=("journey", "--only", SOME, *FEW)):
    path = work / f"partial-{delay}.json"
    process = subprocess.Popen([PROGRAM, *command, "--dataset", "tiny", "--rounds", "1000", "--quiet",
                                "--json", path],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    await_handler(process)
    time.sleep(delay)
    for number in signals:
        process.send_signal(number)
        time.sleep(0.01)
    output, errors = process.communicate()
    check(process.returncode == 130, f"interrupted after {delay} s: 130, not {process.returncode}: {errors}")
    record = load(path)
    check_sums(record)
    check(record["partial"] and record["rounds_done"] < 1000, "the record says that it is partial")
    check("PARTIAL" in output, "so does the table")
    for _ in range(3000):  # what was killed takes a moment to go
        left = subprocess.run(["pgrep", "-s", str(process.pid)], capture_output=True, text=True).stdout
        if not left:
            break
        time.sleep(0.1)
    check(not left, f"nothing is left running: {left}")
    return record["rounds_done"]


def check_kept(work):
    """A run that is stopped replaces no whole record, notebook or trace; a part it does replace."""
    files = [work / name for name in ("kept.json", "kept.md", "kept.trace")]
    where = [text for pair in zip(("--json", "--notebook", "--trace"), files) for text in pair]

    def stopped():
        process = subprocess.Popen([PROGRAM, "journey", "--only", "single-load", "--dataset", "tiny", "--rounds", "1000",
                                    *FEW, "--progress", "json", *where], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        errors = ""
        for line in process.stderr:
            errors += line
            event = json.loads(line)
            if event["kind"] == "trial_end" and event["round"] and event["checked"]:
                process.send_signal(signal.SIGINT)
                break
        errors += process.communicate(timeout=1500)[1]
        check(process.returncode == 130, f"stopped: 130, not {process.returncode}: {errors}")
        return errors

    stopped()
    part = files[0].read_bytes()
    stopped()
    check(load(files[0])["partial"] and files[0].read_bytes() != part, "a part replaces a part")
    run("journey", "--only", "null,single-load", "--dataset", "tiny", "--rounds", "1", "--quiet", *FEW, *where)
    whole = [file.read_bytes() for file in files]
    check(not load(files[0])["partial"] and b"PARTIAL" not in whole[1], "all replaces a part")
    errors = stopped()
    for file, before in zip(files, whole):
        check(file.read_bytes() == before and f"{file.name}: kept as it was" in errors, f"{file.name} is kept: {errors}")


def check_schema_refuses(record):
    """The schema is worth something: what is missing, misspelt or of another type is refused."""
    def damaged(change):
        other = copy.deepcopy(record)
        change(other)
        return not VALIDATOR.is_valid(other)

    trial = ("variants", 0, "trials", 0)

    def at(document, path):
        for step in path:
            document = document[step]
        return document

    paths = [(), ("environment",), ("dataset",), ("reference",), ("variants", 0), trial]
    for path in paths + ([("comparison",)] if record["comparison"] else []):
        for key in set(at(record, path)) - {"paths"}:  # which records from before there were presets have not
            check(damaged(lambda r: at(r, path).pop(key)), f"{path} without {key} is refused")
        check(damaged(lambda r: at(r, path).update(extra=1)), f"{path} with one key more is refused")
    for path, value in ((("schema",), "photofinish.run/2"), (("rounds",), 0), (("partial",), 1), (trial + ("wall_ns",), -1),
                        (trial + ("wall_ns",), "1"), (("variants", 0, "status"), "fine"),
                        (("dataset", "hash"), "abc"), (trial + ("stages",), {"lunch": {"spans": 1, "wall_ns": 1}})):
        check(damaged(lambda r: at(r, path[:-1]).__setitem__(path[-1], value)), f"{path} = {value!r} is refused")


def main():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with tempfile.TemporaryDirectory(prefix="photofinish-records-") as folder:
        os.environ["PHOTOFINISH_DATA"] = str(pathlib.Path(folder) / "data")
        work = pathlib.Path(folder)
        record = check_whole(work)
        check_schema_refuses(record)
        check_schema_refuses(check_compared(work))
        check_memory(work)
        check_counters(work)
        check_kept(work)
        done = [check_interrupted(work, (signal.SIGINT,), delay) for delay in (0.05, 0.4, 2.5)]
        done.append(check_interrupted(work, (signal.SIGTERM,), 0.7))
        done.append(check_interrupted(work, (signal.SIGINT,), 1.5, ("compare", "single-load", "parallel")))
        done.append(check_interrupted(work, (signal.SIGINT, signal.SIGINT), 0.9))
    print(f"records: all as their schema says; interrupted after {done} rounds")


main()

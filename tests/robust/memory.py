#!/usr/bin/env python3
"""Runs commands with less and less address space (RLIMIT_AS), from 64 MB up in steps: they end as usual or say in one line what they
lack, and never call a result identical that is not whole.
Usage: memory.py PHOTOFINISH [--step MB] [--most MB] [--sample N] [--seed N] [--jobs N] [--receipts FOLDER] [--ledger FILE]"""
import argparse
import collections
import concurrent.futures
import os
import random
import resource
import tempfile

from sweep import Sweep, add_arguments
from world import Wrong, World, check, clean_end, copied, rows, small_spec, whole_json

VARIANTS = ("single-load", "parallel", "chunked", "pipelined", "shared-memory", "streaming", "live", "threaded-safe", "tiles", "quick-start", "fast-exact")
COMMANDS = {"run": ("run", "single-load", "-d", "few", "--rounds", "1", "--quiet", "--json", "r.json"),
            "journey": ("journey", "--only", "null,single-load,parallel,fast-exact", "-d", "few", "--rounds", "1", "--quiet", "--json", "r.json"),
            "make": ("dataset", "make", "../made.yaml", "--quiet", "--workers", "2"),
            "history": ("history", "list"),
            "export": ("export", "--format", "csv", "../record/r.json"),
            "model": ("model", "info")}
COMMANDS.update({name: ("score", "few", "-v", name, "--workers", "2", "--json", "s.json", "--quiet") for name in VARIANTS})


def check_outputs(world, name, result, expected):
    scores, record = world.path("out/s.json"), world.path("out/r.json")
    if scores.exists():
        found = rows(scores)
        part = found[0].get("partial", False) if found else False
        check(not part or result.returncode, "a part, and the end is well")
        for row in found[1 if part else 0:]:
            its = expected[row["index"]]
            check(row["status"] == "ok" and all(row[key] == its[key] for key in ("measures", "factors", "score")), f"other scores: {row}")
        check(part or len(found) == len(expected), f"{len(found)} photos of {len(expected)}")
    if record.exists():
        for variant in whole_json(record)["variants"]:
            whole = [trial for trial in variant["trials"] if trial.get("identical")]
            check(all(trial["photos_scored"] == len(expected) for trial in whole), f"identical, and not whole: {variant['name']}")
    if name == "make" and world.path("data/made/manifest").exists():
        world.expect("dataset", "verify", "made")
    check(result.returncode or name not in VARIANTS or scores.exists(), "the scores are missing")


def once(template, name, megabytes, expected):
    """Returns what does not hold, or None, and its exit code."""
    bytes_most = megabytes << 20
    with copied(template, "cache", "history", *(("data",) if name == "make" else ()), lent=("record", *(() if name == "make" else ("data",)))) as world:
        if name == "make":
            small_spec(world.folder, "made")
        try:
            result = world.run(*COMMANDS[name], limit=180, first=lambda: resource.setrlimit(resource.RLIMIT_AS, (bytes_most, bytes_most)))
            if result.returncode == 127 and "error while loading shared libraries" in result.stderr:
                return None, "cannot load"
            clean_end(result)
            check(not world.leftovers(), f"left behind: {world.leftovers()}")
            check_outputs(world, name, result, expected)
        except Wrong as wrong:
            return f"{name} in {megabytes} MB: {wrong}", "wrong"
        return None, str(result.returncode)


def template_of(world):
    """Makes in it what the commands need; returns the scores of a run that has all memory."""
    world.expect("dataset", "make", small_spec(world.folder, "few"), "--quiet")
    world.expect("score", "few", "-v", "single-load", "--json", "s.json", "--quiet")
    expected = rows(world.path("out/s.json"))
    world.timed(*COMMANDS["run"])
    world.path("record").mkdir()
    os.rename(world.path("out/r.json"), world.path("record/r.json"))
    return expected


def summary(entries):
    tally, least = collections.defaultdict(collections.Counter), {}
    for entry in entries:
        tally[entry["command"]][entry["code"]] += 1
        if entry["code"] == "0":
            least[entry["command"]] = min(entry["mb"], least.get(entry["command"], entry["mb"]))
    return {"runs": len(entries), "mb": [min(entry["mb"] for entry in entries), max(entry["mb"] for entry in entries)],
            "exit_codes": {name: dict(counter) for name, counter in tally.items()}, "enough_mb": least}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--step", type=int, default=16)
    parser.add_argument("--most", type=int, default=1536)
    parser.add_argument("--sample", type=int, default=0, help="so many runs, drawn evenly (0: all)")
    add_arguments(parser)
    arguments = parser.parse_args()
    sweep = Sweep("memory", arguments, summary)
    with tempfile.TemporaryDirectory(prefix="photofinish-memory-") as folder, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        world = World(arguments.program, folder)
        expected = template_of(world)
        done = {(entry["command"], entry["mb"]) for entry in sweep.entries if entry["commit"] == sweep.commit}
        runs = [(name, megabytes) for name in COMMANDS for megabytes in range(64, arguments.most + 1, arguments.step) if (name, megabytes) not in done]
        if arguments.sample:
            runs = random.Random(arguments.seed).sample(runs, min(len(runs), arguments.sample))

        def take(run):
            if not sweep.over():
                wrong, code = once(world, *run, expected)
                sweep.add(wrong, command=run[0], mb=run[1], code=code)
        list(pool.map(take, runs))
        world.expect("dataset", "verify", "few")  # it was lent
    sweep.finish(f"{len(sweep.entries)} runs in 64 to {arguments.most} MB")


if __name__ == "__main__":
    main()

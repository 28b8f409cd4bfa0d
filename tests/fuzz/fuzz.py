#!/usr/bin/env python3
"""Fuzzes every reader of bytes that others made (libFuzzer, AddressSanitizer, UndefinedBehaviorSanitizer), each for some
seconds, after all that lies in tests/fuzz/corpus was replayed. Needs the preset `fuzz`: scripts/setup --tests fuzz.
Usage: fuzz.py PHOTOFINISH FUZZ_TARGETS [--seconds N] [--runs N] [--only TARGETS] [--corpus FOLDER] [--jobs N] [--receipts FOLDER]
               [--ledger FILE]
A crash leaves its input in the folder of the corpus (default: a new one, which is then kept). SIGTERM ends it early, and
well. That of one target alone has its own receipt, fuzz-TARGET.json."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "robust"))
sys.dont_write_bytecode = True
from sweep import Sweep, add_arguments  # noqa: E402  (the folder has to be known first)
LENGTHS = {"jpeg": 2048, "exif": 8192, "network": 4096, "record": 65536, "stream": 32768, "calibration": 32768}
INTERRUPTED = 72  # how libFuzzer ends by SIGTERM, which somebody sent to all of a session
SLICE_S = 300  # a process of a target; what it did is in the ledger when it ends
running = set()


def environment_of(target):
    return dict(os.environ, PF_FUZZ=target, UBSAN_OPTIONS="print_stacktrace=1",
                ASAN_OPTIONS="allocator_may_return_null=1:detect_leaks=1:max_allocation_size_mb=1024:quarantine_size_mb=16")


def fuzz(arguments, target, seconds, runs):
    """One process. Returns its figures, and what was found."""
    corpus = pathlib.Path(arguments.corpus) / target
    corpus.mkdir(parents=True, exist_ok=True)
    folders = [str(folder) for folder in (corpus, arguments.seeds / target, HERE / "corpus" / target) if folder.exists()]
    crashes = pathlib.Path(arguments.corpus) / "crashes"
    crashes.mkdir(exist_ok=True)
    # -timeout is time by the clock: it may not say that one hangs that did not get to run.
    words = [arguments.program, f"-max_total_time={seconds}", f"-runs={runs}", f"-max_len={LENGTHS.get(target, 16384)}", "-timeout=1200", "-rss_limit_mb=3000",
             f"-use_value_profile={int(target != 'jpeg')}", "-print_final_stats=1", "-reload=0", f"-artifact_prefix={crashes}/{target}-", "-verbosity=1", *folders]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment_of(target))
    running.add(process)
    said = process.communicate()[0]
    running.discard(process)
    executions = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said)
    covered = re.findall(r"cov: (\d+) ft: (\d+)", said)
    figures = {"executions": int(executions[-1]) if executions else 0, "edges": int(covered[-1][0]) if covered else 0,
               "features": int(covered[-1][1]) if covered else 0, "corpus": len(list(corpus.iterdir()))}
    finding = None
    if process.returncode and not (process.returncode == INTERRUPTED and "run interrupted" in said):
        lines = [line for line in said.splitlines() if re.search(r"ERROR|runtime error|not so:|SUMMARY|Test unit written|LeakSanitizer", line)]
        finding = f"{target}: ends with {process.returncode}: " + " | ".join(lines)[:600]
        (crashes / f"{target}.log").write_text(said)
    return figures, finding


def take(sweep, arguments, target):
    """One target, in slices, until its time or its executions are over or it found something."""
    wrong, left = None, arguments.seconds
    while not wrong and not sweep.stopped.is_set() and left > 0:
        done = sum(entry["executions"] for entry in sweep.entries if entry["target"] == target)
        if 0 <= arguments.runs <= done:
            break
        begin = time.monotonic()
        figures, wrong = fuzz(arguments, target, max(1, int(min(left, SLICE_S))), arguments.runs - done if arguments.runs >= 0 else -1)
        took = time.monotonic() - begin
        left -= max(took, 1)
        sweep.add(wrong, target=target, seconds=round(took), **figures)


def summary(entries):
    targets = {}
    for entry in entries:
        its = targets.setdefault(entry["target"], {"executions": 0, "seconds": 0})
        its["executions"] += entry["executions"]
        its["seconds"] += entry["seconds"]
        for what in ("edges", "features", "corpus"):
            its[what] = max(its.get(what, 0), entry[what])
    return {"executions": sum(its["executions"] for its in targets.values()), "targets": targets}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("photofinish")
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=-1, help="executions of each target at most, those of the ledger counted (-1: as many as there is time for)")
    parser.add_argument("--only", default="")
    parser.add_argument("--corpus")
    add_arguments(parser)
    parser.set_defaults(seconds=60)  # for each target
    arguments = parser.parse_args()
    own = None if arguments.corpus else tempfile.mkdtemp(prefix="photofinish-fuzz-")
    arguments.corpus = arguments.corpus or own
    arguments.seeds = pathlib.Path(arguments.corpus) / "seeds"
    if not arguments.seeds.exists():
        arguments.seeds.mkdir(parents=True)
        subprocess.run([sys.executable, HERE / "seeds.py", arguments.photofinish, arguments.seeds], check=True)
    listed = subprocess.run([arguments.program], capture_output=True, text=True, env=environment_of("list")).stdout.split()
    targets = [target for target in listed if not arguments.only or target in arguments.only.split(",")]
    sweep = Sweep("fuzz" if len(targets) > 1 else f"fuzz-{targets[0]}", arguments, summary, lambda entry: entry["executions"])

    def end(*_):
        sweep.stopped.set()
        for process in list(running):
            process.send_signal(signal.SIGUSR1)  # libFuzzer ends, and well
    signal.signal(signal.SIGTERM, end)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(lambda target: take(sweep, arguments, target), targets))
    found = summary(sweep.entries)
    for target, its in found["targets"].items():
        print(f"fuzz: {target}: {its['executions']} executions, {its['edges']} edges, {its['features']} features", flush=True)
    if own and not sweep.found:
        shutil.rmtree(own)
    sweep.finish(f"{found['executions']} executions of {len(targets)} targets" + (f", inputs in {arguments.corpus}" if sweep.found else ""))


if __name__ == "__main__":
    main()

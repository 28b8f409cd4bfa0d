#!/usr/bin/env python3
"""Fuzzes every reader of bytes that others made (libFuzzer, AddressSanitizer, UndefinedBehaviorSanitizer), each for some
seconds, after all that lies in tests/fuzz/corpus was replayed. Needs the preset `fuzz`: scripts/setup --tests fuzz.
Usage: fuzz.py PHOTOFINISH FUZZ_TARGETS [--seconds N] [--runs N] [--only TARGETS] [--corpus FOLDER] [--jobs N] [--receipts FOLDER]
A crash leaves its input in the folder of the corpus (default: a new one, which is then kept). SIGUSR1 to a target ends it early, and
well. That of one target alone has its own receipt, fuzz-TARGET.json."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "robust"))
sys.dont_write_bytecode = True
from world import finish, write_receipt  # noqa: E402  (the folder has to be known first)
# -timeout is time by the clock: it may not say that one hangs that did not get to run.
LENGTHS = {"jpeg": 4096, "exif": 8192, "network": 4096, "record": 65536, "stream": 32768, "calibration": 32768}


def environment_of(target):
    return dict(os.environ, PF_FUZZ=target, ASAN_OPTIONS="allocator_may_return_null=1:detect_leaks=1:max_allocation_size_mb=1024",
                UBSAN_OPTIONS="print_stacktrace=1")


def fuzz(arguments, target):
    """Returns its figures, and what was found."""
    corpus = pathlib.Path(arguments.corpus) / target
    corpus.mkdir(parents=True, exist_ok=True)
    folders = [str(folder) for folder in (corpus, arguments.seeds / target, HERE / "corpus" / target) if folder.exists()]
    crashes = pathlib.Path(arguments.corpus) / "crashes"
    crashes.mkdir(exist_ok=True)
    words = [arguments.program, f"-max_total_time={arguments.seconds}", f"-runs={arguments.runs}", f"-max_len={LENGTHS.get(target, 16384)}", "-timeout=1200", "-rss_limit_mb=3000",
             "-use_value_profile=1", "-print_final_stats=1", "-reload=0", f"-artifact_prefix={crashes}/{target}-", "-verbosity=1", *folders]
    ended = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment_of(target))
    executions = re.findall(r"stat::number_of_executed_units:\s*(\d+)", ended.stdout)
    covered = re.findall(r"cov: (\d+) ft: (\d+)", ended.stdout)
    figures = {"executions": int(executions[-1]) if executions else 0, "edges": int(covered[-1][0]) if covered else 0,
               "features": int(covered[-1][1]) if covered else 0, "corpus": len(list(corpus.iterdir()))}
    finding = None
    if ended.returncode:
        said = [line for line in ended.stdout.splitlines() if re.search(r"ERROR|runtime error|not so:|SUMMARY|Test unit written|LeakSanitizer", line)]
        finding = f"{target}: ends with {ended.returncode}: " + " | ".join(said)[:600]
        (crashes / f"{target}.log").write_text(ended.stdout)
    return figures, finding


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("photofinish")
    parser.add_argument("program")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--runs", type=int, default=-1, help="executions of each target, at most (-1: as many as there is time for)")
    parser.add_argument("--only", default="")
    parser.add_argument("--corpus")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--receipts")
    arguments = parser.parse_args()
    own = None if arguments.corpus else tempfile.mkdtemp(prefix="photofinish-fuzz-")
    arguments.corpus = arguments.corpus or own
    pathlib.Path(arguments.corpus).mkdir(parents=True, exist_ok=True)
    arguments.seeds = pathlib.Path(arguments.corpus) / "seeds"
    arguments.seeds.mkdir(exist_ok=True)
    subprocess.run([sys.executable, HERE / "seeds.py", arguments.photofinish, arguments.seeds], check=True)
    listed = subprocess.run([arguments.program], capture_output=True, text=True, env=environment_of("list")).stdout.split()
    targets = [target for target in listed if not arguments.only or target in arguments.only.split(",")]
    found, findings = {}, []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for target, (figures, finding) in zip(targets, pool.map(lambda one: fuzz(arguments, one), targets)):
            found[target] = figures
            findings += [finding] if finding else []
            print(f"fuzz: {target}: {figures['executions']} executions, {figures['edges']} edges, {figures['features']} features", flush=True)
    total = sum(figures["executions"] for figures in found.values())
    write_receipt(arguments.receipts, "fuzz" if len(targets) > 1 else f"fuzz-{targets[0]}", executions=total, seconds_each=arguments.seconds, targets=found, findings=len(findings))
    if own and not findings:
        shutil.rmtree(own)
    finish("fuzz", findings, f"{total} executions of {len(targets)} targets" + (f", inputs in {arguments.corpus}" if findings else ""))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Compares a variant with itself again and again, and two that differ, and counts the words: faster or slower between
two that are the same is false. Usage: compare_same.py PHOTOFINISH [--times N] [--same VARIANT] [--dataset NAME]
[--different A B] [--within SECONDS] [-- OPTION ...] (options of compare, for both). docs/compare.md has more.

Prints each comparison as it ends, then the counts. Status 1: a false word, an unchecked trial, or no word between those
that differ within the time."""
import argparse
import collections
import json
import math
import subprocess
import sys
import time


def upper_bound(false, times):
    """One-sided Clopper-Pearson bound at 95 %, by bisection of the binomial tail."""
    low, high = false / times, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        tail = sum(math.comb(times, k) * rate**k * (1 - rate) ** (times - k) for k in range(false + 1))
        low, high = (rate, high) if tail > 0.05 else (low, rate)
    return high


def compare(arguments, a, b, dataset, more):
    command = [arguments.photofinish, "compare", a, b, "--dataset", dataset, "--quiet", "--json", "-", *more]
    begin = time.monotonic()
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    if result.returncode:
        sys.exit(f"compare_same: {' '.join(command)} ends with {result.returncode}: {result.stderr.strip()}")
    record = json.loads(result.stdout)
    comparison, ratio = record["comparison"], record["comparison"]["ratio"]
    if any(variant["status"] != "ok" for variant in record["variants"]):
        sys.exit(f"compare_same: a variant's scores were not checked: {[v['reason'] for v in record['variants']]}")
    interval = "no interval" if ratio is None or ratio["low"] is None else f"{ratio['low']:.3f} to {ratio['high']:.3f}"
    print(f"{comparison['word']:10} {ratio['mean'] if ratio else math.nan:.3f} ({interval}), {comparison['pairs']} pairs, "
          f"{seconds:.1f} s: {a} against {b}", flush=True)
    return comparison["word"], seconds


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("Usage: ")[1].split("\n\n")[0])
    parser.add_argument("photofinish")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--same", default="parallel")
    parser.add_argument("--dataset", default="smoke")
    parser.add_argument("--different", nargs=2, default=["single-load", "double-load"])
    parser.add_argument("--within", type=float, default=60)
    own, more = sys.argv[1:], []
    if "--" in own:
        own, more = own[:own.index("--")], own[own.index("--") + 1:]
    arguments = parser.parse_args(own)
    subprocess.run([arguments.photofinish, "dataset", "make", arguments.dataset, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    words = collections.Counter(compare(arguments, arguments.same, arguments.same, arguments.dataset, more)[0]
                                for _ in range(arguments.times))
    word, seconds = compare(arguments, *arguments.different, arguments.dataset, more)
    false = words["faster"] + words["slower"]
    print(f"{arguments.same} against itself, {arguments.times} times: "
          + ", ".join(f"{count} {name}" for name, count in words.most_common())
          + f"; false words {false}" + (f", rate at most {100 * upper_bound(false, arguments.times):.1f} % (95 %)" if arguments.times else ""))
    decided = word in ("faster", "slower") and seconds <= arguments.within
    print(f"{arguments.different[0]} against {arguments.different[1]}: {word} in {seconds:.1f} s"
          + ("" if decided else f": NOT decided within {arguments.within:g} s"))
    sys.exit(bool(false) or not decided)


main()

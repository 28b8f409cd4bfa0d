#!/usr/bin/env python3
"""What-if against a stage that is really accelerated: `explain A --what-if STAGE=F`, where B is A with that stage faster and F is how
much, says what B really gains over A. The models that B opens faster, or not at all, are the stage startup: it is asked for, too.
Usage: what_if.py PHOTOFINISH DATA                       small, by processor time: for a busy machine
       what_if.py PHOTOFINISH --dataset NAME [--rounds R] wall times and their intervals, on an idle machine"""
import json
import math
import os
import statistics
import subprocess
import sys

PHOTOFINISH = sys.argv[1]
IDLE = "--dataset" in sys.argv
DATASET = sys.argv[sys.argv.index("--dataset") + 1] if IDLE else "tiny"
ROUNDS = int(sys.argv[sys.argv.index("--rounds") + 1]) if "--rounds" in sys.argv else 5 if IDLE else 1
PAIRS = (("parallel", "exact-faces", "faces"), ("parallel", "own-decoder", "decode"))
# Two-sided 95 % points of Student's t, by degrees of freedom.
STUDENT = {1: 12.71, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def run(*words):
    environment = {**os.environ, "PHOTOFINISH_HISTORY": "", **({} if IDLE else {"PHOTOFINISH_DATA": sys.argv[2]})}
    for _ in range(5):  # a busy machine may hold a trial up
        done = subprocess.run([PHOTOFINISH, *words, "--dataset", DATASET, "--quiet", "--json", "-"], stdout=subprocess.PIPE, env=environment)
        if done.returncode in (0, 3) and done.stdout:  # 3: which is faster is undecided
            return json.loads(done.stdout)
    sys.exit(f"FAILED: {' '.join(words)} ended with {done.returncode}")


def measured(base, fast, stage, key):
    """Times of each round, and what the stage and the start take of what they took."""
    record = run("compare", base, fast, "--rounds", str(ROUNDS))
    slow, quick = ([trial for trial in variant["trials"] if trial["ending"] == "ok"] for variant in record["variants"])
    factor = {name: sum(t["stages"][name][key] for t in quick) / len(quick) / (sum(t["stages"][name][key] for t in slow) / len(slow))
              for name in (stage, "startup")}
    return factor, [a[key] / b[key] for a, b in zip(slow, quick)]


def interval(ratios):
    logs = [math.log(ratio) for ratio in ratios]
    half = STUDENT[len(logs) - 1] * statistics.stdev(logs) / math.sqrt(len(logs))
    return [math.exp(statistics.mean(logs) + side * half) for side in (-1, 0, 1)]


def said(base, factor):
    asked = ",".join(f"{name}={value:.4f}" for name, value in factor.items())
    return run("explain", base, "--no-limits", "--rounds", str(max(ROUNDS, 2)), "--what-if", asked)["what_if"]["speedup"]


failed = False
for base, fast, stage in PAIRS:
    if IDLE:
        factor, ratios = measured(base, fast, stage, "wall_ns")
        real, told = interval(ratios), said(base, factor)
        good = told["low"] <= real[2] and real[0] <= told["high"]
        print(f"{stage} at {factor[stage]:.2f} of its time: {told['mean']:.3f} times as fast ({told['low']:.3f} to {told['high']:.3f}) is said, "
              f"{fast} is {real[1]:.3f} times as fast as {base} ({real[0]:.3f} to {real[2]:.3f})")
    else:
        away, good = [], False
        while not good and len(away) < 9:  # other work on the machine moves processor time, too: a median of three, or of more
            factor, ratios = measured(f"{base}:workers=1", f"{fast}:workers=1", stage, "cpu_ns")
            away.append(said(f"{base}:workers=1", factor)["mean"] / ratios[0])
            good = len(away) >= 3 and abs(statistics.median(away) - 1) < 0.1
        print(f"{stage} as in {fast}: said over real {', '.join(f'{ratio:.3f}' for ratio in away)}")
    print("ok" if good else "FAILED: the what-if is not what the accelerated stage gains")
    failed = failed or not good
sys.exit(failed)

#!/usr/bin/env python3
"""Other work takes the processors while two variants are compared: every trial is tagged, the table and the record say
by what, and the word stays right or is "undecided". Usage: beside_stress.py PHOTOFINISH [--cpu N]

--cpu N: how many processes of stress-ng compute beside the trials (default: as many as there are processors). With 0,
on a quiet machine, the test fails: no trial is tagged."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = os.path.realpath(sys.argv[1])
STRESSORS = int(sys.argv[sys.argv.index("--cpu") + 1]) if "--cpu" in sys.argv else len(os.sched_getaffinity(0))


def check(condition, what):
    if not condition:
        sys.exit(f"beside_stress: not so: {what}")


def compare(folder):
    """A harness that did not get to run says so, and such a round is no pair: then it is tried again."""
    path = pathlib.Path(folder) / "compare.json"
    for _ in range(20):
        result = subprocess.run([PROGRAM, "compare", "single-load", "double-load", "--dataset", "tiny", "--rounds", "3",
                                 "--quiet", "--json", path], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        check(result.returncode == 0, f"compare ends with 0, not {result.returncode}: {result.stderr}")
        record = json.loads(path.read_text())
        if record["comparison"]["pairs"] == 3:
            break
    return record, result.stdout


def main():
    with tempfile.TemporaryDirectory(prefix="photofinish-stress-") as folder:
        os.environ["PHOTOFINISH_DATA"] = folder
        subprocess.run([PROGRAM, "dataset", "make", "tiny", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([PROGRAM, "run", "single-load", "--dataset", "tiny", "--quiet"], check=True,
                       stdout=subprocess.DEVNULL)  # the reference is made before anything is disturbed
        stress = subprocess.Popen(["stress-ng", "--cpu", str(STRESSORS), "--timeout", "3600", "--quiet"]) if STRESSORS else None
        try:
            record, table = compare(folder)
        finally:
            if stress:
                stress.terminate()
                stress.wait()
    trials = [trial for variant in record["variants"] for trial in variant["trials"] if trial["checked"]]
    check(len(trials) == 6, f"both have three times, not {len(trials)} in all")
    for trial in trials:
        machine = trial["machine"]
        check(trial["disturbed_by"], f"a trial is tagged: others had {machine['others_ns'] / machine['elapsed_ns']:.2f} processors")
        check(trial["disturbed_by"][0].startswith("others used "), f"by others: {trial['disturbed_by']}")
        check(machine["others_ns"] > machine["elapsed_ns"] / 4, "others had a good part of the processors")
        check(trial["photos_scored"] == 8 and trial["scores_digest"] == record["reference"]["scores_digest"], "scores stay")
    check("This machine was busy: 6 of 6 trials are tagged" in table, f"the table says so: {table}")
    check("  tagged 6 trials: at most others used " in table, f"and why: {table}")
    # Loading each photo twice takes longer: whoever says otherwise was led astray.
    word, ratio = record["comparison"]["word"], record["comparison"]["ratio"]
    check(word in ("faster", "undecided"), f"single-load is faster, or nobody knows: not {word}")
    print(f"beside_stress: {len(trials)} trials tagged ({trials[0]['disturbed_by'][0]}); single-load against double-load: "
          f"{word}, {ratio['mean']:.3f} ({ratio['low']:.3f} to {ratio['high']:.3f})")


main()

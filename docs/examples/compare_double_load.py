#!/usr/bin/env python3
"""Compares a variant of photofinish with double_load_opencv.py on the same photos, round by round.

    compare_double_load.py [--variant NAME] [--processes N] [--dataset NAME] [--rounds R]

Each round runs both once, in alternating order, each as a process of its own; the ratio of their whole times (start-up
included) is taken within the round. photofinish's scores are checked against its reference before its time counts; the
script's are not compared: it computes its own, and no pose. Memory is that of one more execution of each, which is
not timed: proportional shares (Pss) of all its processes, photofinish's harness among them. Prints each ratio, their geometric mean and its 95 % t-interval.
Needs photofinish, built (scripts/setup) or installed, and Debian's python3-opencv and opencv-data."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import installed
from paired_ratio import MOST, ratio_interval

PROGRAM = installed.program()
SCRIPT = pathlib.Path(__file__).resolve().parent / "double_load_opencv.py"


def dataset_folder(name):
    result = subprocess.run([PROGRAM, "dataset", "make", name], check=True, stdout=subprocess.PIPE, text=True)
    return result.stdout.rpartition(": ")[0]


def photofinish_words(arguments):
    workers = ["--workers", str(arguments.processes)] if arguments.processes > 1 else []
    return [PROGRAM, "run", arguments.variant, "--dataset", arguments.dataset, "--quiet", "--json", "-", *workers]


def time_photofinish(arguments):
    result = subprocess.run(photofinish_words(arguments), check=True, stdout=subprocess.PIPE, text=True)
    trial = json.loads(result.stdout)["variants"][0]["trials"][0]
    if not trial["checked"]:
        sys.exit(f"{arguments.variant}'s scores are not the reference's: no time")
    return trial["wall_ns"] * 1e-9


def script_words(folder, arguments):
    return ["/usr/bin/python3", SCRIPT, folder, "--processes", str(arguments.processes)]


def time_script(folder, arguments):
    environment = dict(os.environ, OPENCV_FOR_THREADS_NUM="1")
    begin = time.monotonic()
    subprocess.run(script_words(folder, arguments), check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.monotonic() - begin


def processes_of(pid):
    """The process and all that descend from it, those that just end left out."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii").split():
                found += processes_of(int(child))
    except OSError:
        pass
    return found


def proportional_kb(pid):
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def memory_mb(words):
    """The most that its processes together took, looked at twenty times a second."""
    most = 0
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, sum(map(proportional_kb, processes_of(process.pid))))
            time.sleep(0.05)
    if process.returncode:
        sys.exit(f"{words[0]} ended with {process.returncode}")
    return most / 1000 * 1.024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--variant", default="double-load", help="of photofinish (default: double-load)")
    parser.add_argument("--processes", type=int, default=1, help="of each (default: 1)")
    parser.add_argument("--dataset", default="dash", help="a rendered dataset (default: dash)")
    parser.add_argument("--rounds", type=int, default=5, help=f"2 to {MOST} (default: 5)")
    arguments = parser.parse_args()
    if not 2 <= arguments.rounds <= MOST:
        parser.error(f"--rounds takes 2 to {MOST}")
    folder = dataset_folder(arguments.dataset)
    ratios = []
    for number in range(arguments.rounds):
        if number % 2:
            script = time_script(folder, arguments)
            own = time_photofinish(arguments)
        else:
            own = time_photofinish(arguments)
            script = time_script(folder, arguments)
        ratios.append(script / own)
        print(f"round {number + 1}: script {script:.2f} s, {arguments.variant} {own:.2f} s, ratio {script / own:.2f}", flush=True)
    mean, low, high = ratio_interval(ratios)
    print(f"{arguments.variant} is {mean:.2f} times as fast as the script"
          f" (95 % t-interval {low:.2f} to {high:.2f}, n = {len(ratios)})")
    memory = memory_mb(script_words(folder, arguments)), memory_mb(photofinish_words(arguments))
    print(f"memory: script {memory[0]:.0f} MB, {arguments.variant} {memory[1]:.0f} MB, ratio {memory[0] / memory[1]:.2f}")


if __name__ == "__main__":
    main()

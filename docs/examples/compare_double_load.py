#!/usr/bin/env python3
"""Compares photofinish's double-load with double_load_opencv.py on the same photos, round by round.

    compare_double_load.py [--dataset NAME] [--rounds R]

Each round runs both once, in alternating order, each as a process of its own; the ratio of their whole times (start-up
included) is taken within the round. photofinish's scores are checked against its reference before its time counts; the
script's are not compared: it computes its own. Prints each ratio, their geometric mean and its 95 % t-interval.
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


def time_photofinish(dataset):
    result = subprocess.run([PROGRAM, "run", "double-load", "--dataset", dataset, "--quiet", "--json", "-"], check=True,
                            stdout=subprocess.PIPE, text=True)
    trial = json.loads(result.stdout)["variants"][0]["trials"][0]
    if not trial["checked"]:
        sys.exit("double-load's scores are not the reference's: no time")
    return trial["wall_ns"] * 1e-9


def time_script(folder):
    environment = dict(os.environ, OPENCV_FOR_THREADS_NUM="1")
    begin = time.monotonic()
    subprocess.run(["/usr/bin/python3", SCRIPT, folder], check=True,
                   stdout=subprocess.DEVNULL, env=environment)
    return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dataset", default="dash", help="a rendered dataset (default: dash)")
    parser.add_argument("--rounds", type=int, default=5, help=f"2 to {MOST} (default: 5)")
    arguments = parser.parse_args()
    if not 2 <= arguments.rounds <= MOST:
        parser.error(f"--rounds takes 2 to {MOST}")
    folder = dataset_folder(arguments.dataset)
    ratios = []
    for number in range(arguments.rounds):
        if number % 2:
            script = time_script(folder)
            own = time_photofinish(arguments.dataset)
        else:
            own = time_photofinish(arguments.dataset)
            script = time_script(folder)
        ratios.append(script / own)
        print(f"round {number + 1}: script {script:.2f} s, double-load {own:.2f} s, ratio {script / own:.2f}", flush=True)
    mean, low, high = ratio_interval(ratios)
    print(f"double-load is {mean:.2f} times as fast as the script"
          f" (95 % t-interval {low:.2f} to {high:.2f}, n = {len(ratios)})")


if __name__ == "__main__":
    main()

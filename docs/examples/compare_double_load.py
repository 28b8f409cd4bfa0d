#!/usr/bin/env python3
"""Compares photofinish's double-load with double_load_opencv.py on the same photos, round by round.

    compare_double_load.py [--dataset NAME] [--rounds R]

Each round runs both once, in alternating order, each as a process of its own; the ratio of their whole times (start-up
included) is taken within the round. photofinish's scores are checked against its reference before its time counts; the
script's are not compared: it computes its own. Prints each ratio, their geometric mean and its 95 % t-interval.
Needs a built photofinish (scripts/setup), and Debian's python3-opencv and opencv-data."""
import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/photofinish"
# Student's t, 0.975, for 1 to 30 degrees of freedom.
T975 = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
        2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484,
        2.0452, 2.0423]


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
    subprocess.run(["/usr/bin/python3", ROOT / "docs/examples/double_load_opencv.py", folder], check=True,
                   stdout=subprocess.DEVNULL, env=environment)
    return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dataset", default="dash", help="a rendered dataset (default: dash)")
    parser.add_argument("--rounds", type=int, default=5, help="2 to 31 (default: 5)")
    arguments = parser.parse_args()
    if not 2 <= arguments.rounds <= 31:
        parser.error("--rounds takes 2 to 31")
    folder = dataset_folder(arguments.dataset)
    logs = []
    for number in range(arguments.rounds):
        if number % 2:
            script = time_script(folder)
            own = time_photofinish(arguments.dataset)
        else:
            own = time_photofinish(arguments.dataset)
            script = time_script(folder)
        logs.append(math.log(script / own))
        print(f"round {number + 1}: script {script:.2f} s, double-load {own:.2f} s, ratio {script / own:.2f}", flush=True)
    mean = sum(logs) / len(logs)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in logs) / (len(logs) - 1))
    half = T975[len(logs) - 2] * deviation / math.sqrt(len(logs))
    print(f"double-load is {math.exp(mean):.2f} times as fast as the script"
          f" (95 % t-interval {math.exp(mean - half):.2f} to {math.exp(mean + half):.2f}, n = {len(logs)})")


main()

#!/usr/bin/env python3
"""scripts/gpu-check: one line and exit status 2 where there is no device; on the fake device its first part, which needs no library but the
driver and cuDNN, agrees, and so does its second part with a program that is built already; a kernel that computes something else is found.
Usage: gpu_check.py ROOT FAKE_DEVICE PROGRAM"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT, FAKE, PROGRAM = (os.path.realpath(path) for path in sys.argv[1:4])
failures = 0


def check(name, good, told=""):
    global failures
    failures += not good
    print(f"{'ok     ' if good else 'FAILED '} {name}{'' if good else ': ' + repr(told)}", flush=True)


def run(folder, *arguments, root=ROOT, fake=False, program=None):
    environment = dict(os.environ)
    environment.pop("LD_LIBRARY_PATH", None)
    environment.pop("PF_GPU_CHECK_FAKE", None)
    environment.pop("PF_GPU_CHECK_PROGRAM", None)
    if program:
        environment["PF_GPU_CHECK_PROGRAM"] = program
    if fake:
        environment.update(LD_LIBRARY_PATH=FAKE, PF_GPU_CHECK_FAKE="1")
    done = subprocess.run([f"{root}/scripts/gpu-check", "--out", f"{folder}/out", *arguments], env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def main():
    with tempfile.TemporaryDirectory() as folder:
        if os.path.exists("/dev/nvidia0"):
            print("skipped: what is said without a device (there is one)")
        else:
            status, told, why = run(folder)
            check("without a device: one line, exit status 2, no folder",
                  (status, told, why.count("\n")) == (2, "", 1) and "no NVIDIA device" in why and not os.path.exists(f"{folder}/out"), (status, told, why))
        status, told, why = run(folder, "--seconds", "soon")
        check("a wrong number: exit status 2", status == 2 and "whole number" in why, why)
        status, told, why = run(folder, fake=True)
        out = pathlib.Path(folder) / "out"
        check("on the fake device: all agrees, exit status 0", status == 0 and "all that could be run agrees" in told and "TFLOP/s" in told, told + why)
        check("says what it left out, and that nothing is missing for it: this build has it all",
              "left out: building photofinish" in told and "missing: nothing" in told, told)
        check("exports the device's description", "deviceName" in (out / "device.json").read_text())
        status, told, why = run(folder, fake=True, program=PROGRAM)
        steps = ("doctor", "limits", "network", "agreement-gpu", "agreement-gpu-shared", "journey")
        check("the second part: every step is fine", status == 0 and all(f"ok      {step} (" in told for step in steps) and "FAILED" not in told, told + why)
        check("the device's limits are in the summary", told.count("GB/s") >= 2, told)
        variants = {variant["name"]: variant for variant in json.loads((out / "journey.json").read_text())["variants"]}
        check("the journey had all five, the device did the poses", set(variants) >= {"double-load", "single-load", "parallel", "gpu", "gpu-shared"}
              and all(variants[name]["trials"][0]["device"]["photos"] > 0 for name in ("gpu", "gpu-shared")), sorted(variants))
        other = f"{folder}/other"
        for part in ("core", "scripts", "tests/gpu"):
            shutil.copytree(f"{ROOT}/{part}", f"{other}/{part}")
        lines = pathlib.Path(f"{other}/tests/gpu/device_check.c")
        lines.write_text(lines.read_text().replace("here.mean[i] = there.mean[i]", "here.mean[i] = 1 + (there.mean[i]", 1).replace("120.0f + (float)i;", "120.0f + (float)i);", 1))
        status, told, why = run(folder, root=other, fake=True)
        check("what differs: exit status 1 and the step by its name", status == 1 and "FAILED  device_check: exit status 1" in told, told + why)
    return failures > 0


sys.exit(main())

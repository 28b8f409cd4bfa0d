#!/usr/bin/env python3
"""The variants gpu and gpu-shared: unavailable without a device and why, within its tolerance on the fake device, and what becomes of a device that fails.
Usage: run_gpu.py PHOTOFINISH FAKE_DEVICE DATA"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM, FAKE, DATA = (os.path.realpath(path) for path in sys.argv[1:4])
failures = 0


def check(name, good, told=""):
    global failures
    failures += not good
    print(f"{'ok     ' if good else 'FAILED '} {name}{'' if good else ': ' + repr(told)}", flush=True)


def run(folder, fake=True, fault=None, command=("run", "gpu")):
    """Exit status, what was said, the record (None: none was written)."""
    environment = dict(os.environ, PHOTOFINISH_TIME_UNFIT_BUILD="1")
    environment.pop("LD_LIBRARY_PATH", None)
    if fake:
        environment["LD_LIBRARY_PATH"] = FAKE
    if fault:
        environment["PF_FAKE_GPU_FAULT"] = fault
    record = pathlib.Path(folder) / "record.json"
    record.unlink(missing_ok=True)
    done = subprocess.run([PROGRAM, *command, "--dataset", "tiny", "--data", DATA, "--rounds", "1", "--no-history", "--json", record],
                          env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr, json.loads(record.read_text()) if record.exists() else None


def check_fall_back(folder, says, fake=True, fault=None):
    """A device that is missing or fails, with fall-back: a run that says so wherever its time stands."""
    for variant in ("gpu", "gpu-shared"):
        name = f"{variant}:fall-back, {fault or 'no device'}"
        status, told, record = run(folder, fake=fake, fault=fault, command=("run", f"{variant}:fall-back=1"))
        trial = record and record["variants"][0]["trials"][0]
        device = trial and trial["device"]
        check(f"{name}: it ends well, all photos are accounted for", status == 0 and device and device["photos_on_processor"] > 0
              and device["photos"] + device["photos_on_processor"] == trial["photos_scored"], (status, told, device))
        check(f"{name}: the table says so, and why", "fell back" in told and "FELL BACK" in told and says in told, told)
        check(f"{name}: the record says why", device and says in device["fell_back"], device)


def main():
    with tempfile.TemporaryDirectory() as folder:
        if os.path.exists("/dev/nvidiactl"):
            print("skipped: what is said without a device (there is one)")
        else:
            status, told, _ = run(folder, fake=False)
            check("without a device: unavailable, exit status 2", status == 2 and "unavailable: no CUDA device" in told, told)
            status, told, _ = run(folder, fake=False, command=("journey", "--only", "single-load,parallel,gpu"))
            check("a journey goes on without it", status == 0 and "unavailable: no CUDA device" in told, told)
        done = subprocess.run([PROGRAM, "doctor"], env=dict(os.environ, LD_LIBRARY_PATH=FAKE, PF_FAKE_GPU_DRIVER="11080"), capture_output=True, text=True)
        said = " ".join(done.stdout.split())
        check("doctor: a driver that is too old", "the driver is too old: it is made for CUDA 11.8" in said and "install a newer driver" in said, said)
        for variant in ("gpu", "gpu-shared"):
            status, told, record = run(folder, command=("run", variant))
            agreement = record and record["variants"][0]["trials"][0]["agreement"]
            check(f"{variant} on the fake device: within the tolerance", status == 0 and "approximate" in told, told)
            check("the same best shots", agreement and 0 < agreement["bursts"] == agreement["best_shots"], agreement)
            device = record and record["variants"][0]["trials"][0]["device"]
            photos = record and record["variants"][0]["trials"][0]["photos_scored"]
            check(f"{variant}: all poses by the device, timed", device and device["photos"] == photos and device["photos_on_processor"] == 0
                  and device["untimed"] == 0 and all(device["parts"][part]["ns"] > 0 for part in device["parts"])
                  and 0 < device["overlap"]["busy_ns"] < device["overlap"]["wall_ns"], device)
            check(f"{variant}: the table says where and how long", "on fake device of the tests" in told and "upload" in told and "fell back" not in told, told)
            load = device and device["load"]
            check(f"{variant}: NVML was asked", load and load["samples"] > 0 and load["memory_bytes"] == 512 << 20 and 0 < load["busy_percent"], load)
        for fault, exit_status, says in (("cuInit:1:100", 2, "unavailable: no CUDA device (CUDA_ERROR_NO_DEVICE)"),
                                         ("cuMemAlloc:1:2", 2, "allocating memory: CUDA_ERROR_OUT_OF_MEMORY"),
                                         ("cudnnCreate:1:3000", 2, "opening cuDNN"),
                                         ("cuGraphLaunch:2:719", 1, "status internal")):
            for variant in ("gpu", "gpu-shared"):
                status, told, _ = run(folder, fault=fault, command=("run", variant))
                check(f"{variant}, {fault}: exit status {exit_status}, {says}", status == exit_status and says in told, (status, told))
        for fault, says in (("cuInit:1:100", "CUDA_ERROR_NO_DEVICE"), ("cuMemAlloc:3:2", "CUDA_ERROR_OUT_OF_MEMORY"),
                            ("cuGraphLaunch:2:700", "CUDA_ERROR_ILLEGAL_ADDRESS")):
            check_fall_back(folder, says, fault=fault)
        if not os.path.exists("/dev/nvidiactl"):
            check_fall_back(folder, "not found", fake=False)
    return failures > 0


sys.exit(main())

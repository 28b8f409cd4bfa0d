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


def main():
    with tempfile.TemporaryDirectory() as folder:
        if os.path.exists("/dev/nvidiactl"):
            print("skipped: what is said without a device (there is one)")
        else:
            status, told, _ = run(folder, fake=False)
            check("without a device: unavailable, exit status 2", status == 2 and "unavailable: no CUDA device" in told, told)
            status, told, _ = run(folder, fake=False, command=("journey", "--only", "single-load,parallel,gpu"))
            check("a journey goes on without it", status == 0 and "unavailable: no CUDA device" in told, told)
        for variant in ("gpu", "gpu-shared"):
            status, told, record = run(folder, command=("run", variant))
            agreement = record and record["variants"][0]["trials"][0]["agreement"]
            check(f"{variant} on the fake device: within the tolerance", status == 0 and "approximate" in told, told)
            check("the same best shots", agreement and 0 < agreement["bursts"] == agreement["best_shots"], agreement)
        for fault, exit_status, says in (("cuInit:1:100", 2, "unavailable: no CUDA device (CUDA_ERROR_NO_DEVICE)"),
                                         ("cuMemAlloc:1:2", 2, "allocating memory: CUDA_ERROR_OUT_OF_MEMORY"),
                                         ("cudnnCreate:1:3000", 2, "opening cuDNN"),
                                         ("cuGraphLaunch:2:719", 1, "status internal")):
            for variant in ("gpu", "gpu-shared"):
                status, told, _ = run(folder, fault=fault, command=("run", variant))
                check(f"{variant}, {fault}: exit status {exit_status}, {says}", status == exit_status and says in told, (status, told))
    return failures > 0


sys.exit(main())

#!/usr/bin/env python3
"""Containment: what is in force in running workers by /proc, and a hostile plug-in that tries to break out, which also succeeds where
all is allowed, so that a refusal says something. Usage: contain.py PHOTOFINISH FOLDER-OF-PLUGINS"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

PROGRAM, PLUGINS = sys.argv[1:3]
ATTEMPTS = ("read write chmod truncate inet unix exec ptrace environ memory kill sigqueue pidfd setown prlimit pdeathsig io_uring unshare "
            "manifest reopen").split()
# Refused whatever is allowed: the harness sealed the manifest.
SEALED = {"manifest"}
failed = 0


def check(good, what, seen=""):
    global failed
    failed += not good
    print(f"{'ok    ' if good else 'FAILED'}  {what}" + ("" if good else f"\n        {seen}"))


def run(*arguments, **environment):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env=dict(os.environ, **environment))


def status_of(pid):
    return dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)


def descendants(pid):
    found = []
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *descendants(int(child))]
    return found


def look_at_workers():
    """NoNewPrivs, Seccomp and the number of filters of the trial's process, and of its workers."""
    child = subprocess.Popen([PROGRAM, "soak", "parallel", "--dataset", "tiny", "--duration", "20m", "--workers", "2", "--quiet",
                              "--no-history"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen, until = {}, time.monotonic() + 1000
    while time.monotonic() < until and len(seen) < 2 and child.poll() is None:
        for pid in descendants(child.pid):
            try:
                status = status_of(pid)
            except OSError:
                continue
            role = "trial" if int(status["PPid"]) == child.pid else "worker"
            facts = [status[key].strip() for key in ("NoNewPrivs", "Seccomp", "Seccomp_filters")]
            if facts[2] == ("1" if role == "trial" else "2") or until - time.monotonic() < 1:
                seen[role] = facts
        time.sleep(0.01)
    child.terminate()
    child.wait()
    check(seen.get("trial") == ["1", "2", "1"], "a trial's process has no new privileges and a filter", seen)
    check(seen.get("worker") == ["1", "2", "2"], "a worker has one more", seen)


def hostile(folder, *arguments, **environment):
    """The attempts that were refused, those that were not, and the trial's record of the hostile plug-in."""
    record = os.path.join(folder, "record.json")
    stage = os.path.join(folder, "stage")
    os.makedirs(stage, exist_ok=True)
    with open(os.path.join(stage, "secret"), "w") as secret:
        secret.write("a secret")
    before = sorted(os.listdir(stage))
    result = run("journey", "--only", "single-load,hostile", "--plugin", f"{PLUGINS}/hostile.so", "--dataset", "tiny", "--rounds", "1", "--stages",
                 "facts,decode,quality", "--quiet", "--no-history", "--json", record, *arguments, HOSTILE=stage, **environment)
    if not os.path.exists(record):
        sys.exit(f"FAILED: the record was lost: exit {result.returncode}\n{result.stderr}")
    variants = {variant["name"]: variant for variant in json.load(open(record))["variants"]}
    trial = variants["hostile"]["trials"][0]
    refused, done = trial["reason"].split("refused:")[1].split("; done:")
    left = sorted(set(os.listdir(stage)) - set(before))
    return refused.split(), done.split(), left, trial, variants["single-load"], result


def main():
    os.environ["PHOTOFINISH_TIME_UNFIT_BUILD"] = "1"
    with tempfile.TemporaryDirectory(prefix="photofinish-contain-") as folder:
        os.environ["PHOTOFINISH_DATA"] = os.path.join(folder, "data")
        if run("dataset", "make", "tiny", "--quiet").returncode:
            sys.exit("FAILED: no dataset")
        refused, done, left, trial, other, result = hostile(folder)
        landlock = re.search(r"seccomp, Landlock (\d+)", trial["containment"]["in_force"])
        if not landlock or int(landlock[1]) < 6:
            print(f"skip    this kernel has less than the test wants: {trial['containment']['in_force']}")
            sys.exit(77)
        look_at_workers()
        check(sorted(refused) == sorted(ATTEMPTS), "every attempt of the hostile plug-in is refused", done)
        check(not left, "it left nothing", left)
        check("seccomp" in trial["containment"]["in_force"] and "Landlock" in trial["containment"]["in_force"],
              "the record says what was in force", trial["containment"])
        counted = trial["containment"]["refused"]
        check(all(counted.get(call, 0) >= 1 for call in ("socket", "execve", "ptrace", "openat", "prlimit64", "pidfd_open")),
              "the record says what was refused", counted)
        check("its processes were refused:" in result.stdout, "so does the table", result.stdout)
        check(other["trials"][0]["ending"] == "ok" and other["trials"][0]["containment"]["refused"] == {},
              "the other variant's trial is whole, and was refused nothing", other["trials"][0])
        refused, done, left, trial, other, result = hostile(folder, "--allow", "all", HOSTILE_SPARE="1")
        check(set(refused) <= SEALED | {"io_uring", "unshare", "ptrace"}, "with all allowed they succeed: the test can fail", refused)
        check(len(left) == 2 and "loaded-by" in left[0], "also those of its constructor", left)
        check("all was allowed" in trial["containment"]["in_force"], "which the record says", trial["containment"])
        stage = os.path.join(folder, "stage")
        for name in left:
            os.remove(os.path.join(stage, name))
        refused, done, left, trial, other, result = hostile(folder, "--allow", f"write={stage}", "--allow", "network")
        check(sorted(done) == ["inet", "read", "reopen", "unix", "write"], "what is allowed, and nothing else, succeeds", done)
        check("allowed: network, write" in trial["containment"]["in_force"], "the record says that", trial["containment"])
    sys.exit(bool(failed))


main()

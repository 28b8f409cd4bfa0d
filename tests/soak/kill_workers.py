#!/usr/bin/env python3
"""Kills random workers of every variant whose workers are processes (SIGKILL), and checks that nothing is lost: the run
ends, each photo of the manifest has one outcome, a photo that killed workers had is scored by another one (with the very
bits of a run that nobody disturbed) or listed as crashed after two deaths, no process is left, and no memory that they
shared. docs/load.md says what is counted.
Usage: kill_workers.py PHOTOFINISH TRIAL_WATCH [--kills N] [--dataset NAME] [--only VARIANTS] [--seed N]"""
import argparse
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

SHARED = ("/memfd:", "/dev/shm/", "/dev/zero", "/SYSV")
LIMIT_S = 1800


class Failed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


def stat_fields(pid):
    """What stands behind the name in /proc/PID/stat: state, parent, group, session ...; None where it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def processes(since=0):
    """Those that were started at `since` (clock ticks) or later: older ones cannot have what was made after it."""
    found = {int(name): stat_fields(name) for name in os.listdir("/proc") if name.isdigit()}
    return {pid: fields for pid, fields in found.items() if fields and int(fields[19]) >= since}


def of_sessions(sessions):
    """Processes of these sessions that have not ended."""
    return [pid for pid, fields in processes().items() if int(fields[3]) in sessions and fields[0] not in "ZX"]


def shared_memory(pids):
    """What these processes share with others, mapped or open: {(device, inode): name}."""
    found = {}
    for pid in pids:
        try:
            for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
                fields = line.split(None, 5)
                if len(fields) == 6 and fields[5].startswith(SHARED) and fields[4] != "0":
                    major, minor = fields[3].split(":")
                    found[os.makedev(int(major, 16), int(minor, 16)), int(fields[4])] = fields[5]
            for fd in os.scandir(f"/proc/{pid}/fd"):
                if os.readlink(fd.path).startswith(SHARED):
                    info = os.stat(fd.path)
                    found[info.st_dev, info.st_ino] = os.readlink(fd.path)
        except OSError:  # it ended meanwhile, or belongs to somebody else
            pass
    return found


def trial_of(harness):
    """The process of the harness's trial: it leads a group of its own."""
    for pid, fields in processes().items():
        if int(fields[1]) == harness and int(fields[2]) == pid:
            return pid
    return None


class Run:
    """One run of a variant: its harness and each of its trials lead a session of their own."""

    def __init__(self, arguments, variant):
        self.output = tempfile.TemporaryFile("w+")
        self.errors = tempfile.TemporaryFile("w+")
        self.harness = subprocess.Popen(
            [arguments.program, "score", arguments.dataset, "--variant", variant, "--workers", "2", "--json", "-",
             "--quiet"], stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.errors, start_new_session=True)
        self.sessions = {self.harness.pid}
        self.since = int(stat_fields(self.harness.pid)[19])
        self.shared = {}
        self.hits = []  # (photo, stage) of each worker that was killed; photo -1: it had none

    def kill_worker(self, arguments, what, delay_ms, seed):
        """Stops a worker, looks what it has, kills it. False where the run was over before."""
        deadline = time.monotonic() + LIMIT_S
        trial = None
        while trial is None:
            trial = trial_of(self.harness.pid)
            if self.harness.poll() is not None:
                return False
            check(time.monotonic() < deadline, "no trial begins")
            time.sleep(0.01)
        self.sessions.add(trial)
        watch = subprocess.run([arguments.watch, "stop", str(trial), what, str(delay_ms), str(seed)],
                               capture_output=True, text=True, timeout=LIMIT_S)
        if watch.returncode:
            check(watch.returncode == 1, f"trial_watch: {watch.stderr}")
            return False
        pid, photo, stage = watch.stdout.split()
        self.shared.update(shared_memory(of_sessions(self.sessions)))
        check(int(stat_fields(pid)[3]) in self.sessions, "the worker is of this run")
        os.kill(int(pid), signal.SIGKILL)
        self.hits.append((int(photo), stage))
        return True

    def end(self):
        """Waits for the end; returns the outcomes by photo. Nothing may be left of it."""
        try:
            code = self.harness.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            for pid in of_sessions(self.sessions):
                os.kill(pid, signal.SIGKILL)
            raise Failed(f"the run did not end within {LIMIT_S} s")
        self.output.seek(0)
        self.errors.seek(0)
        errors = self.errors.read()
        deadline = time.monotonic() + 300  # the kernel may take a moment to end what was killed
        while (left := of_sessions(self.sessions)) and time.monotonic() < deadline:
            time.sleep(0.01)
        check(not left, f"processes are left: {left}")
        left = {key: name for key, name in shared_memory(processes(self.since)).items() if key in self.shared}
        check(not left, f"shared memory is left: {list(left.values())}")
        named = [name for name in self.shared.values() if name.startswith("/dev/shm/") and os.path.exists(name)]
        check(not named, f"shared memory is left: {named}")
        check(code == 0, f"exit status {code}: {errors}")
        deaths = len(self.hits)
        said = f"{deaths} worker{'s' if deaths > 1 else ''} died and {'were' if deaths > 1 else 'was'} replaced"
        check((said in errors) if deaths else "died" not in errors, f"it says \"{said}\": {errors}")
        outcomes = [json.loads(line) for line in self.output]
        check([outcome["index"] for outcome in outcomes] == list(range(len(outcomes))), "each photo has one outcome")
        return outcomes


def compare(run, outcomes, expected, tally):
    """Every photo is there; what is not crashed has the scores of the undisturbed run; two deaths make a crash."""
    check(len(outcomes) == len(expected), f"{len(outcomes)} outcomes of {len(expected)} photos")
    hits = collections.Counter(photo for photo, _ in run.hits if photo >= 0)
    crashed = {outcome["index"] for outcome in outcomes if outcome["status"] == "crashed"}
    broken = {expected[index]["burst"] for index in crashed}  # their other photos rank differently
    for own, its in zip(outcomes, expected):
        index = own["index"]
        if index in crashed:
            check(hits[index] == 2, f"photo {index} crashed after {hits[index]} deaths")
            check("2 workers died on it (Killed)" in own["error"], f"photo {index}: {own['error']}")
            check(own["burst"] == its["burst"], f"photo {index} is of its burst")
        elif its["burst"] in broken:
            check(all(own[key] == its[key] for key in ("status", "measures", "factors", "score", "burst", "path")),
                  f"photo {index} is scored as in the undisturbed run")
        else:
            check(own == its, f"photo {index} is as in the undisturbed run")
    tally["listed"] += len(crashed)
    tally["retried"] += len(hits) - len(crashed)


def kill_in_one_run(arguments, variant, expected, chance, wanted, tally):
    """One run with one kill, or two on the same photo where `wanted` allows it. Returns how many there were."""
    run = Run(arguments, variant)
    try:
        what = chance.choice(("any", "photo", "photo"))
        struck = run.kill_worker(arguments, what, chance.randrange(200), chance.randrange(2**31))
        photo = run.hits[0][0] if struck else -1
        if photo >= 0 and wanted > 1 and chance.random() < 0.5:
            run.kill_worker(arguments, str(photo), 0, 1)
        outcomes = run.end()
        compare(run, outcomes, expected, tally)
    except BaseException:
        for pid in of_sessions(run.sessions):
            os.kill(pid, signal.SIGKILL)
        raise
    tally["kills"] += len(run.hits)
    tally["photo"] += sum(photo >= 0 for photo, _ in run.hits)
    tally["again"] += len(run.hits) == 2
    tally["runs"] += 1
    for photo, stage in run.hits:
        tally[stage] += 1
    return len(run.hits)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("watch")
    parser.add_argument("--kills", type=int, default=0, help="over all variants (default: one for each)")
    parser.add_argument("--dataset", default="tiny")
    parser.add_argument("--only", default="", help="variants, divided by commas")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    arguments = parser.parse_args()
    listed = subprocess.run([arguments.watch, "variants"], capture_output=True, text=True, check=True)
    variants = [name for name in listed.stdout.split() if not arguments.only or name in arguments.only.split(",")]
    check(variants, "there is no such variant")
    kills = arguments.kills or len(variants)
    chance = random.Random(arguments.seed)
    print(f"kill_workers: {kills} kills over {len(variants)} variants, --seed {arguments.seed}", flush=True)
    total = collections.Counter()
    folder = tempfile.TemporaryDirectory(prefix="photofinish-soak-")
    os.environ["PHOTOFINISH_DATA"] = folder.name
    made = subprocess.run([arguments.program, "score", arguments.dataset, "-q"], capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"kill_workers: {made.stderr}")
    for number, variant in enumerate(variants):
        tally = collections.Counter()
        wanted = kills // len(variants) + (number < kills % len(variants))
        try:
            undisturbed = Run(arguments, variant)
            expected = undisturbed.end()
            check(expected and all(outcome["status"] == "ok" for outcome in expected), "all photos can be scored")
            while wanted > 0:
                wanted -= kill_in_one_run(arguments, variant, expected, chance, wanted, tally)
        except Failed as failed:
            sys.exit(f"kill_workers: {variant}: not so: {failed}")
        print(f"{variant}: {tally['kills']} kills in {tally['runs']} runs, {tally['photo']} of them while a photo was at "
              f"hand; photos retried: {tally['retried']}, listed as crashed: {tally['listed']}", flush=True)
        total += tally
    print(f"all: {total['kills']} kills in {total['runs']} runs, {total['photo']} of them while a photo was at hand "
          f"({total['again']} of them on the same photo again); photos retried: {total['retried']}, listed as crashed: "
          f"{total['listed']}")
    stages = {name: count for name, count in total.items()
              if name not in ("kills", "runs", "photo", "again", "retried", "listed")}
    print("stage at the kill: " + ", ".join(f"{name} {count}" for name, count in sorted(stages.items())))


main()

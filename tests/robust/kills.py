#!/usr/bin/env python3
"""Kills (SIGKILL) a worker, a trial or the harness at a random moment: scoring with every variant, making a dataset, keeping records.
What ends accounts for every photo, what goes on is whole, nothing is left: no process, no temporary file after the next run.
Usage: kills.py PHOTOFINISH [--kills N] [--seconds S] [--only SUBJECTS] [--seed N] [--jobs N] [--receipts FOLDER]"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import threading
import time

from world import Wrong, World, check, copied, finish, rows, small_spec, whole_json, write_receipt

LIMIT = 300  # seconds
PARTS = ("--stages", "facts,decode,quality")


def fields_of(pid):
    """State, parent, group, session ...; None where it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def processes():
    found = {int(name): fields_of(name) for name in os.listdir("/proc") if name.isdigit()}
    return {pid: fields for pid, fields in found.items() if fields and fields[0] not in "ZX"}


def below(pid, table):
    for child, fields in table.items():
        if int(fields[1]) == pid:
            yield child
            yield from below(child, table)


class Victim:
    """A command in a session of its own; what it starts is known by sessions."""

    def __init__(self, world, words):
        self.output, self.errors = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([world.program, *map(str, words)], stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.errors,
                                        cwd=world.path("out"), env=world.environment, start_new_session=True)
        self.sessions = {self.process.pid}

    def kill(self, what, after, chance):
        """One of the wanted processes, once there is one. Returns what was killed, None if it had ended."""
        time.sleep(after)
        wanted = None
        while not wanted:
            table = processes()
            children = list(below(self.process.pid, table))
            self.sessions |= {int(table[pid][3]) for pid in children}
            trials = [pid for pid in children if int(table[pid][1]) == self.process.pid]
            wanted = {"worker": [pid for pid in children if pid not in trials], "trial": trials, "harness": [self.process.pid]}[what]
            if self.process.poll() is not None:
                return None
            time.sleep(0 if wanted else 0.002)
        pid = chance.choice(wanted)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return None
        return what

    def end(self):
        try:
            code = self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.sweep()
            raise Wrong(f"it does not end within {LIMIT} s") from None
        self.output.seek(0)
        self.errors.seek(0)
        self.said = self.errors.read()
        deadline = time.monotonic() + 60
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.sweep()
        check(not left, f"processes are left: {left}")
        return code

    def left(self):
        return [pid for pid, fields in processes().items() if int(fields[3]) in self.sessions]

    def sweep(self):
        for pid in self.left():
            os.kill(pid, signal.SIGKILL)


def same(row, its):
    return row["status"] == "ok" and all(row[key] == its[key] for key in ("path", "measures", "factors", "score"))


class Score:
    """One variant."""

    copies = ("data",)

    def __init__(self, variant, alone):
        self.name, self.variant = variant, variant
        self.victims = ("trial", "harness") if alone else ("worker", "worker", "trial", "harness")

    def words(self, part):
        return ("score", "few", "-v", self.variant, "--workers", "2", "--json", "s.json", "--quiet", *(PARTS if part else ()))

    def prepare(self, world, reference):
        self.expected = reference
        self.seconds = {}
        for part in (False, True):
            with copied(world, *self.copies) as own:
                begin = time.monotonic()
                self.code = own.run(*self.words(part)).returncode
                self.seconds[part] = time.monotonic() - begin

    def once(self, world, what, chance):
        part = chance.random() < 0.75
        victim = Victim(world, self.words(part))
        killed = victim.kill(what, chance.random() * self.seconds[part] * 1.1, chance)
        code, scores = victim.end(), world.path("out/s.json")
        killed = None if killed == "harness" and code >= 0 else killed  # it had ended, and was not reaped yet
        found = rows(scores) if scores.exists() else []
        partial = bool(found) and found[0].get("partial", False)
        found = found[1:] if partial else found
        for row in found:
            check(row["status"] == "crashed" or same(row, self.expected[part][row["index"]]) or self.variant == "threaded",
                  f"other scores: {row}")
        if killed in (None, "worker") and self.code == 0 and not (killed and code == 2):
            check(code == 0 and not partial and [row["index"] for row in found] == list(range(len(self.expected[part]))),
                  f"{killed} was killed: it ends with {code}, {len(found)} photos: {victim.said}")
        elif killed == "worker" and code == 2:  # a process of the variant that is no worker: a loader, a detector
            check(victim.said, f"it ends with {code} and says nothing")
        elif killed == "trial":
            check(code in (0, 2) and (code == 0) == (bool(found) and not partial), f"the trial was killed: it ends with {code}, {len(found)} photos, partial: {partial}: {victim.said}")
        elif killed == "harness":
            check(code == -signal.SIGKILL, f"the harness was killed: it ends with {code}")
        return killed


class Make:
    name, copies, victims = "dataset make", (), ("trial", "harness")

    def prepare(self, world, _):
        small_spec(world.folder, "made", burst=5)
        with copied(world) as own:
            small_spec(own.folder, "made", burst=5)
            begin = time.monotonic()
            own.expect("dataset", "make", "../made.yaml", "--quiet", "--workers", "2")
            self.seconds = time.monotonic() - begin

    def once(self, world, what, chance):
        small_spec(world.folder, "made", burst=5)
        killed = None
        for _ in range(3):
            victim = Victim(world, ("dataset", "make", "../made.yaml", "--quiet", "--workers", "2"))
            killed = victim.kill(what, chance.random() * self.seconds, chance) or killed
            victim.end()
            if world.path("data/made/manifest").exists():
                world.expect("dataset", "verify", "made")
        world.expect("dataset", "make", "../made.yaml", "--quiet")
        world.expect("dataset", "verify", "made")
        return killed


class History:
    name, copies, victims = "history", ("history", "record"), ("harness",)

    def prepare(self, world, _):
        with copied(world, *self.copies) as own:
            begin = time.monotonic()
            own.expect("history", "rebuild")
            self.seconds = time.monotonic() - begin

    def once(self, world, _, chance):
        words = chance.choice((("history", "rebuild"), ("history", "add", "../record/r.json"), ("history", "rm", "last"), ("history", "list")))
        if words[1] == "add":
            for path in world.path("history/records").iterdir():
                path.unlink()
        victim = Victim(world, words)
        killed = victim.kill("harness", chance.random() * self.seconds, chance)
        victim.end()
        for path in world.path("history/records").glob("*.json"):
            whole_json(path)
        there = len(list(world.path("history/records").glob("*.json")))
        listed = world.expect("history", "list").stdout
        check(len(listed.splitlines()) == (there + 1 if there else len(listed.splitlines())), f"{there} records: {listed}")
        world.expect("history", "rebuild")
        return killed


def kill_once(template, subject, seed, tally, lock):
    chance = random.Random(seed)
    what = chance.choice(getattr(subject, "victims", ("worker", "worker", "trial", "harness")))
    with copied(template, *subject.copies) as world:
        try:
            killed = subject.once(world, what, chance)
            world.run("history", "list")  # the next run cleans up
            left = [name for name in world.leftovers() if name.startswith("tmp/")]
            check(not left, f"left behind: {left}")
        except Wrong as wrong:
            return f"{subject.name}, seed {seed}, {what}: {wrong}"
    with lock:
        tally[subject.name][killed or "ended before"] += 1
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=10000)
    parser.add_argument("--seconds", type=float, default=1e9, help="no more than so long")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--receipts")
    arguments = parser.parse_args()
    findings, tally, lock = [], collections.defaultdict(collections.Counter), threading.Lock()
    with tempfile.TemporaryDirectory(prefix="photofinish-kills-") as folder, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        world = World(arguments.program, folder)
        world.expect("dataset", "make", small_spec(world.folder, "few", burst=7), "--quiet")
        reference = {}
        for part in (False, True):
            world.expect("score", "few", "-v", "single-load", "--json", "s.json", "--quiet", *(PARTS if part else ()))
            reference[part] = rows(world.path("out/s.json"))
        world.expect("run", "null", "-d", "few", "--rounds", "1", "--quiet", "--json", "r.json")
        world.path("record").mkdir()
        os.rename(world.path("out/r.json"), world.path("record/r.json"))
        lines = [line for line in world.expect("variants").stdout.splitlines()[1:] if line and not line.startswith(" ")]
        variants = [line.split()[0] for line in lines if ", approximate " not in line] # those give other scores by design
        alone = {line.split()[0] for line in lines if "1 worker" in line or "threads" in line.split("  ")[-2] or ", threads" in line}
        listed = [name for name in variants if world.run("score", "few", "-v", name, "--quiet", *PARTS).returncode == 0]
        subjects = [subject for subject in (*(Score(name, name in alone) for name in listed), Make(), History())
                    if not arguments.only or subject.name in arguments.only.split(",")]
        for subject in subjects:
            subject.prepare(world, reference)
        print(f"kills: {len(subjects)} subjects: {', '.join(subject.name for subject in subjects)}; --seed {arguments.seed}", flush=True)
        chance, begin, number = random.Random(arguments.seed), time.monotonic(), 0
        while number < arguments.kills and time.monotonic() - begin < arguments.seconds and len(findings) < 50:
            turn = [(subjects[(number + i) % len(subjects)], chance.randrange(2**31)) for i in range(min(64, arguments.kills - number))]
            number += len(turn)
            for wrong in pool.map(lambda one: kill_once(world, *one, tally, lock), turn):
                if wrong:
                    findings.append(wrong)
                    print(f"kills: {wrong}", flush=True)
    kinds = collections.Counter()
    for counter in tally.values():
        kinds += counter
    total = sum(count for kind, count in kinds.items() if kind != "ended before")
    write_receipt(arguments.receipts, "kills", kills=total, by_victim=dict(sorted(kinds.items())), findings=len(findings), seed=arguments.seed,
                  subjects={name: dict(sorted(counter.items())) for name, counter in sorted(tally.items())})
    finish("kills", findings, f"{total} kills ({', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items()))}), --seed {arguments.seed}")


if __name__ == "__main__":
    main()

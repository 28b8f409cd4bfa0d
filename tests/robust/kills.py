#!/usr/bin/env python3
"""Kills (SIGKILL) workers, a trial or the harness at random moments: scoring with every variant, making a dataset, keeping records.
What ends accounts for every photo, what goes on is whole, nothing is left: no process, no temporary file after the next run.
Usage: kills.py PHOTOFINISH [--kills N] [--seconds S] [--only SUBJECTS] [--seed N] [--jobs N] [--receipts FOLDER] [--ledger FILE]"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import time

from sweep import Sweep, add_arguments
from world import Patience, Wrong, World, check, children_of, copied, rows, small_spec, whole_json

LIMIT_S, LEFT_S = 300, 60  # for a command, and for what it started after its end
PARTS = ("--stages", "facts,decode,quality")
PATIENT = ("--timeout", "1h", "--photo-timeout", "1h")  # by the clock: a sweep that was stopped meanwhile would be seen as late


def fields_of(pid):
    """State, parent, group, session ...; None where it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


class Victim:
    """A command in a session of its own; what it starts is known by sessions."""

    def __init__(self, world, words):
        self.output, self.errors = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([world.program, *map(str, words)], stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.errors,
                                        cwd=world.path("out"), env=world.environment, start_new_session=True)
        self.sessions, self.patience = {self.process.pid}, Patience(self.process.pid, LIMIT_S)

    def wait(self, step):
        """One step; True where the process has ended meanwhile. An error at the end of the patience."""
        try:
            self.process.wait(step)
            return True
        except subprocess.TimeoutExpired:
            if self.patience.due() and self.patience.over():
                self.sweep()
                raise Wrong(f"it does not end within {LIMIT_S} s") from None
            return False

    def kill(self, what, after, chance):
        """One of the wanted processes, once there is one. Returns what was killed, None if it had ended."""
        time.sleep(after)
        wanted = None
        while not wanted:
            trials = children_of(self.process.pid, deep=False)
            workers = [pid for trial in trials for pid in children_of(trial)]
            for fields in map(fields_of, trials + workers):
                self.sessions |= {int(fields[3])} if fields else set()
            wanted = {"worker": workers, "trial": trials, "harness": [self.process.pid]}[what]
            if (self.process.poll() if wanted else self.wait(0.002) or None) is not None:
                return None
        pid = chance.choice(wanted)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return None
        return what

    def end(self):
        while not self.wait(Patience.STEP_S):
            pass
        self.output.seek(0)
        self.errors.seek(0)
        self.said = self.errors.read()
        self.output.close()
        self.errors.close()
        patience, left = None, self.left()
        while left:
            patience = patience or Patience(left[0], LEFT_S)
            time.sleep(0.01)
            left = self.left()
            if patience.due() and patience.over():
                self.sweep()
                raise Wrong(f"processes are left: {left}")
        return self.process.returncode

    def left(self):
        found = {int(name): fields_of(name) for name in os.listdir("/proc") if name.isdigit()}
        return [pid for pid, fields in found.items() if fields and fields[0] not in "ZX" and int(fields[3]) in self.sessions]

    def sweep(self):
        for pid in self.left():
            os.kill(pid, signal.SIGKILL)


def same(row, its):
    return row["status"] == "ok" and all(row[key] == its[key] for key in ("path", "measures", "factors", "score"))


class Score:
    """One variant."""

    copies, lent = (), ("data",)

    def __init__(self, variant, alone):
        self.name, self.variant, self.alone = variant, variant, alone

    def words(self, part):
        return ("score", "few", "-v", self.variant, "--workers", "2", "--json", "s.json", "--quiet", *PATIENT, *(PARTS if part else ()))

    def prepare(self, world, reference):
        self.expected = reference
        begin = time.monotonic()
        with copied(world, lent=self.lent) as own:
            self.code = own.run(*self.words(True)).returncode
        self.seconds = {True: time.monotonic() - begin, False: 5 * (time.monotonic() - begin)}

    def plan(self, chance):
        """Some workers one after the other, alone or before the trial or the harness."""
        last = chance.choice(("trial", "harness") if self.alone else ("worker", "worker", "trial", "harness"))
        return [*((chance.choice((0, 1, 2, 3, 4)) if not self.alone else 0) * ["worker"]), last]

    def once(self, world, chance):
        part = chance.random() < 0.9
        victim, killed, after = Victim(world, self.words(part)), [], chance.random() * self.seconds[part] * 1.1
        for what in self.plan(chance):
            killed += [victim.kill(what, after, chance)]
            after = chance.random() * self.seconds[part] * 0.1
        code, scores = victim.end(), world.path("out/s.json")
        if killed[-1] == "harness" and code >= 0:
            killed[-1] = None  # it had ended, and was not reaped yet
        killed = [what for what in killed if what]
        last = killed[-1] if killed else None
        found = rows(scores) if scores.exists() else []
        partial = bool(found) and found[0].get("partial", False)
        found = found[1:] if partial else found
        for row in found:
            check(row["status"] == "crashed" or same(row, self.expected[part][row["index"]]) or self.variant == "threaded",
                  f"other scores: {row}")
        if last in (None, "worker") and self.code == 0 and not (last and code == 2):
            check(code == 0 and not partial and [row["index"] for row in found] == list(range(len(self.expected[part]))),
                  f"{killed} killed: it ends with {code}, {len(found)} photos: {victim.said}")
        elif last == "worker" and code == 2:  # a process of the variant that is no worker (a loader, a detector), or every photo lost
            check(victim.said, f"{killed} killed: it ends with {code} and says nothing")
        elif last == "trial":
            check(code in (0, 2) and (code == 0) == (bool(found) and not partial),
                  f"{killed} killed: it ends with {code}, {len(found)} photos, partial: {partial}: {victim.said}")
        elif last == "harness":
            check(code == -signal.SIGKILL, f"the harness was killed: it ends with {code}")
        return killed


class Make:
    name, copies, lent = "dataset make", (), ()
    words = ("dataset", "make", "../made.yaml", "--quiet", "--workers", "2")

    def prepare(self, world, _):
        with copied(world) as own:
            small_spec(own.folder, "made", burst=5, size=(160, 112))
            begin = time.monotonic()
            own.expect(*self.words)
            self.seconds = time.monotonic() - begin

    def once(self, world, chance):
        small_spec(world.folder, "made", burst=5, size=(160, 112))
        killed = []
        for _ in range(4):
            victim = Victim(world, self.words)
            killed += [victim.kill(chance.choice(("trial", "harness")), chance.random() * self.seconds, chance)]
            victim.end()
            if world.path("data/made/manifest").exists():
                world.expect("dataset", "verify", "made")
        world.expect(*self.words[:4])
        world.expect("dataset", "verify", "made")
        return [what for what in killed if what]


class History:
    name, copies, lent = "history", ("history",), ("record",)

    def prepare(self, world, _):
        with copied(world, *self.copies) as own:
            begin = time.monotonic()
            own.expect("history", "rebuild")
            self.seconds = time.monotonic() - begin

    def once(self, world, chance):
        killed = []
        for _ in range(3):
            words = chance.choice((("history", "rebuild"), ("history", "add", "../record/r.json"), ("history", "rm", "last"), ("history", "list")))
            if words[1] == "add":
                for path in world.path("history/records").iterdir():
                    path.unlink()
            victim = Victim(world, words)
            killed += [victim.kill("harness", chance.random() * self.seconds, chance)]
            victim.end()
            for path in world.path("history/records").glob("*.json"):
                whole_json(path)
            there = len(list(world.path("history/records").glob("*.json")))
            listed = world.expect("history", "list").stdout
            check(len(listed.splitlines()) == (there + 1 if there else len(listed.splitlines())), f"{there} records: {listed}")
        world.expect("history", "rebuild")
        return [what for what in killed if what]


def kill_once(sweep, template, subject, seed):
    with copied(template, *subject.copies, lent=subject.lent) as world:
        killed, wrong = [], None
        try:
            killed = subject.once(world, random.Random(seed))
            if any(name.startswith("tmp/") for name in world.leftovers()):
                world.run("history", "list")  # the next run cleans up
                left = [name for name in world.leftovers() if name.startswith("tmp/")]
                check(not left, f"left behind: {left}")
        except Wrong as told:
            wrong = f"{subject.name}, seed {seed}: {told}"
    sweep.add(wrong, subject=subject.name, seed=seed, killed=killed)


def template_of(world):
    """Makes in it what the subjects need; returns the reference's scores, of all stages and of some."""
    world.expect("dataset", "make", small_spec(world.folder, "few", burst=7), "--quiet")
    reference = {}
    for part in (False, True):
        world.expect("score", "few", "-v", "single-load", "--json", "s.json", "--quiet", *(PARTS if part else ()))
        reference[part] = rows(world.path("out/s.json"))
    world.timed("run", "null", "-d", "few", "--rounds", "1", "--quiet", "--json", "r.json")
    world.path("record").mkdir()
    os.rename(world.path("out/r.json"), world.path("record/r.json"))
    return reference


def subjects_of(world, only):
    lines = [line for line in world.expect("variants").stdout.splitlines()[1:] if line and not line.startswith(" ")]
    wanted = only.split(",") if only else None
    variants = [line.split()[0] for line in lines if ", approximate " not in line  # those give other scores by design
                and (not wanted or line.split()[0] in wanted)]
    alone = {line.split()[0] for line in lines if "1 worker" in line or "threads" in line.split("  ")[-2] or ", threads" in line}
    listed = [name for name in variants if world.run("score", "few", "-v", name, "--quiet", *PARTS).returncode == 0]
    return [subject for subject in (*(Score(name, name in alone) for name in listed), Make(), History()) if not wanted or subject.name in wanted]


def summary(entries):
    tally, kinds = collections.defaultdict(collections.Counter), collections.Counter()
    for entry in entries:
        for what in entry["killed"] or ["ended before"]:
            tally[entry["subject"]][what] += 1
            kinds[what] += 1
    return {"kills": sum(count for kind, count in kinds.items() if kind != "ended before"), "runs": len(entries), "by_victim": dict(kinds),
            "subjects": {name: dict(counter) for name, counter in tally.items()}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=10000, help="so many in all, those of the ledger counted")
    parser.add_argument("--only", default="")
    add_arguments(parser)
    arguments = parser.parse_args()
    sweep = Sweep("kills", arguments, summary, lambda entry: len(entry["killed"]))
    with tempfile.TemporaryDirectory(prefix="photofinish-kills-") as folder, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        world = World(arguments.program, folder)
        reference = template_of(world)
        subjects = subjects_of(world, arguments.only)
        for subject in subjects:
            subject.prepare(world, reference)
        print(f"kills: {len(subjects)} subjects: {', '.join(subject.name for subject in subjects)}; --seed {arguments.seed}", flush=True)
        chance, turn = random.Random(arguments.seed), 0
        while (sweep.n() < arguments.kills or turn < len(subjects)) and not sweep.over():  # each subject once at least
            runs = max(1, min(16, max(arguments.kills - sweep.n(), len(subjects) - turn)))
            seeds = [(subjects[(turn + i) % len(subjects)], chance.randrange(2**31)) for i in range(runs)]
            turn += len(seeds)
            list(pool.map(lambda one: kill_once(sweep, world, *one), seeds))
        world.expect("dataset", "verify", "few")  # it was lent
    found = summary(sweep.entries)
    sweep.finish(f"{found['kills']} kills ({', '.join(f'{kind} {count}' for kind, count in sorted(found['by_victim'].items()))})")


if __name__ == "__main__":
    main()

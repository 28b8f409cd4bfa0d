"""What a sweep has done: a line of JSON for each piece of its work, appended as it ends, and the receipt that is made of all of them. A
sweep that is ended or killed loses the pieces at hand; the next one with the same ledger goes on. Receipts say how much ran at which commit.
As a program it prints a line for each receipt. Usage: sweep.py FOLDER"""
import collections
import datetime
import fcntl
import json
import os
import pathlib
import platform
import random
import signal
import subprocess
import sys
import threading
import time

from world import ROOT

RECEIPT_S = 60  # the receipt is written that often, and at the end


def add_arguments(parser):
    parser.add_argument("--seconds", type=float, default=1e9, help="no more than so long")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--receipts", help="folder for the receipt")
    parser.add_argument("--ledger", help="file that gets a line for each piece of work; one that is there is gone on with")


def commit():
    """The tree's, with a + where it has changes."""
    def git(*words):
        return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True).stdout.strip()
    found = git("rev-parse", "--short=12", "HEAD")
    return (found or "unknown") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")


def machine():
    model = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    return f"{model or platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}"


class Sweep:
    """`summary(entries)` makes the figures of the receipt; `weight(entry)` is an entry's share of n. Entries may be added by any thread."""

    def __init__(self, name, arguments, summary, weight=lambda entry: 1):
        self.name, self.receipts, self.summary, self.weight = name, arguments.receipts, summary, weight
        self.seed, self.until = arguments.seed, time.monotonic() + arguments.seconds
        self.entries, self.found, self.file, self.lock = [], [], None, threading.RLock()
        self.commit, self.told, self.stopped = commit(), time.monotonic(), threading.Event()
        if arguments.ledger:
            self.open(pathlib.Path(arguments.ledger))
        signal.signal(signal.SIGTERM, lambda *_: self.stopped.set())

    def open(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("a+")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"{self.name}: {path}: another sweep writes to it")
        self.file.seek(0)
        text = self.file.read()
        for line in text.splitlines():
            try:
                self.entries.append(json.loads(line))
            except ValueError:
                pass  # cut off where a sweep was killed
        if text and not text.endswith("\n"):
            self.file.write("\n")

    def over(self):
        """No more work: the time is up, somebody asked for it (SIGTERM), or enough was found."""
        return self.stopped.is_set() or time.monotonic() > self.until or len(self.found) >= 50

    def n(self):
        with self.lock:
            return sum(map(self.weight, self.entries))

    def add(self, wrong=None, **entry):
        today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        entry = {"commit": self.commit, "date": today, **entry, **({"wrong": wrong} if wrong else {})}
        with self.lock:
            self.entries.append(entry)
            if self.file:
                self.file.write(json.dumps(entry, sort_keys=True) + "\n")
                self.file.flush()
            if wrong:
                self.found.append(wrong)
                print(f"{self.name}: FOUND: {wrong[:1500]}", file=sys.stderr, flush=True)
            if time.monotonic() - self.told > RECEIPT_S:
                self.write_receipt()

    def write_receipt(self):
        """One JSON file a sweep, the newest in place of the one before."""
        self.told = time.monotonic()
        if not self.receipts or not self.entries:
            return
        commits = collections.Counter()
        for entry in self.entries:
            commits[entry["commit"]] += self.weight(entry)
        dates = sorted(entry["date"] for entry in self.entries)
        found = [f"{entry['wrong'][:300]} ({entry['commit']})" for entry in self.entries if entry.get("wrong")]
        receipt = {"sweep": self.name, "dates": sorted({dates[0], dates[-1]}), "commits": dict(commits), "machine": machine(),
                   "findings": found, **self.summary(self.entries)}
        path = pathlib.Path(self.receipts) / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".new").write_text(json.dumps(receipt, indent=2, sort_keys=True) + "\n")
        path.with_suffix(".new").rename(path)

    def finish(self, said):
        """Ends the program: 1 where this run found something."""
        with self.lock:
            self.write_receipt()
        print(f"{self.name}: {said}; --seed {self.seed}; {len(self.found)} findings", flush=True)
        sys.exit(1 if self.found else 0)


def line_of(receipt):
    """What of a receipt says how far it came."""
    said = [f"{receipt[what]:,} {what.replace('_', ' ')}" for what in ("kills", "mutations", "through_all_stages", "verdicts", "came_to_pass", "tried", "sites", "runs",
                                                                       "executions") if what in receipt]
    said += [f"{its['executions']:,} of {name}" for name, its in sorted(receipt.get("targets", {}).items())]
    commits = ", ".join(f"{count:,} at {name}" for name, count in receipt["commits"].items())
    return f"{receipt['sweep']}: {', '.join(said)}; {len(receipt['findings'])} findings; {commits}"


if __name__ == "__main__":
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
        print(line_of(json.loads(path.read_text())))

#!/usr/bin/env python3
"""What the sweeps themselves rest on: a command that hangs is found, whether it sleeps or computes; one that was stopped together with its
sweep is not called hanging; a ledger goes on behind a line that was cut off, and its receipt counts what ran at which commit."""
import argparse
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

from sweep import Sweep
from world import Wrong, World


def check(condition, what):
    if not condition:
        sys.exit(f"sweep_test: not so: {what}")


def is_found(folder, script, limit):
    """Whether a command is called hanging."""
    try:
        World("/bin/sh", folder).run("-c", script, limit=limit)
        return False
    except Wrong:
        return True


def check_hangs(folder):
    begin = time.monotonic()
    check(is_found(folder, "sleep 600 & wait", 2), "one that sleeps is found")
    check(is_found(folder, "while :; do :; done", 1), "one that computes is found")
    check(time.monotonic() - begin < 500, "long before it ends")
    check(not is_found(folder, "sleep 1", 60), "one that ends is not")


def check_stopped(folder):
    """The world stands still for longer than the limit."""
    pid = os.fork()
    if pid == 0:
        os._exit(is_found(folder, "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done", 3))
    time.sleep(0.5)
    stopped = [pid]
    for one in stopped:
        os.kill(one, signal.SIGSTOP)
        stopped += [int(child) for child in pathlib.Path(f"/proc/{one}/task/{one}/children").read_text().split()]
    time.sleep(6)
    for one in stopped:
        os.kill(one, signal.SIGCONT)
    check(os.waitpid(pid, 0)[1] == 0, "one that was stopped with its sweep is not called hanging")


def check_ledger(folder):
    def opened():
        arguments = argparse.Namespace(receipts=folder, seed=1, seconds=60, ledger=f"{folder}/ledger.jsonl")
        return Sweep("made", arguments, lambda entries: {"n": sum(entry["n"] for entry in entries)}, lambda entry: entry["n"])
    first = opened()
    first.commit = "a"
    first.add(n=3)
    first.file.write('{"n": 99, "commit": "a", "da')  # killed meanwhile
    first.file.close()
    second = opened()
    second.commit = "b"
    check(second.n() == 3, "what was done is known, what was cut off is not")
    second.add("something", n=4)
    second.write_receipt()
    second.file.close()
    receipt = json.loads(pathlib.Path(f"{folder}/made.json").read_text())
    check((receipt["n"], receipt["commits"], receipt["findings"]) == (7, {"a": 3, "b": 4}, ["something (b)"]), f"the receipt: {receipt}")
    third = opened()
    check(third.n() == 7 and not third.found, "what an earlier one found does not end this one")


def main():
    with tempfile.TemporaryDirectory(prefix="photofinish-sweep-") as folder:
        check_ledger(folder)
        check_hangs(folder)
        check_stopped(folder)
    print("sweeps: hangs are found, a world that stands still is none, ledgers go on")


if __name__ == "__main__":
    main()

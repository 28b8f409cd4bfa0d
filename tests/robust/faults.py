#!/usr/bin/env python3
"""Lets every call of a kind fail in turn, and every place that allocates, while photofinish scores, runs, makes datasets, keeps
and exports: nothing crashes, hangs, is lost without a word, or lies cut under its final name.
Usage: faults.py PHOTOFINISH FAULT_CALLS FAULT_ALLOCATIONS [--every] [--sample N] [--only COMMANDS] [--kinds KINDS] [--within FUNCTIONS] [--seed N]
                 [--receipts FOLDER] [--ledger FILE]
With a ledger, faults that it has of this very program are not tried again."""
import argparse
import collections
import concurrent.futures
import hashlib
import os
import pathlib
import random
import re
import struct
import subprocess
import tempfile

from sweep import Sweep, add_arguments
from world import Wrong, World, check, clean_end, copied, rows, small_spec, whole_json

EVERY = 128  # so many calls of a kind are failed one by one; of more, the first and the last of each place that calls
KINDS = ("open", "read", "write", "sync", "rename", "map", "fork", "pipe", "file")
PLACES, HEAD, PLACE = 65536, struct.Struct("<4Q"), struct.Struct("<8Q")
UNLINKS = {87, 263, 35}  # a temporary file whose removal failed may lie there


def kept(world, result, command):
    """What was measured is in the history, or it is said that it is not."""
    listed = world.run("history", "list")
    check(listed.returncode == 0, f"the history cannot be read any more: {listed.stderr}")
    if result.returncode == 0 and "history" not in result.stderr and "photofinish:" not in result.stderr:
        check(command in listed.stdout, f"the record was lost without a word: {listed.stdout}{listed.stderr}{result.stderr}")


PATIENT = ("--timeout", "1h", "--photo-timeout", "1h")  # by the clock: a sweep that was stopped meanwhile would be seen as late


class Score:
    words = ("score", "few", "-v", "parallel", "--workers", "2", "--json", "s.json", "--csv", "s.csv", "--best", "best", "--quiet", *PATIENT)
    copies, lent = ("cache",), ("data",)

    def after(self, world, result, expected):
        scores, table = world.path("out/s.json"), world.path("out/s.csv")
        if scores.exists():
            found = rows(scores)
            part = found and found[0].get("partial")
            for row in found[1:] if part else found:
                its = expected[row["index"]]
                check(row["status"] != "ok" or all(row[key] == its[key] for key in ("path", "measures", "factors", "score")), f"other scores: {row}")
            check(part or [row["index"] for row in found] == list(range(len(expected))), f"photos are missing: {found}")
            check(not part or result.returncode, "a part, and the end is well")
        if table.exists():
            check(table.read_text().endswith("\n"), "the CSV is cut")
        if result.returncode == 0:
            check(scores.exists() and table.exists() and world.path("out/best").exists(), "an output is missing")
            check(len(table.read_text().splitlines()) == len(expected) + 1, f"lines of the CSV: {table.read_text()}")


class Run:
    words = ("run", "single-load", "-d", "few", "--rounds", "1", "--quiet", "--json", "r.json", *PATIENT)
    copies, lent = ("cache",), ("data",)

    def after(self, world, result, _):
        record = world.path("out/r.json")
        if record.exists():
            found = whole_json(record)
            check(result.returncode or not found["partial"], "a part, and the end is well")
        check(result.returncode or record.exists(), "the record is missing")
        kept(world, result, self.words[0])


class Journey(Run):
    words = ("journey", "--only", "null,single-load,parallel", "-d", "few", "--rounds", "1", "--stages", "facts,decode,quality", "--quiet", "--json", "r.json", *PATIENT)


class Make:
    words = ("dataset", "make", "../made.yaml", "--quiet", "--workers", "2")
    copies, lent = (), ()
    least = {"sync": 11}  # of 3 photos, each before the journal names it, of journal, truth, manifest and their folders

    def prepare(self, world):
        small_spec(world.folder, "made")

    def after(self, world, result, _):
        made = world.path("data/made")
        if (made / "manifest").exists():
            verified = world.run("dataset", "verify", "made")
            check(verified.returncode == 0, f"the manifest is there, the photos are not: {verified.stdout}{verified.stderr}")
        check(result.returncode or (made / "manifest").exists(), "the end is well, and there is no manifest")
        again = world.run("dataset", "make", "../made.yaml", "--quiet")
        check(again.returncode == 0, f"it cannot be gone on with: {again.stderr}")
        check(world.run("dataset", "verify", "made").returncode == 0, "gone on with, it is not whole")


class History:
    copies, lent = ("history",), ("record",)
    words = ("history", "add", "../record/r.json")

    def prepare(self, world):
        for path in world.path("history").glob("records/*"):
            path.unlink()

    def after(self, world, result, _):
        for path in world.path("history").glob("records/*"):
            whole_json(path)
        listed = world.run("history", "list")
        check(listed.returncode == 0, f"the history cannot be read any more: {listed.stderr}")
        check(result.returncode or len(listed.stdout.splitlines()) == 2, f"it was lost without a word: {listed.stdout}")


class Shown:
    copies, lent = ("history",), ()
    words = ("history", "show", "last")

    def after(self, world, result, expected):
        check(result.returncode or result.stdout == expected.stdout or result.stderr, f"something is missing: {result.stdout}")
        check(world.run("history", "list").returncode == 0, "the history cannot be read any more")


class Export:
    copies, lent = (), ("record",)
    words = ("export", "--format", "csv", "../record/r.json")

    def after(self, _, result, expected):
        check(result.returncode or result.stdout == expected.stdout, f"something is missing: {result.stdout}")


class ExportFile(Export):
    words = ("export", "--format", "junit", "../record/r.json", "--output", "e.xml")

    def after(self, world, result, _):
        path = world.path("out/e.xml")
        check(result.returncode or path.exists(), "it is missing")
        check(not path.exists() or path.read_text().rstrip().endswith("</testsuites>"), "it is cut")


class Bench:
    """The list of benchmarks; Google Benchmark's own allocations are not for us to fail."""
    copies, lent = (), ()
    words = ("bench", "--benchmark_list_tests")

    def after(self, _, result, expected):
        check(result.returncode == 2 or result.stdout == expected.stdout, f"something is missing: {result.stdout}")


COMMANDS = {"score": Score(), "run": Run(), "journey": Journey(), "make": Make(), "history": History(), "show": Shown(), "export": Export(),
            "export-file": ExportFile()}
MORE = {"bench": Bench()}  # with --only and --within


class Injector:
    """How one fault gets into a run, and what is known of it afterwards."""

    def __init__(self, arguments, kind, at):
        self.arguments, self.kind, self.at = arguments, kind, at
        self.reached, self.unlinking, self.orphans, self.said = False, False, False, ""

    def around(self, world):
        if self.kind != "allocate":
            return {"before": (self.arguments.calls, self.kind, str(self.at), world.path("fault"))}
        place, number, caller = self.at
        with open(world.path("fault"), "wb") as file:
            file.write(HEAD.pack(place, number, 0, caller))
            file.truncate(HEAD.size + PLACES * PLACE.size)
        return {"LD_PRELOAD": self.arguments.allocations, "PF_FAULT_TABLE": str(world.path("fault"))}

    def read(self, world):
        if self.kind == "allocate":
            with open(world.path("fault"), "rb") as file:
                self.reached = HEAD.unpack(file.read(HEAD.size))[2] > 0
            return
        _, failed, call, process, left = world.path("fault").read_text().splitlines()[0].split()
        self.reached, self.unlinking, self.orphans = failed != "0", int(call) in UNLINKS, left != "0"
        self.said = f" (system call {call} of {process})"


def once(arguments, template, name, injector, expected):
    """One run with one fault. Returns what does not hold, or None, and whether the fault came to pass."""
    command = {**COMMANDS, **MORE}[name]
    with copied(template, *command.copies, lent=command.lent) as world:
        if hasattr(command, "prepare"):
            command.prepare(world)
        try:
            result = world.run(*command.words, **injector.around(world))
            injector.read(world)
            clean_end(result, mute=injector.kind == "write")
            check(not injector.orphans, "processes are left")
            check(injector.unlinking or not world.leftovers(), f"left behind: {world.leftovers()}")
            command.after(world, result, expected)
        except Wrong as wrong:
            return str(wrong), injector
        return None, injector


def places_of(path):
    """The places that allocated: {hash: (count, caller, frames)}."""
    data = path.read_bytes()[HEAD.size:]
    found = {}
    for place in PLACE.iter_unpack(data):
        if place[0]:
            found[place[0]] = (place[1], place[6], tuple((offset, place[5] >> i & 1) for i, offset in enumerate(place[2:5])))
    return found


def named(arguments, places):
    """Our frames of places, by function and line: {hash: text}."""
    said = {}
    for library in (False, True):
        module = pathlib.Path(arguments.program).resolve().parent / "libphotofinish.so" if library else arguments.program
        offsets = sorted({offset for frames in places.values() for offset, within in frames if offset and bool(within) == library})
        lines = subprocess.run(["addr2line", "-fs", "-e", module], input="".join(f"{offset - 1:#x}\n" for offset in offsets), capture_output=True,
                               text=True).stdout.splitlines()
        said.update({(offset, library): f"{function} ({line})" for offset, function, line in zip(offsets, lines[::2], lines[1::2])})
    return {place: " < ".join(said.get((offset, bool(within)), "?") for offset, within in frames if offset) for place, frames in places.items()}


def by_chain(found):
    """First and last allocation of each place: one of those with the same calls of ours, and the others, which differ within libraries alone."""
    seen, first, rest = collections.Counter(), [], []
    for place, (count, caller, frames) in found.items():
        for number in sorted({1, count}):
            (rest if seen[frames, number > 1] else first).append(("allocate", (place, number, caller)))
            seen[frames, number > 1] += 1
    return first, rest


def faults_of(arguments, template, name, kinds):
    """Runs the command undisturbed, counting. Returns what to compare with, and all faults, (kind, at), those last that are least apart."""
    command, faults, last, expected = {**COMMANDS, **MORE}[name], [], [], None
    for kind in kinds:
        with copied(template, *command.copies, lent=command.lent) as world:
            if hasattr(command, "prepare"):
                command.prepare(world)
            injector = Injector(arguments, kind, (0, 0, 0) if kind == "allocate" else 0)
            result = world.run(*command.words, **injector.around(world))
            check(result.returncode in (0, 2), f"{name}: undisturbed ({kind}) it ends with {result.returncode}: {result.stdout}{result.stderr}")
            if kind == "allocate":
                found = places_of(world.path("fault"))
                names = named(arguments, {place: frames for place, (_, _, frames) in found.items()})
                # Those of libraries' constructors before main are not: the program has not begun.
                found = {place: value for place, value in found.items()
                         if re.search(arguments.within, names[place]) and not re.fullmatch(r"_start \(.*\)", names[place])}
                check(found, f"{name}: nothing is allocated within {arguments.within}")
                arguments.places.update(names)
                first, last = by_chain(found)
                faults += first
            else:
                head, *lines = world.path("fault").read_text().splitlines()
                count = int(head.split()[0])
                least = getattr(command, "least", {}).get(kind, 0)
                check(count >= least, f"{name}: {count} calls to {kind}, and there should be {least} at least")
                called = sorted({int(number) for line in lines for number in line.split()})
                faults += [(kind, number) for number in (range(1, count + 1) if count <= EVERY or arguments.every else called)]
                faults += [(kind, "1+")] if kind in ("write", "open", "map", "fork", "sync") and count else []  # all of them: a full disk, no memory
            expected = rows(world.path("out/s.json")) if name == "score" else result
    return expected, faults, last


def template_of(arguments, folder):
    """A world in which all is there that the commands need."""
    world, names = World(arguments.program, folder), set(arguments.only.split(","))
    world.expect("dataset", "make", small_spec(world.folder, "few"), "--quiet")
    world.path("record").mkdir()
    if names & {"score", "run", "journey"}:
        world.expect(*Score.words)
        world.timed(*Run.words)
        os.rename(world.path("out/r.json"), world.path("record/r.json"))
    world.timed(*Journey.words)
    if not world.path("record/r.json").exists():
        os.rename(world.path("out/r.json"), world.path("record/r.json"))
    return world


def identity(arguments):
    """Of the program: its places are known by offsets."""
    folder = pathlib.Path(arguments.program).resolve().parent
    found = hashlib.sha256()
    for path in (pathlib.Path(arguments.program), folder / "libphotofinish.so"):
        found.update(path.read_bytes() if path.exists() else b"")
    return found.hexdigest()[:12]


def key(kind, at):
    return f"{kind} {at[0]:x}:{at[1]}" if kind == "allocate" else f"{kind} {at}"


def summary(entries):
    """Of each command its sites and the faults of them that came to pass, in that build of which most were tried, the newest of such."""
    builds = collections.defaultdict(dict)
    for entry in entries:
        if "sites" in entry:
            builds[entry["command"]].setdefault(entry["build"], {"commit": entry["commit"], "build": entry["build"], "kinds": {}})["kinds"].update(
                {kind: {"sites": count, "tried": 0, "came_to_pass": 0} for kind, count in entry["sites"].items()})
    for entry in entries:
        found = builds[entry["command"]].get(entry["build"], {"kinds": {}})["kinds"].get(entry.get("fault", "").split(" ")[0])
        if found:
            found["tried"] += 1
            found["came_to_pass"] += entry["reached"]

    def tried(build):
        return sum(kind["tried"] for kind in build["kinds"].values())
    commands = {name: max(reversed(its.values()), key=tried) for name, its in builds.items()}
    kinds = [kind for command in commands.values() for kind in command["kinds"].values()]
    return {"sites": sum(kind["sites"] for kind in kinds), "tried": sum(kind["tried"] for kind in kinds),
            "came_to_pass": sum(kind["came_to_pass"] for kind in kinds), "tried_of_all_builds": sum("fault" in entry for entry in entries), "commands": commands}


def take(sweep, arguments, template, name, expected, faults, pool):
    """Those of one command's faults that the ledger has not yet."""
    done = {entry["fault"] for entry in sweep.entries if entry["command"] == name and entry["build"] == arguments.build and "fault" in entry}
    faults, reached = [fault for fault in faults if key(*fault) not in done], collections.Counter()

    def one(fault):
        if sweep.over():
            return
        kind, at = fault
        wrong, injector = once(arguments, template, name, Injector(arguments, kind, at), expected)
        if wrong:
            where = f"{at[0]:x}:{at[1]} {arguments.places.get(at[0], '')}" if kind == "allocate" else f"{at}{injector.said}"
            wrong = f"{name}: {kind} {where}: {wrong}"
        sweep.add(wrong, command=name, build=arguments.build, fault=key(kind, at), reached=injector.reached)
        reached[kind] += injector.reached
    list(pool.map(one, faults))
    tried = collections.Counter(kind for kind, _ in faults)
    print(f"faults: {name}: " + ", ".join(f"{kind} {reached[kind]} of {tried[kind]}" for kind in tried), flush=True)


def take_all(sweep, arguments, template, kinds, pool):
    """All commands' faults, first those that differ most."""
    later = []
    for name in arguments.only.split(",") if not sweep.over() else ():
        expected, faults, last = faults_of(arguments, template, name, kinds)
        sites = collections.Counter(kind for kind, _ in faults + last)
        if not any(entry.get("sites") == sites and entry["command"] == name and entry["build"] == arguments.build for entry in sweep.entries):
            sweep.add(command=name, build=arguments.build, sites=sites)
        if arguments.sample:
            faults, last = arguments.chance.sample(faults + last, min(len(faults + last), max(1, arguments.sample // len(arguments.only.split(","))))), []
        take(sweep, arguments, template, name, expected, faults, pool)
        later.append((name, expected, last))
    for name, expected, last in later:
        take(sweep, arguments, template, name, expected, last, pool)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("calls")
    parser.add_argument("allocations")
    parser.add_argument("--sample", type=int, default=0, help="so many faults, drawn evenly (0: all)")
    parser.add_argument("--only", default=",".join(COMMANDS))
    parser.add_argument("--kinds", default=",".join((*KINDS, "allocate")))
    parser.add_argument("--every", action="store_true", help="every call of a kind, however many")
    parser.add_argument("--within", default="", help="allocations within these functions alone (a regular expression)")
    add_arguments(parser)
    arguments = parser.parse_args()
    arguments.places, arguments.chance, arguments.build = {}, random.Random(arguments.seed), identity(arguments)
    arguments.calls, arguments.allocations = os.path.realpath(arguments.calls), os.path.realpath(arguments.allocations)
    kinds = [kind for kind in arguments.kinds.split(",") if kind != "allocate" or os.path.exists(arguments.allocations)]
    sweep = Sweep("faults", arguments, summary, lambda entry: int("fault" in entry))
    with tempfile.TemporaryDirectory(prefix="photofinish-faults-") as folder, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        template = template_of(arguments, folder)
        take_all(sweep, arguments, template, kinds, pool)
        template.expect("dataset", "verify", "few")  # it was lent
    found = summary(sweep.entries)
    sweep.finish(f"{found['came_to_pass']} faults came to pass, of {found['tried']} tried and {found['sites']} sites")


if __name__ == "__main__":
    main()

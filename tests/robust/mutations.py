#!/usr/bin/env python3
"""Damages photos at random and scores them with every variant: each gives each photo the same verdict, and the same scores. Most are
small, from 8 to 256 px a side, of all ways of coding that cjpeg has. One of 200 goes through all stages; the others without pose and faces,
which take nearly all of the time and do not read the file.
Usage: mutations.py PHOTOFINISH [--mutations N] [--batch N] [--seconds S] [--only VARIANTS] [--seed N] [--jobs N] [--receipts FOLDER]
                    [--ledger FILE]"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile

from sweep import Sweep, add_arguments
from world import ROOT, Wrong, World, check, clean_end, rows, small_spec

WHOLE = 10   # after every so many batches one of a twentieth of their size, through all stages
PATIENT = ("--timeout", "1h", "--photo-timeout", "1h")  # by the clock: a sweep that was stopped meanwhile would be seen as late
PARTS = ("--stages", "facts,decode,quality")
KEYS = ("path", "status", "error", "burst", "rank", "measures", "factors", "score")
MARKERS = (0xC0, 0xC1, 0xC2, 0xC4, 0xC9, 0xD0, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE0, 0xE1, 0xEE, 0xFE, 0xFF)


def segments(photo):
    """Where marker segments of the head begin and end."""
    found, at = [], 2
    while at + 4 <= len(photo) and photo[at] == 0xFF and photo[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(photo[at + 2:at + 4], "big")
        found.append((at, end))
        at = end
    return found


def coded_ways(chance):
    """Options of cjpeg."""
    words = ["-quality", str(chance.choice((5, 50, 90, 93, 100))), "-sample", chance.choice(("1x1", "2x1", "2x1", "2x2", "2x2", "1x2", "4x1"))]
    words += chance.choice(([], [], [], ["-optimize"], ["-optimize"], ["-progressive"], ["-restart", "1"], ["-restart", "3B"], ["-arithmetic"]))
    return words + chance.choice(([], [], [], [], ["-grayscale"]))


def smaller(photo, chance, ways, most=256):
    """A part of a photo as a photo of its own, every other one with the EXIF of the whole; None where cjpeg does not know the ways."""
    pixels = subprocess.run(["djpeg", "-pnm", "-rgb"], input=photo, capture_output=True).stdout
    head = re.match(rb"P6\s+(\d+) (\d+)\s+255\s", pixels)
    width, height = (int(number) for number in head.groups())
    wide, high = (min(side, chance.choice((8, 16, 17, 40, 64, 65, 96, 128, most))) for side in (width, height))
    left, top = chance.randrange(width - wide + 1), chance.randrange(height - high + 1)
    lines = (pixels[head.end() + 3 * (width * (top + y) + left):][:3 * wide] for y in range(high))
    made = subprocess.run(["cjpeg", *ways], input=b"P6 %d %d 255\n" % (wide, high) + b"".join(lines), capture_output=True).stdout
    facts = next((photo[begin:end] for begin, end in segments(photo) if photo[begin + 1] == 0xE1), b"") if chance.random() < 0.5 else b""
    return made[:2] + facts + made[2:] if made else None


def photos_of(world, chance, small):
    """Photos to damage: of the repository, rendered ones, and `small` parts of those, which are drawn most."""
    files = [*(ROOT / "tests/photos").rglob("*.[jJ][pP]*[gG]"), *world.path("data/few/photos").rglob("*.[jJ][pP]*[gG]")]
    photos = [path.read_bytes() for path in sorted(files)]
    rendered = [path.read_bytes() for path in sorted(world.path("data/few/photos").rglob("*.[jJ][pP]*[gG]"))]
    return photos + [part for _ in range(small if shutil.which("cjpeg") and shutil.which("djpeg") else 0)
                     if (part := smaller(chance.choice(rendered), chance, coded_ways(chance)))]


def mutated(photos, chance):
    """One of the photos with one to four changes."""
    photo = bytearray(chance.choice(photos))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        at = chance.randrange(max(1, chance.choice((len(photo), min(len(photo), 1024)))))
        kind = chance.randrange(9)
        if kind == 0:
            photo[at:at + 1] = bytes((chance.randrange(256),))
        elif kind == 1:
            photo[at:at + 1] = bytes((photo[at] ^ 1 << chance.randrange(8),)) if photo else b""
        elif kind == 2:
            del photo[at:at + chance.choice((1, 2, 16, 200))]
        elif kind == 3:
            photo[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 2, 16, 200))))
        elif kind == 4:
            del photo[chance.randrange(len(photo) + 1):]
        elif kind == 5:
            photo[at:at + 2] = bytes((0xFF, chance.choice(MARKERS)))
        elif kind == 6:
            other = chance.choice(photos)
            photo[at:] = other[chance.randrange(len(other)):]
        elif kind == 7 and segments(photo):
            begin, end = chance.choice(segments(photo))
            piece = photo[begin:end]
            if chance.random() < 0.5:
                del photo[begin:end]
            else:
                photo[begin:begin] = piece
        else:
            photo[at:at + 2] = bytes((chance.choice((0, 1, 0x7F, 0x80, 0xFF)), chance.choice((0, 1, 8, 17, 0xFF))))
        photo = photo or bytearray(b"\0")
    return bytes(photo)


def verdicts(world, variant, folder, stages):
    result = world.run("score", folder, "-v", variant, "--workers", "2", "--json", f"{variant}.json", "--quiet", *PATIENT, *stages, limit=900)
    clean_end(result, quoted=variant == "threaded")
    path = world.path(f"out/{variant}.json")
    check(path.exists(), f"it wrote no scores and ends with {result.returncode}: {result.stderr}")
    found = rows(path)
    path.unlink()
    check(variant == "threaded" or not (found and found[0].get("partial")), f"it ends with {result.returncode}: {result.stderr}")
    return {row["path"]: {key: row.get(key) for key in KEYS} for row in found if "partial" not in row}


def batch_of(folder, photos, count, seed):
    """Writes that many damaged photos."""
    chance = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:05}.jpg").write_bytes(mutated(photos, chance))


def compare(world, variant, folder, stages, expected, kept):
    """What another variant says otherwise, or None; and how many verdicts it gave."""
    try:
        found = verdicts(world, variant, folder, stages)
    except Wrong as wrong:
        return f"{variant}: {wrong}", 0
    for path, row in expected.items():
        its = found.get(path)
        if variant == "threaded" and (not its or its["status"] in ("ok", "internal", "crashed")):
            continue
        if its != row:
            shutil.copy(folder / os.path.basename(path), kept)
            return f"{variant}: {kept / os.path.basename(path)}: {its} instead of {row}", len(found)
    return (f"{variant}: more photos than there are" if found.keys() - expected.keys() else None), len(found)


def take_batch(sweep, pool, world, variants, photos, size, whole, kept):
    seed, folder, stages = sweep.chance.randrange(2**31), world.path("batch"), () if whole else PARTS
    batch_of(folder, photos, size, seed)
    statuses, pairs, wrongs = {}, 0, []
    try:
        expected = verdicts(world, variants[0], folder, stages)
        check(len(expected) == size, f"{len(expected)} photos of {size}")
        statuses, pairs = collections.Counter(row["status"] for row in expected.values()), size
        for wrong, count in pool.map(lambda variant: compare(world, variant, folder, stages, expected, kept), variants[1:]):
            pairs += count
            wrongs += [wrong] if wrong else []
    except Wrong as wrong:
        wrongs = [f"{variants[0]}: {wrong}"]
    sweep.add("; ".join(wrongs), seed=seed, photos=size, whole=whole, verdicts=pairs, variants=variants, statuses=dict(statuses))


def summary(entries):
    statuses, variants = collections.Counter(), set()
    for entry in entries:
        statuses.update(entry["statuses"])
        variants.update(entry["variants"])
    return {"mutations": sum(entry["photos"] for entry in entries), "through_all_stages": sum(entry["photos"] for entry in entries if entry["whole"]),
            "verdicts": sum(entry["verdicts"] for entry in entries), "statuses": dict(statuses), "variants": sorted(variants)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--mutations", type=int, default=100000, help="so many in all, those of the ledger counted")
    parser.add_argument("--batch", type=int, default=1000, help="photos of one folder")
    parser.add_argument("--only", default="")
    add_arguments(parser)
    arguments = parser.parse_args()
    sweep, batches = Sweep("mutations", arguments, summary, lambda entry: entry["photos"]), 0
    sweep.chance = random.Random(arguments.seed)
    kept = pathlib.Path(tempfile.mkdtemp(prefix="photofinish-mutants-"))
    with tempfile.TemporaryDirectory(prefix="photofinish-mutations-") as folder, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        world = World(arguments.program, folder)
        world.expect("dataset", "make", small_spec(world.folder, "few"), "--quiet")
        photos = photos_of(world, random.Random(1), 400 if arguments.mutations > 10000 else 40)
        lines = [line.split()[0] for line in world.expect("variants").stdout.splitlines()[1:] if line and not line.startswith(" ")
                 and ", approximate " not in line]  # those give other scores by design
        variants = [name for name in lines if name != "null" and (not arguments.only or name in arguments.only.split(",") + ["double-load"])
                    and world.run("score", "few", "-v", name, "--quiet", *PARTS).returncode == 0]
        print(f"mutations: {len(variants)} variants: {', '.join(variants)}; {len(photos)} photos to damage; --seed {arguments.seed}", flush=True)
        while sweep.n() < arguments.mutations and not sweep.over():
            whole = batches % WHOLE == 0
            size = max(1, min(arguments.batch // (20 if whole else 1), arguments.mutations - sweep.n()))
            take_batch(sweep, pool, world, variants, photos, size, whole, kept)
            batches += 1
    if not sweep.found:
        shutil.rmtree(kept)
    found = summary(sweep.entries)
    sweep.finish(f"{found['mutations']} mutated photos ({found['through_all_stages']} through all stages), {found['verdicts']} verdicts of {len(variants)} variants")


if __name__ == "__main__":
    main()

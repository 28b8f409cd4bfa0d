#!/usr/bin/env python3
"""Damages photos at random and scores them with every variant: each gives each photo the same verdict, and the same scores. One batch of
ten goes through all stages; the others without pose and faces, which take nearly all of the time and do not read the file.
Usage: mutations.py PHOTOFINISH [--mutations N] [--seconds S] [--only VARIANTS] [--seed N] [--jobs N] [--receipts FOLDER]"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import shutil
import tempfile
import time

from world import ROOT, Wrong, World, check, clean_end, finish, rows, small_spec, write_receipt

BATCH = 150  # photos of one folder
WHOLE = 10   # every so many batches all stages
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
    result = world.run("score", folder, "-v", variant, "--workers", "2", "--json", f"{variant}.json", "--quiet", *stages, limit=900)
    clean_end(result, quoted=variant == "threaded")
    path = world.path(f"out/{variant}.json")
    check(path.exists(), f"it wrote no scores and ends with {result.returncode}: {result.stderr}")
    found = rows(path)
    path.unlink()
    check(variant == "threaded" or not (found and found[0].get("partial")), f"it ends with {result.returncode}: {result.stderr}")
    return [{key: row.get(key) for key in KEYS} for row in found if "partial" not in row]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--mutations", type=int, default=100000)
    parser.add_argument("--seconds", type=float, default=1e9, help="no more than so long")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--receipts")
    arguments = parser.parse_args()
    findings, statuses, done, whole, pairs, chance, begin = [], collections.Counter(), 0, 0, 0, random.Random(arguments.seed), time.monotonic()
    batches = 0
    kept = pathlib.Path(tempfile.mkdtemp(prefix="photofinish-mutants-"))
    with tempfile.TemporaryDirectory(prefix="photofinish-mutations-") as folder, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        world = World(arguments.program, folder)
        world.expect("dataset", "make", small_spec(world.folder, "few"), "--quiet")
        files = [*(ROOT / "tests/photos").rglob("*.[jJ][pP]*[gG]"), *world.path("data/few/photos").rglob("*.[jJ][pP]*[gG]")]
        photos = [path.read_bytes() for path in sorted(files)]
        lines = [line.split()[0] for line in world.expect("variants").stdout.splitlines()[1:] if line and not line.startswith(" ")
                 and ", approximate " not in line] # those give other scores by design
        variants = [name for name in lines if name != "null" and (not arguments.only or name in arguments.only.split(",") + ["double-load"])
                    and world.run("score", "few", "-v", name, "--quiet").returncode == 0]
        print(f"mutations: {len(variants)} variants: {', '.join(variants)}; --seed {arguments.seed}", flush=True)
        while done < arguments.mutations and time.monotonic() - begin < arguments.seconds and len(findings) < 20:
            batch = world.path("batch")
            shutil.rmtree(batch, ignore_errors=True)
            batch.mkdir()
            for number in range(min(BATCH, arguments.mutations - done)):
                (batch / f"{number:04}.jpg").write_bytes(mutated(photos, chance))
            count = len(list(batch.iterdir()))
            stages = PARTS if batches % WHOLE else ()
            done, whole, batches = done + count, whole + (0 if stages else count), batches + 1
            try:
                expected = verdicts(world, variants[0], batch, stages)
            except Wrong as wrong:
                expected = []
                findings.append(f"{variants[0]}: {wrong}")
            statuses.update(row["status"] for row in expected)

            def compare(variant, stages=stages, expected=expected):
                try:
                    found = verdicts(world, variant, batch, stages)
                except Wrong as wrong:
                    return f"{variant}: {wrong}", 0
                own = {row["path"]: row for row in found}
                for row in expected:
                    its = own.get(row["path"])
                    if variant == "threaded" and (not its or its["status"] in ("ok", "internal", "crashed")):
                        continue
                    if its != row:
                        shutil.copy(batch / os.path.basename(row["path"]), kept)
                        return f"{variant}: {kept / os.path.basename(row['path'])}: {its} instead of {row}", len(found)
                return None, len(found)
            for wrong, count in pool.map(compare, variants[1:] if expected else []):
                pairs += count
                if wrong:
                    findings.append(wrong)
                    print(f"mutations: {wrong[:1500]}", flush=True)
            pairs += len(expected)
    if not findings:
        shutil.rmtree(kept)
    write_receipt(arguments.receipts, "mutations", mutations=done, through_all_stages=whole, scored_pairs=pairs, variants=variants, verdicts=dict(sorted(statuses.items())), seed=arguments.seed,
                  findings=len(findings))
    finish("mutations", findings, f"{done} mutated photos ({whole} through all stages), {pairs} verdicts of {len(variants)} variants, --seed {arguments.seed}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""score --xmp: what another program (ExifTool) reads there, what people and other programs wrote and keep, and sidecars that are
damaged, hostile or cannot be written. Usage: sidecars.py PHOTOFINISH DATA"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

PROGRAM, DATA = (os.path.realpath(path) for path in sys.argv[1:3])
PHOTOS = pathlib.Path(DATA) / "tiny/photos"
failures = 0


def check(name, good, told=""):
    global failures
    failures += not good
    print(f"{'ok     ' if good else 'FAILED '} {name}{'' if good else ': ' + str(told)}", flush=True)


def score(photos, folder, *more, expected=0):
    done = subprocess.run([PROGRAM, "score", photos, "--xmp", folder, "--csv", photos.parent / "scores.csv", *more],
                          capture_output=True, text=True, check=False)
    if done.returncode != expected:
        sys.exit(f"score ends with {done.returncode} and not {expected}: {done.stderr}")
    return done.stderr


def rows(work):
    lines = [line.split(",") for line in (work / "scores.csv").read_text().splitlines()]
    return {row[0]: dict(zip(lines[0], row)) for row in lines[1:]}


def tags(path, *wanted):
    """As ExifTool reads them."""
    out = subprocess.run(["exiftool", "-j", "-G1", "-n", path], capture_output=True, text=True, check=True).stdout
    found = json.loads(out)[0]
    return tuple(found.get(name) for name in wanted)


def set_tags(path, *words):
    subprocess.run(["exiftool", "-q", "-overwrite_original", *words, path], check=True)


RATING, PICK, LABEL = "XMP-xmp:Rating", "XMP-xmpDM:Pick", "XMP-digiKam:PickLabel"


def check_new(work, photos):
    told = score(photos, photos)
    table = rows(work)
    order = sorted(float(row["score"]) for row in table.values())
    check("each photo has a sidecar", sorted(p.name for p in photos.glob("*.xmp")) == sorted(f"{name}.xmp" for name in table), told)
    check("how many is told", f"sidecars: {len(table)} new, 0 updated, 0 already right; ratings or flags of others kept in 0" in told, told)
    for name, row in table.items():
        stars = max(s for s in range(1, 6) if float(row["score"]) >= order[(s - 1) * len(order) // 5])
        best = int(row["rank"] == "1")
        got = tags(photos / f"{name}.xmp", RATING, PICK, LABEL, "XMP-photofinish:Burst", "XMP-photofinish:Rank")
        check(f"{name}: its fifth, its flag, its rank", got == (stars, best, 3 * best, int(row["burst"]), int(row["rank"])), got)
        value = tags(photos / f"{name}.xmp", "XMP-photofinish:Score")[0]
        check(f"{name}: its score", abs(value - float(row["score"])) < 1e-6, value)
    before = {p: p.read_bytes() for p in photos.glob("*.xmp")}
    told = score(photos, photos)
    check("a second time nothing is written", f"0 new, 0 updated, {len(table)} already right" in told and
          before == {p: p.read_bytes() for p in photos.glob("*.xmp")}, told)


def check_kept(photos):
    names = sorted(photos.glob("*.xmp"))
    mine, foreign, stale = names[:3]
    set_tags(mine, "-XMP-xmp:Rating=-1")
    set_tags(foreign, "-XMP-dc:Title=Start", "-XMP-dc:Subject=100 m", "-XMP-crs:Exposure2012=+0.35")
    rating = tags(stale, RATING)[0]
    other = rating % 5 + 1
    set_tags(stale, f"-XMP-xmp:Rating={other}")
    stale.write_text(stale.read_text().replace(f"<photofinish:Rating>{rating}<", f"<photofinish:Rating>{other}<"))
    told = score(photos, photos)
    check("a rating that somebody gave stays", tags(mine, RATING) == (-1,) and "ratings or flags of others kept in 1" in told, told)
    check("what photofinish itself wrote before is brought up to date", tags(stale, RATING) == (rating,) and "1 updated" in told, told)
    set_tags(foreign, "-XMP-photofinish:all=", "-XMP-xmp:Rating=0")
    foreign.write_text(foreign.read_text().replace("photofinish:", "older:").replace("xmlns:photofinish", "xmlns:older").replace("urn:photofinish:1.0:", "urn:older"))
    told = score(photos, photos)
    check("what other programs wrote stays, and 0 is no rating", tags(foreign, "XMP-dc:Title", "XMP-dc:Subject", "XMP-crs:Exposure2012") ==
          ("Start", "100 m", "+0.35") and tags(foreign, RATING)[0] > 0 and "1 updated" in told, told)
    set_tags(mine, "-XMP-xmp:Rating=0")
    score(photos, photos)
    check("a rating of photofinish that somebody took away stays away", tags(mine, RATING) == (0,))


def check_names(work, photos):
    folder, stem = work / "elsewhere", sorted(photos.glob("*.jpg"))[0].stem
    folder.mkdir()
    adobe = folder / f"{stem}.xmp"
    set_tags(adobe, "-XMP-dc:Title=raw")
    told = score(photos, folder)
    check("Adobe's name where that is there, the photo's own elsewhere", tags(adobe, "XMP-dc:Title", "XMP-photofinish:Rank") == ("raw", 6) and
          not (folder / f"{stem}.jpg.xmp").exists() and len(list(folder.glob("*.jpg.xmp"))) == len(list(photos.glob("*.jpg"))) - 1, told)


def check_same_stem(work, photos):
    """IMG.jpg and IMG.jpeg: a sidecar IMG.xmp would be of both."""
    pair, folder = work / "pair", work / "pair-sidecars"
    pair.mkdir()
    folder.mkdir()
    for ending, photo in zip(("jpg", "jpeg"), sorted(photos.glob("*.jpg"))):
        shutil.copy(photo, pair / f"IMG.{ending}")
    set_tags(folder / "IMG.xmp", "-XMP-dc:Title=raw")
    whole = (folder / "IMG.xmp").read_bytes()
    told = score(pair, folder)
    check("photos that differ in the ending alone have a sidecar each", (folder / "IMG.xmp").read_bytes() == whole and
          (folder / "IMG.jpg.xmp").exists() and (folder / "IMG.jpeg.xmp").exists(), told)


def check_hostile(work, photos):
    names = sorted(photos.glob("*.xmp"))
    outside = work / "outside"
    outside.write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    whole = names[4].read_bytes()
    hostile = {0: b"", 1: whole[:len(whole) // 2], 2: b"\xff\xd8\xff\xe1not XML", 3: b"<x>" * 200000}
    for at, content in hostile.items():
        names[at].write_bytes(content)
    for path in names[4:7]:
        path.unlink()
    names[7].chmod(0o600)
    names[7].write_text(names[7].read_text().replace('photofinish:Rank="', 'photofinish:Rank="9'))
    names[4].symlink_to(outside)
    os.mkfifo(names[5])
    with open(names[6], "wb") as file:
        file.truncate((16 << 20) + 1)
    told = score(photos, photos, expected=2)
    check("damaged, linked, piped and huge ones are left as they are and named", all(names[at].read_bytes() == content and names[at].name in told
          for at, content in hostile.items() if at) and outside.read_text() == "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>" and
          all(path.name in told for path in names[4:7]), told)
    check("the others are written all the same, and stay as private as they were", tags(names[7], "XMP-photofinish:Rank")[0] < 90 and
          names[7].stat().st_mode & 0o777 == 0o600)
    for path in names:
        path.unlink()
    photos.chmod(0o555)
    if os.geteuid() != 0:
        told = score(photos, photos, expected=2)
        check("a folder that may not be written to", "cannot put sidecars there" in told, told)
    photos.chmod(0o755)


def check_caveat(photos):
    score(photos, photos, "--stages", "facts,decode,quality")
    names = sorted(photos.glob("*.xmp"))
    check("scores of a part of the job say so", all("ONLY PART OF THE JOB" in tags(path, "XMP-photofinish:Caveat")[0] for path in names))
    score(photos, photos)
    check("and no longer once they are whole", all(tags(path, "XMP-photofinish:Caveat") == (None,) for path in names))
    for path in names:
        path.unlink()


def check_part(photos):
    for path in photos.glob("*.jpg"):
        path.write_bytes(path.read_bytes()[:100])
    told = score(photos, photos, expected=2)
    check("where the results are none, none is written", "left as it is" in told and not list(photos.glob("*.xmp")), told)


def main():
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        photos = work / "photos"
        shutil.copytree(PHOTOS, photos)
        check_new(work, photos)
        check_kept(photos)
        check_names(work, photos)
        check_same_stem(work, photos)
        check_hostile(work, photos)
        check_caveat(photos)
        check_part(photos)
    return failures > 0


sys.exit(main())

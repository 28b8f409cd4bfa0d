#!/usr/bin/env python3
"""score --resume and --cache: kills at random points leave the result of a clean run to the byte; a cache that was damaged, is
another engine's, half written or hostile never gives a wrong score. Usage: kept_scores.py PHOTOFINISH DATA [--kills N] [--photos N]
[--seed N] [--only PART]; --from DIR takes copies of other photos than tiny's (the longer form: --photos 500 --from a folder of real ones)."""
import argparse
import hashlib
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("data")
parser.add_argument("--kills", type=int, default=6)
parser.add_argument("--photos", type=int, default=48)
parser.add_argument("--seed", type=int, default=20261130)
parser.add_argument("--from", dest="source")
parser.add_argument("--variant", default="parallel")
parser.add_argument("--only", help="one part: kills, poisons, forgery, ...")
arguments = parser.parse_args()
PROGRAM, RANDOM = os.path.realpath(arguments.program), random.Random(arguments.seed)
TINY = sorted((pathlib.Path(arguments.data) / "tiny/photos").rglob("*.jpg"))
FEW = ("--stages", "facts,decode,quality", "--workers", "2", "--quiet")
failures = 0


def check(name, good, told=""):
    global failures
    failures += not good
    print(f"{'ok     ' if good else 'FAILED '} {name}{'' if good else ': ' + str(told)[-1500:]}", flush=True)


def copy(photo, to, number):
    """The same picture with other bytes: a comment behind the first marker."""
    bytes_ = photo.read_bytes()
    comment = f"copy {number}".encode()
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(bytes_[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + bytes_[2:])


class Place:
    """Photos, outputs and a cache of their own."""

    def __init__(self, folder, photos, sources):
        self.folder = folder
        self.photos = folder / "photos"
        for i in range(photos):
            copy(sources[i % len(sources)], self.photos / f"{i // len(sources):03}/{i:04}.jpg", i)
        (folder / "data").mkdir()
        self.environment = dict(os.environ, PHOTOFINISH_DATA=str(folder / "data"), PHOTOFINISH_HISTORY="", LC_ALL="C.UTF-8")

    def words(self, out, *more):
        return [PROGRAM, "score", self.photos, "--json", out, "--variant", arguments.variant, *more]

    def score(self, out, *more, expected=0):
        done = subprocess.run(self.words(out, *more), capture_output=True, text=True, stdin=subprocess.DEVNULL, env=self.environment)
        if done.returncode != expected:
            check(f"score {more} ends with {expected}", False, f"{done.returncode}: {done.stderr}")
        return done.stderr

    @property
    def cache(self):
        return self.folder / "data/.scores/scores.db"

    def rows(self, sql="SELECT * FROM score", *values):
        with sqlite3.connect(self.cache) as database:
            return database.execute(sql, values).fetchall()


def processor_time(work):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    result = work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - begin


def lines_of(journal):
    try:
        return journal.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def check_kills(place):
    """Killed again and again, then left alone. From the start again where it ended before it was killed, as it may where this process
    hardly gets to run."""
    clean, killed = place.folder / "clean.json", place.folder / "killed.json"
    journal, kills, seen, starts = pathlib.Path(f"{killed}.journal"), 0, 0, 1
    _, first_s, first_wall_s = processor_time(lambda: place.score(clean, "--quiet"))
    most = max(1, arguments.photos // (2 * arguments.kills))
    while kills < arguments.kills:
        process = subprocess.Popen(place.words(killed, "--resume", "--cache", "--quiet"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, env=place.environment)
        until, how = seen + RANDOM.randint(0, most), signal.SIGINT if RANDOM.random() < 0.15 else signal.SIGKILL
        while process.poll() is None and lines_of(journal) <= until:
            time.sleep(0.002)
        time.sleep(RANDOM.random() * 0.03)
        ended = process.poll()
        if ended == 0 and starts < 10:
            process.communicate()
            killed.unlink()
            shutil.rmtree(place.cache.parent)
            kills, seen, starts = 0, 0, starts + 1
            continue
        if ended is not None:
            check("it was killed before it ended", False, f"{ended}: {process.communicate()[1]}")
            return
        process.send_signal(how)
        told = process.communicate()[1]
        kills += 1
        check(f"kill {kills}: ends as it should", process.returncode in (-how, 130, -signal.SIGKILL), f"{process.returncode}: {told}")
        now = lines_of(journal)
        check(f"kill {kills}: what was done stays done ({now - 1} photos)", now >= seen, f"{seen} lines, then {now}")
        seen = now
    told = place.score(killed, "--resume", "--cache")
    check("the last run goes on", f"of {arguments.photos} photos are done already" in told, told)
    check("the result is a clean run's to the byte", killed.read_bytes() == clean.read_bytes())
    check("no journal is left", not journal.exists())
    check("the cache is sound", place.rows("PRAGMA integrity_check") == [("ok",)])
    told = place.score(place.folder / "verified.json", "--cache=verify")
    check("the cache is verified", "verified: all the same" in told and (place.folder / "verified.json").read_bytes() == clean.read_bytes(), told)
    place.score(place.folder / "fill.json", "--cache", "--quiet")
    told, again_s, again_wall_s = processor_time(lambda: place.score(place.folder / "again.json", "--cache", "--progress", "json"))
    check("the second run decodes no photo", '"kind":"photo_done"' not in told and "(100 %), 0 to be scored" in told, told)
    check("its result is the same to the byte", (place.folder / "again.json").read_bytes() == clean.read_bytes())
    check("its processor time is a fraction", again_s < first_s / 4, f"{again_s:.2f} s, the first {first_s:.2f} s")
    print(f"        {arguments.photos} photos: first {first_wall_s:.2f} s ({first_s:.2f} s of processors), second {again_wall_s:.2f} s ({again_s:.2f} s): "
          f"{first_wall_s / again_wall_s:.0f} times as fast")


def poisons(place):
    """Each a name and what does it to the database; all leave one that is there."""
    def edit(sql, *values):
        return lambda: place.rows(sql, *values)

    def flip(column):
        def work():
            for context, photo, value in place.rows(f"SELECT context, photo, {column} FROM score"):
                changed = bytearray(value)
                changed[RANDOM.randrange(len(changed))] ^= 1 << RANDOM.randrange(8)
                place.rows(f"UPDATE score SET {column} = ? WHERE context = ? AND photo = ?", bytes(changed), context, photo)
        return work

    def swap():
        rows = place.rows("SELECT context, photo, value, checksum, service_ns, bytes FROM score ORDER BY photo")
        for (context, photo, *_), (_, _, *other) in zip(rows, rows[1:] + rows[:1]):
            place.rows("UPDATE score SET value = ?, checksum = ?, service_ns = ? WHERE context = ? AND photo = ?", *other[:3], context, photo)

    def write(bytes_):
        return lambda: place.cache.write_bytes(bytes_(place.cache.read_bytes()))

    def scatter(whole):
        changed = bytearray(whole)
        for _ in range(40):
            changed[RANDOM.randrange(100, len(changed))] ^= 1 << RANDOM.randrange(8)
        return bytes(changed)

    def link():
        place.cache.rename(place.cache.with_name("elsewhere.db"))
        place.cache.symlink_to("elsewhere.db")

    def folder():
        place.cache.unlink()
        place.cache.mkdir()

    yield from ((f"a bit of each {name}", flip(name)) for name in ("value", "checksum", "photo", "context"))
    yield "each size", edit("UPDATE score SET bytes = bytes + 1")
    yield "each time", edit("UPDATE score SET service_ns = service_ns + 1")
    yield "rows of each other", swap
    yield "rows of another engine", edit("UPDATE score SET context = ?", hashlib.sha256(b"another").digest())
    yield "values of another length", edit("UPDATE score SET value = substr(value, 1, 100)")
    yield "values that are huge", edit("UPDATE score SET value = zeroblob(5000000)")
    yield "values that are text", edit("UPDATE score SET value = 'text'")
    yield "a trigger", edit("CREATE TRIGGER t AFTER INSERT ON score BEGIN DELETE FROM score; END")
    yield "another schema", edit("ALTER TABLE score RENAME TO other")
    yield "a view in its place", lambda: (place.rows("ALTER TABLE score RENAME TO other"), place.rows("CREATE VIEW score AS SELECT * FROM other"))
    yield "a later version", edit("PRAGMA user_version = 99")
    yield "half of it", write(lambda whole: whole[:len(whole) // 2])
    yield "its first page", write(lambda whole: whole[:4096])
    yield "its first bytes", write(lambda whole: whole[:50])
    yield "nothing in it", write(lambda whole: b"")
    yield "no database", write(lambda whole: b"photos " * 3000)
    for number in range(6):
        yield f"bits all over ({number})", write(scatter)
    yield "a link", link
    yield "a folder", folder
    yield "a folder that others may write to", lambda: place.cache.parent.chmod(0o777)


def check_poisons(folder):
    place = Place(folder, 24, TINY)
    right = place.folder / "right.json"
    place.score(right, *FEW)
    place.score(place.folder / "first.json", "--cache", *FEW)
    kept, number = place.folder / "kept", 0
    shutil.copytree(place.cache.parent, kept)
    for name, poison in poisons(place):
        shutil.rmtree(place.cache.parent)
        shutil.copytree(kept, place.cache.parent)
        try:
            poison()
        except sqlite3.Error as error:
            check(f"poisoned: {name}", False, error)
        number += 1
        out = place.folder / f"poisoned-{number}.json"
        told = place.score(out, "--cache", *FEW)
        check(f"poisoned: {name}: never a wrong score", out.read_bytes() == right.read_bytes())
        check(f"poisoned: {name}: told in a line at most", len(told.splitlines()) <= 1, told)
        left = {path.name for path in place.cache.parent.iterdir()} - {"lock", "scores.db", "scores.db.broken", "elsewhere.db"}
        check(f"poisoned: {name}: a broken one is set aside, no more than that", not left, left)
        if name == "no database":
            check(f"poisoned: {name}: it is the one that is set aside", place.cache.with_name("scores.db.broken").read_bytes() == b"photos " * 3000)
    place.cache.parent.chmod(0o700)


def check_forgery(folder):
    """A row with the right checksum and another score is what --cache=verify is for."""
    place = Place(folder, 8, TINY)
    place.score(place.folder / "first.json", "--cache", *FEW)
    told = place.score(place.folder / "same.json", "--cache=verify", *FEW)
    check("verify: all the same", "8 of 8 scores verified: all the same" in told, told)
    place.cache.parent.chmod(0o777)
    told = place.score(place.folder / "open.json", "--cache=verify", *FEW, expected=2)
    check("verify: a cache that is not taken is an error", told.count("\n") == 1, told)
    place.cache.parent.chmod(0o700)
    context, photo, size, used, service, value, checksum = place.rows()[3]
    head = b"photofinish score 1" + context + photo + size.to_bytes(8, "little") + service.to_bytes(8, "little")
    check("the checksum is over key and value", hashlib.sha256(head + value).digest() == checksum)
    forged = bytes([value[0] ^ 1]) + value[1:]
    place.rows("UPDATE score SET value = ?, checksum = ? WHERE context = ? AND photo = ?", forged, hashlib.sha256(head + forged).digest(), context, photo)
    told = place.score(place.folder / "forged.json", "--cache=verify", *FEW, expected=1)
    check("verify: another score is found", "the cache is wrong of 1 of 8 photos" in told and ".jpg" in told, told)
    check("verify: what was scored again is right", (place.folder / "forged.json").read_bytes() == (place.folder / "first.json").read_bytes())
    check("verify: and is kept", place.rows("SELECT value FROM score WHERE photo = ?", photo)[0][0] == value)
    damaged = sorted(place.photos.rglob("*.jpg"))[3]
    damaged.write_bytes(damaged.read_bytes()[:3000])
    photo, size = hashlib.sha256(damaged.read_bytes()).digest(), 3000
    head = b"photofinish score 1" + context + photo + size.to_bytes(8, "little") + service.to_bytes(8, "little")
    place.rows("INSERT INTO score VALUES (?, ?, ?, ?, ?, ?, ?)", context, photo, size, used, service, value, hashlib.sha256(head + value).digest())
    told = place.score(place.folder / "no-photo.json", "--cache=verify", *FEW, expected=1)
    check("verify: a score of what cannot be scored", "cannot be scored any more" in told and damaged.name in told and "1 of them" in told, told)
    check("verify: that one is removed", place.rows("SELECT * FROM score WHERE photo = ?", photo) == [])


def check_bounds(folder):
    """The least recently used go first; several processes at once; other photos under the same names."""
    place = Place(folder, 16, TINY)
    place.score(place.folder / "right.json", "--cache", *FEW)
    with sqlite3.connect(place.cache) as database:
        filler = [(hashlib.sha256(f"c{i}".encode()).digest(), hashlib.sha256(f"p{i}".encode()).digest(), 5, 0, 5, bytes(500), bytes(32)) for i in range(4000)]
        database.executemany("INSERT INTO score VALUES (?, ?, ?, ?, ?, ?, ?)", filler)
    place.score(place.folder / "bounded.json", "--cache", "--cache-size", "1MB", *FEW)
    pages, free = place.rows("PRAGMA page_count")[0][0], place.rows("PRAGMA freelist_count")[0][0]
    size = place.rows("PRAGMA page_size")[0][0]
    check("it keeps to its size", (pages - free) * size <= 1e6, (pages - free) * size)
    check("what was used stays", place.rows("SELECT count(*) FROM score WHERE used > 0")[0][0] == 16)
    shutil.rmtree(place.cache.parent)
    running = [subprocess.Popen(place.words(place.folder / f"at-once-{i}.json", "--cache", *FEW), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, env=place.environment) for i in range(4)]
    told = [process.communicate()[1] for process in running]
    check("four at once: all well", all(process.returncode == 0 for process in running) and not any(told), told)
    right = (place.folder / "right.json").read_bytes()
    check("four at once: all right", all((place.folder / f"at-once-{i}.json").read_bytes() == right for i in range(4)))
    check("four at once: a sound cache", place.rows("PRAGMA integrity_check") == [("ok",)] and len(place.rows()) == 16)
    photos = sorted(place.photos.rglob("*.jpg"))
    first, other = photos[0].read_bytes(), photos[1].read_bytes()
    photos[0].write_bytes(other)
    photos[1].write_bytes(first)
    place.score(place.folder / "cached.json", "--cache", *FEW)
    place.score(place.folder / "afresh.json", *FEW)
    check("photos that changed places", (place.folder / "cached.json").read_bytes() == (place.folder / "afresh.json").read_bytes() != right)
    told = place.score(place.folder / "none.json", "--cache", "--variant", "threaded", *FEW, expected=2)
    check("no scores of a variant that gets them wrong", "not to be relied on" in told, told)
    told = place.score(place.folder / "none.json", "--cache", "--variant", "gpu", *FEW, expected=2)
    check("no scores that depend on a device", "depend on the device" in told, told)


def check_builds(folder):
    """Variants lie in the program: another program has its own rows, whatever its engine."""
    place = Place(folder, 8, TINY)
    place.score(place.folder / "first.json", "--cache", *FEW)
    here = pathlib.Path(PROGRAM).parent
    other = folder / "photofinish"
    shutil.copy(PROGRAM, other)
    with other.open("ab") as file:
        file.write(b"another build")
    words = [str(other), *place.words(place.folder / "other.json", "--cache", *FEW[:-1])[1:]]
    told = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env=dict(place.environment, LD_LIBRARY_PATH=f"{here}:{os.environ.get('LD_LIBRARY_PATH', '')}"))
    check("another program: its rows are its own", told.returncode == 0 and "0 of 8 photos were there" in told.stderr, told.stderr)
    mathematics = next(path for path in map(str.split, subprocess.run(["ldd", PROGRAM], capture_output=True, text=True).stdout.splitlines()) if path[0] == "libm.so.6")[2]
    changed = bytearray(pathlib.Path(mathematics).read_bytes())
    changed[changed.index(b"\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0") + 20] ^= 1  # a build identifier of twenty bytes
    (folder / "libm.so.6").write_bytes(changed)
    words = place.words(place.folder / "other.json", "--cache", *FEW[:-1])
    for name, more in (("nothing", {}), ("the C library's mathematics", {"LD_LIBRARY_PATH": f"{folder}:{os.environ.get('LD_LIBRARY_PATH', '')}"}),
                       ("what oneDNN is asked for", {"ONEDNN_DEFAULT_FPMATH_MODE": "BF16"}), ("the C library's choice", {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA"})):
        told = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=dict(place.environment, **more))
        check(f"another key: {name}", told.returncode == 0 and f"{8 if name == 'nothing' else 0} of 8 photos were there" in told.stderr, told.stderr)


def check_given_up(folder):
    """A cache that somebody else holds is given up, and the photos that come then are scored all the same."""
    place = Place(folder, 300, TINY)
    place.score(place.folder / "right.json", *FEW)
    place.score(place.folder / "begin.json", "--cache", *FEW)
    with sqlite3.connect(place.cache) as database:
        database.execute("DELETE FROM score")
    with sqlite3.connect(place.cache, isolation_level=None) as database:
        database.execute("BEGIN IMMEDIATE")
        told = place.score(place.folder / "held.json", "--cache", *FEW)
        database.execute("ROLLBACK")
    check("held by another: it says that it waits, and that it gives up", told.count("\n") == 2 and "waiting, 10 s at most" in told.splitlines()[0] and "database is locked" in told, told)
    check("held by another: the result", (place.folder / "held.json").read_bytes() == (place.folder / "right.json").read_bytes())


def check_errors(folder):
    place = Place(folder, 8, TINY)
    damaged = sorted(place.photos.rglob("*.jpg"))[4]
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:len(whole) // 2])
    told = place.score(place.folder / "list.json", *FEW)
    check("continue: listed", '"status":"truncated"' in (place.folder / "list.json").read_text(), told)
    out = place.folder / "stop.json"
    told = place.score(out, "--errors", "stop", "--resume", *FEW, expected=2)
    check("stop: a line that names the photo", told.count("\n") == 1 and damaged.name in told and "(--errors stop)" in told, told)
    check("stop: the result says that it is a part", json.loads(out.read_text().splitlines()[0])["partial"] is True)
    told = place.score(out, "--errors", "stop", "--resume", *FEW, expected=2)
    check("stop: the journal knows the photo", damaged.name in told and "the journal knows" in told, told)
    place.score(out, "--errors", "continue", "--resume", *FEW)
    check("stop, then continue: a clean run's result", out.read_bytes() == (place.folder / "list.json").read_bytes())


def check_journals(folder):
    """What is no journal of this run is refused, and stays as it is."""
    place = Place(folder, 8, TINY)
    clean, out = place.folder / "clean.json", place.folder / "out.json"
    bad = sorted(place.photos.rglob("*.jpg"))[-1]
    bad.write_bytes(bad.read_bytes()[:3000])
    place.score(clean, *FEW)
    journal = pathlib.Path(f"{out}.journal")
    place.score(out, "--errors", "stop", "--resume", "--workers", "1", *FEW[:2], "--quiet", expected=2)
    whole = journal.read_bytes()
    check("there are photos in the journal", whole.count(b"\n") >= 6, whole)

    def refused(name, told, why):
        check(f"refused: {name}", told.count("\n") == 1 and why in told and journal.read_bytes() == whole, told)

    refused("another variant", place.score(out, "--resume", *FEW, "--variant", "single-load", expected=2), "variant")
    refused("another configuration", place.score(out, "--resume", "--stages", "facts,decode,quality,faces", "--quiet", expected=2), "configuration")
    for name, cut in (("a line that was cut", whole[:-40]), ("a byte of the third line", None), ("the head alone", whole[:whole.index(b"\n") + 1]),
                      ("a head that was cut", whole[:100]), ("nothing", b"")):
        if cut is None:
            at = [i for i, c in enumerate(whole) if c == 10][1] + 400
            cut = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
        journal.write_bytes(cut)
        place.score(out, "--resume", *FEW)
        check(f"a damaged journal: {name}", out.read_bytes() == clean.read_bytes() and not journal.exists())
    forged = whole.replace(b'"rank":0', b'"rank":1', 1)
    journal.write_bytes(forged)
    place.score(out, "--resume", *FEW)
    check("a changed journal", out.read_bytes() == clean.read_bytes())
    for name, bytes_ in (("a text", b"my notes\n"), ("zero bytes", b"\0 my data"), ("a head that was changed", whole.replace(b'"scoring"', b'"scorinG"', 1))):
        journal.write_bytes(bytes_)
        told = place.score(out, "--resume", *FEW, expected=2)
        check(f"refused: {name}", told.count("\n") == 1 and journal.read_bytes() == bytes_, told)
    journal.write_bytes(whole)
    info, photo = bad.stat(), bad.read_bytes()
    bad.write_bytes(photo[:1500] + bytes(byte ^ 1 for byte in photo[1500:1700]) + photo[1700:])
    os.utime(bad, ns=(info.st_atime_ns, info.st_mtime_ns))
    refused("a photo that was changed, its time put back", place.score(out, "--resume", *FEW, expected=2), "photos")
    told = subprocess.run([PROGRAM, "score", place.photos, "--resume", "--json", "-"], capture_output=True, text=True, env=place.environment)
    check("no journal without a file", told.returncode == 2 and "--resume needs" in told.stderr, told.stderr)


with tempfile.TemporaryDirectory(prefix="photofinish-kept-") as work:
    work = pathlib.Path(work)
    sources = sorted(path for path in pathlib.Path(arguments.source).rglob("*.jpg")) if arguments.source else TINY
    for name, task in (("kills", None), ("poisons", check_poisons), ("forgery", check_forgery), ("bounds", check_bounds), ("builds", check_builds), ("held", check_given_up), ("errors", check_errors),
                       ("journals", check_journals)):
        (work / name).mkdir()
        if arguments.only not in (None, name):
            continue
        if task:
            task(work / name)
        else:
            check_kills(Place(work / name, arguments.photos, sources))
sys.exit(failures > 0)

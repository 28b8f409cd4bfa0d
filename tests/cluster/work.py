#!/usr/bin/env python3
"""Hosts that are processes of their own (photofinish work) with a real redis-server: the same outcomes as one machine's when
hosts, Redis' contents and the submitter are lost; and who is refused, in one line.
Usage: work.py PHOTOFINISH DATA [CASE...]"""
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import time

from hosts import SECRET, Place, Redis, copy_photos, expect, failed, is_installed, is_whole, score_here, stop, wait_for, workers_of

COPIES = 5


def results(redis):
    """How many outcomes were told so far: entries that were added to the stream."""
    for key in redis.ask("KEYS", "photofinish:*:results"):
        info = redis.ask("XINFO", "STREAM", key)
        if "last-generated-id" in info and info[info.index("last-generated-id") + 1] != "0-0":
            return True
    return False


def known(host):
    """Photos scored, and known from before, as the host said at the end of its runs."""
    found = re.findall(r"(\d+) photos scored, (\d+) known", host.said())
    return sum(int(scored) for scored, _ in found), sum(int(before) for _, before in found)


def two_hosts(place, redis, photos, expected):
    hosts = [place.host(photos, "--once") for _ in range(2)]
    is_whole("two hosts", place.submit(photos), expected)
    codes = [host.end() for host in hosts]
    parts = [known(host)[0] for host in hosts]
    expect("  both end with the run, and scored all of it", codes == [0, 0] and sum(parts) == len(expected), (codes, parts))
    left = [key for key in redis.ask("KEYS", "photofinish*") if not key.endswith(":run")]
    expect("  nothing of it is left in Redis but its end", not left, left)


def worker_killed(place, redis, photos, expected):
    host = place.host(photos, "--once")
    run = place.submit(photos)
    workers = wait_for(lambda: results(redis) and workers_of(host), 60)
    if expect("a host's worker killed: while it goes on", workers and run.process.poll() is None, workers):
        sockets = [fd for fd in os.scandir(f"/proc/{workers[0]}/fd") if os.readlink(fd.path).startswith("socket:")]
        expect("  a worker has no socket", not sockets, sockets)
        os.kill(workers[0], signal.SIGKILL)
    is_whole("a host's worker killed", run, expected)
    expect("  the host lives on", host.end() == 0, host.said())


def host_killed(place, redis, photos, expected):
    """It is started again with its journal: what it scored for this run is not scored again."""
    journal = f"{tempfile.mkdtemp(dir=redis.folder)}/journal"
    host = place.host(photos, "--once", "--journal", journal)
    run = place.submit(photos)
    expect("the host killed: while it goes on", wait_for(lambda: results(redis), 60) and run.process.poll() is None)
    stop(host)
    with open(journal, "ab") as file: # as if it had been killed while it wrote
        file.write(b"torn")
    host = place.host(photos, "--once", "--journal", journal)
    is_whole("the host killed and started again", run, expected)
    host.end()
    expect("  it did not score all of it again", known(host)[0] < len(expected), host.said())


def host_ended(place, redis, photos, expected):
    """SIGTERM: what it has begun is told, what it has not is given back, before its lease ends."""
    host = place.host(photos)
    run = place.submit(photos)
    expect("a host ended by SIGTERM: while it goes on", wait_for(lambda: results(redis), 60) and run.process.poll() is None)
    code = host.end(signal.SIGTERM, 30)
    tasks = redis.ask("KEYS", "photofinish:*:tasks")
    pending = redis.ask("XPENDING", tasks[0], "hosts") if tasks else ["none"]
    expect("  130, and nothing is lent to it any more", code == 130 and pending[0] == "0", (code, pending, host.said()))
    second = place.host(photos, "--once")
    is_whole("a host ended by SIGTERM, another one comes", run, expected)
    second.end()


def wiped(place, redis, photos, expected):
    host = place.host(photos, "--once")
    run = place.submit(photos)
    expect("Redis wiped: while it goes on", wait_for(lambda: results(redis), 60) and run.process.poll() is None)
    redis.ask("FLUSHALL")
    is_whole("Redis wiped", run, expected)
    host.end()
    expect("  each photo was scored once", known(host)[0] == len(expected), host.said())


def submitter_killed(place, redis, photos, expected):
    """Started again, it is told from the host's journal what was scored for the first one."""
    journal = f"{tempfile.mkdtemp(dir=redis.folder)}/journal"
    host = place.host(photos, "--journal", journal)
    run = place.submit(photos)
    expect("the submitter killed: while it goes on", wait_for(lambda: results(redis), 60) and run.process.poll() is None)
    stop(run)
    is_whole("the submitter killed and started again", place.submit(photos, variant="cluster:remote=1,remember=1"), expected)
    before = wait_for(lambda: known(host)[1], 30)
    expect("  it was told what is in the journal", before, host.said())
    run = place.submit(photos)
    is_whole("without remember", run, expected)
    expect("  all is scored anew", wait_for(lambda: known(host)[0] >= len(expected), 30), host.said())
    host.end(signal.SIGINT)


def refused(place, redis, photos, expected):
    """Each by one line, exit status 2, and none waits."""
    def ends(what, process, text, limit_s=60):
        begin = time.monotonic()
        code = process.end(limit_s=limit_s)
        said = process.said()
        expect(f"refused: {what}", code == 2 and text in said and len(said.splitlines()) == 1, (code, said))
        return time.monotonic() - begin

    def at(url, secret=SECRET):
        return Place(place.program, url, secret)

    ends("a secret that is too short", at(place.environment["PHOTOFINISH_REDIS"], "short").host(photos), "16 bytes at least")
    ends("no secret", at(place.environment["PHOTOFINISH_REDIS"], "").submit(photos), "PHOTOFINISH_CLUSTER_SECRET")
    ends("a password on the command line", place.host(photos, "--redis", "redis://:secret@localhost"), "PHOTOFINISH_REDIS")
    ends("nobody listens, host", at("redis://127.0.0.1:1").host(photos), "cannot reach redis at 127.0.0.1:1")
    ends("nobody listens, submitter", at("redis://127.0.0.1:1").submit(photos), "cannot reach redis at 127.0.0.1:1")

    redis.ask("CONFIG", "SET", "requirepass", "x")
    redis.password = "x"
    ends("Redis wants a password, host", place.host(photos), "NOAUTH")
    ends("Redis wants a password, submitter", place.submit(photos), "NOAUTH")
    redis.ask("CONFIG", "SET", "requirepass", "")
    redis.password = None

    redis.ask("CONFIG", "SET", "maxmemory", "1")
    ends("Redis has no memory", place.submit(photos), "maxmemory")
    redis.ask("CONFIG", "SET", "maxmemory", "0")

    runs = []

    def while_one_goes_on():
        """A run without a host ends after a minute, which is short on a busy machine."""
        if not runs or runs[-1].process.poll() is not None:
            runs.append(place.submit(photos))
            expect("refused: a run is known", wait_for(lambda: "photofinish:run" in redis.ask("KEYS", "*"), 60), runs[-1].said())

    while_one_goes_on()
    ends("a second run", place.submit(photos), "another run goes on")
    while_one_goes_on()
    ends("another preset", place.host(photos, "--preset", "fast"), "configuration, models or their libraries differ")
    while_one_goes_on()
    ends("another secret", at(place.environment["PHOTOFINISH_REDIS"], "another one of 16").host(photos), "not sealed with this secret")
    with tempfile.TemporaryDirectory() as other:
        shutil.copytree(photos, f"{other}/photos")
        path = next(pathlib.Path(f"{other}/photos").rglob("*.jpg"))
        path.write_bytes(path.read_bytes()[:-1])
        while_one_goes_on()
        ends("a photo of another size", place.host(f"{other}/photos"), "is of another size")
        path.unlink()
        while_one_goes_on()
        ends("a photo that is not there", place.host(f"{other}/photos"), "is not here")
    host = place.host(photos, "--once")
    while_one_goes_on()
    is_whole("the run that they were refused by", runs[-1], expected)
    host.end()


CASES = [two_hosts, worker_killed, host_killed, host_ended, wiped, submitter_killed, refused]


def main():
    program, data, only = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3:]
    if not is_installed():
        print("skipped: redis-server is not installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="photofinish-work-") as folder:
        os.mkdir(f"{folder}/photos")
        os.mkdir(f"{folder}/redis")
        count = copy_photos(f"{folder}/photos", COPIES, data)
        expected = score_here(program, f"{folder}/photos")
        expect(f"{count} photos", count > 0 and len(expected) == count, len(expected))
        redis = Redis(f"{folder}/redis")
        try:
            place = Place(program, f"unix:{redis.socket}")
            for case in CASES:
                if not only or case.__name__ in only:
                    redis.ask("FLUSHALL")
                    case(place, redis, f"{folder}/photos", expected)
        finally:
            redis.kill()
    sys.exit(1 if failed else 0)


main()

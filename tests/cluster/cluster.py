#!/usr/bin/env python3
"""The variant `cluster` with a real redis-server and real processes: the same outcomes as one machine's, whatever happens to
its workers, its host, Redis and what lies in Redis; nothing is left behind, and the record says what the trial was allowed.
Usage: cluster.py PHOTOFINISH DATA [CASE...]"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

COPIES = 6
LIMIT_S = 600
failed = 0


def expect(what, holds, seen=""):
    global failed
    failed += not holds
    print(f"{'ok    ' if holds else 'FAILED'}  {what}" + ("" if holds else f": {seen}"), flush=True)


def children(pid):
    """All processes below `pid` that have not ended: {pid: (name, parent)}."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                head, _, rest = pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")
                fields = rest.split()
                if fields[0] not in "ZX":
                    found[int(entry)] = (head.partition("(")[2], int(fields[1]))
            except OSError:
                pass
    below, grown = {pid}, True
    while grown:
        more = {child for child, (_, parent) in found.items() if parent in below} - below
        grown = bool(more)
        below |= more
    return {child: found[child] for child in below - {pid} if child in found}


class Run:
    """One scoring by `cluster`, whose trial keeps its redis-server in a folder that can be found."""

    def __init__(self, photos, *arguments):
        self.temporary = tempfile.TemporaryDirectory(prefix="pf-")
        self.output, self.errors = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([PROGRAM, "score", str(photos), "-v", "cluster", "--workers", "2", "--json", "-", "--quiet",
                                         *arguments], stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.errors,
                                        env=dict(os.environ, TMPDIR=self.temporary.name))
        self.until = time.monotonic() + LIMIT_S

    def wait(self, look):
        while time.monotonic() < self.until and self.process.poll() is None:
            if found := look():
                return found
            time.sleep(0.005)
        return None

    def socket(self):
        return self.wait(lambda: next(map(str, pathlib.Path(self.temporary.name).glob("*/redis.socket")), None))

    def redis(self, *command, text=None):
        result = subprocess.run(["redis-cli", "-s", self.socket() or "none", *command], input=text, capture_output=True, text=True)
        return result.stdout.split("\n")[:-1]

    def keys(self):
        """Once shards are there and some results are: the keys of the streams."""
        def look():
            found = {key.rpartition(":")[2]: key for key in self.redis("KEYS", "photofinish:*")}
            return found if {"tasks", "results"} <= set(found) else None
        return self.wait(look)

    def parts(self):
        """The trial's process, its redis-server, its host and that one's workers."""
        def look():
            below = children(self.process.pid)
            trials = [pid for pid, (_, parent) in below.items() if parent == self.process.pid]
            for trial in trials:
                servers = [pid for pid, (name, parent) in below.items() if parent == trial and name.startswith("redis")]
                hosts = [pid for pid, (name, parent) in below.items() if parent == trial and not name.startswith("redis")]
                workers = [pid for pid, (_, parent) in below.items() if parent in hosts]
                if len(servers) == 1 and len(hosts) == 1 and len(workers) == 2:
                    return servers[0], hosts[0], workers
            return None
        return self.wait(look)

    def end(self):
        """Status, outcomes, what it said; nothing may be left of it."""
        below = children(self.process.pid)
        try:
            code = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "none: it hung"
        until = time.monotonic() + 60
        left = below
        while left and time.monotonic() < until:
            left = {pid: of for pid, of in below.items() if os.path.exists(f"/proc/{pid}/exe")}
            time.sleep(0.01)
        expect("  no process is left", not left, left)
        entries = os.listdir(self.temporary.name)
        expect("  no folder is left", not entries, entries)
        self.output.seek(0)
        self.errors.seek(0)
        lines = self.output.read().splitlines()
        return code, [json.loads(line) for line in lines if line.startswith("{")], self.errors.read()


def is_whole(what, run, expected, but=None):
    """The outcomes are those of one machine, photo by photo; of a photo of `but` (by index) only that its status is that."""
    code, outcomes, errors = run.end()
    but = but or {}
    if code != 0 or len(outcomes) != len(expected):
        expect(f"{what}: ends well", False, (code, len(outcomes), outcomes[-1:], errors))
        return errors
    broken = {expected[index]["burst"] for index in but}
    differ = [own["path"] for own, its in zip(outcomes, expected) if own["index"] not in but and own != its and
              its["burst"] not in broken]
    statuses = {index: outcomes[index]["status"] for index in but} if len(outcomes) == len(expected) else None
    expect(f"{what}: the same outcomes as one machine's", code == 0 and len(outcomes) == len(expected) and not differ and
           statuses == but, (code, len(outcomes), differ, statuses, errors))
    return errors


def undisturbed(photos, expected):
    is_whole("undisturbed", Run(photos), expected)


def record(photos, expected):
    """What a record says of it."""
    records = {}
    for variant in ("streaming", "cluster"):
        result = subprocess.run([PROGRAM, "run", variant, "--dataset", str(photos), "--rounds", "1", "--no-history", "--quiet",
                                 "--json", "-"], capture_output=True, text=True)
        try:
            records[variant] = json.loads(result.stdout)["variants"][0]["trials"][0]
        except (ValueError, KeyError, IndexError) as error:
            expect(f"record of {variant}", False, (error, result.stdout[:2000], result.stderr))
            return
    contained = {variant: trial["containment"] for variant, trial in records.items()}
    expect("record: the same digest as streaming's", records["cluster"]["scores_digest"] == records["streaming"]["scores_digest"], records)
    if contained["streaming"]["in_force"].startswith("no_new_privs"):  # not in a build with sanitizers
        expect("record: says what was allowed", "allowed: network, exec, write" in contained["cluster"]["in_force"], contained)
        expect("record: nothing was refused", not contained["cluster"].get("refused"), contained)
        expect("record: streaming is allowed nothing", "allowed" not in contained["streaming"]["in_force"], contained)


def filters(pid):
    """How many filters of system calls are in force for it."""
    found = [line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("Seccomp_filters:")]
    return int(found[0].split()[1]) if found else 0


def worker_killed(photos, expected):
    """And, before that: what the host may do, its workers may not."""
    run = Run(photos)
    if run.keys() and (parts := run.parts()):
        sockets = [fd for fd in os.scandir(f"/proc/{parts[2][0]}/fd") if os.readlink(fd.path).startswith("socket:")]
        more = filters(parts[2][0]) - filters(parts[1])
        expect("  a worker has no socket, and two filters more than its host", not sockets and more == (2 if filters(parts[1]) else 0),
               (sockets, more))
        os.kill(parts[2][0], signal.SIGKILL)
    errors = is_whole("a worker killed", run, expected)
    expect("  it says so", "1 worker died and was replaced" in errors, errors)


def struck(what, photos, expected, strike, *options):
    """Something happens to one run while it goes on: strike(server, host, workers)."""
    run = Run(photos, *options)
    parts = run.parts() if run.keys() else None
    expect(f"{what}: while it goes on", parts, run.process.poll())
    if parts:
        strike(*parts)
    is_whole(what, run, expected)


def worker_stopped(photos, expected):
    struck("a worker stopped by SIGSTOP", photos, expected, lambda server, host, workers: os.kill(workers[0], signal.SIGSTOP), "--photo-timeout", "3s")


def host_killed(photos, expected):
    struck("the host killed", photos, expected, lambda server, host, workers: os.kill(host, signal.SIGKILL))


def host_stopped(photos, expected):
    """Its leases run out; what it tells later comes twice."""
    def stop(server, host, workers):
        os.kill(host, signal.SIGSTOP)
        time.sleep(6)
        os.kill(host, signal.SIGCONT)
    struck("the host stopped for longer than its leases", photos, expected, stop)


def broker_killed(photos, expected):
    struck("redis-server killed", photos, expected, lambda server, host, workers: os.kill(server, signal.SIGKILL))


def broker_wiped(photos, expected):
    run = Run(photos)
    keys = run.keys()
    expect("Redis wiped: while it goes on", keys)
    if keys:
        run.redis("FLUSHALL")
    is_whole("Redis wiped", run, expected)


def hostile_entries(photos, expected):
    """Garbage, entries without an end, entries of 9 MB, and values of another kind under our names."""
    run = Run(photos)
    keys = run.keys()
    expect("hostile entries: while it goes on", keys)
    if keys:
        for stream in keys["tasks"], keys["results"]:
            run.redis("XADD", stream, "*", "m", "garbage")
            run.redis("XADD", stream, "*", "m", "x" * 200, "n", "x")
            run.redis("-x", "XADD", stream, "*", "m", text="x" * (9 << 20))
        time.sleep(0.5)
        run.redis("SET", keys["tasks"], "text")
        time.sleep(0.5)
        run.redis("SET", keys["results"], "text")
    is_whole("hostile entries", run, expected)


def harness_killed(photos, expected):
    """By SIGKILL: its processes die with it, and the next trial removes the folder that it left."""
    run = Run(photos)
    if expect("the harness killed: while it goes on", run.keys()) is None:
        run.process.kill()
        run.process.wait()
    left = os.listdir(run.temporary.name)
    run.output, run.errors = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
    run.process = subprocess.Popen(run.process.args, stdin=subprocess.DEVNULL, stdout=run.output, stderr=run.errors,
                                   env=dict(os.environ, TMPDIR=run.temporary.name))
    expect("  it leaves a folder", len(left) == 1, left)
    is_whole("the harness killed, and started again", run, expected)


def stopped_on_request(photos, expected):
    run = Run(photos)
    if run.keys():
        run.process.send_signal(signal.SIGINT)
    code, outcomes, errors = run.end()
    done = [own for own in outcomes if own.get("status") == "ok"]
    wrong = [own["path"] for own in done if own["score"] != expected[own["index"]]["score"]]
    expect("stopped on request: 130, and no score that is not one machine's", code == 130 and not wrong, (code, wrong, errors))


def no_memory(photos, expected):
    run = Run(photos)
    if run.keys():
        run.redis("CONFIG", "SET", "maxmemory", "1")
    code, _, errors = run.end()
    lines = [line for line in errors.splitlines() if "maxmemory" in line]
    expect("Redis out of memory: one line, exit 2", code == 2 and len(lines) == 1, (code, errors))


def not_installed(photos, expected):
    """The same program where PATH has no redis-server."""
    with tempfile.TemporaryDirectory() as empty:
        result = subprocess.run([PROGRAM, "score", str(photos), "-v", "cluster", "--quiet", "--json", "-"], capture_output=True,
                                text=True, env=dict(os.environ, PATH=empty))
    expect("redis-server missing: one line, exit 2", result.returncode == 2 and
           "redis-server is not installed" in result.stderr, (result.returncode, result.stderr))


CASES = [undisturbed, record, worker_killed, worker_stopped, host_killed, host_stopped, broker_killed, broker_wiped, hostile_entries,
         harness_killed, stopped_on_request, no_memory, not_installed]


def main():
    if not (shutil.which("redis-server") or shutil.which("redis-check-rdb")) or not shutil.which("redis-cli"):
        print("skipped: redis-server is not installed")
        sys.exit(77)
    tiny = subprocess.run([PROGRAM, "score", "tiny", "--json", "-", "--quiet"], capture_output=True, text=True)
    originals = pathlib.Path(os.environ["PHOTOFINISH_DATA"])
    files = sorted(path for path in originals.rglob("*.jpg") if "/tiny" in str(path))[:8]
    if tiny.returncode or not files:
        sys.exit(f"cluster: no photos below {originals}: {tiny.stderr}")
    with tempfile.TemporaryDirectory(prefix="photofinish-cluster-") as folder:
        for copy in range(COPIES):
            os.mkdir(f"{folder}/{copy}")
            for path in files:
                shutil.copy(path, f"{folder}/{copy}/{path.name}")
        plain = subprocess.run([PROGRAM, "score", folder, "-v", "single-load", "--json", "-", "--quiet"], capture_output=True, text=True)
        expected = [json.loads(line) for line in plain.stdout.splitlines()]
        expect(f"{COPIES * len(files)} photos", plain.returncode == 0 and len(expected) == COPIES * len(files), plain.stderr)
        for case in CASES:
            if not ONLY or case.__name__ in ONLY:
                case(folder, expected)
    sys.exit(1 if failed else 0)


PROGRAM, ONLY = os.path.abspath(sys.argv[1]), set(sys.argv[3:])
os.environ["PHOTOFINISH_DATA"] = os.path.abspath(sys.argv[2])
main()

#!/usr/bin/env python3
"""Four hosts in network namespaces of their own, and everything that may happen to them: by hand, as root, for it takes minutes.
Usage: python3 tests/cluster/by_hand.py PHOTOFINISH DATA [PHOTOS] (DATA has the dataset tiny; PAUSE_S=1.5 between faults, SEED)

Redis (with an append-only file) and the submitter are here, each host at the other end of a veth pair. While the run goes on:
20 kills of workers, 3 of redis-server, one wipe, 2 partitions of 8 s, one worker stopped for good, load on all processors
(stress-ng where it is installed), and one photo that workers die on: whoever opens it is killed while it reads. At the end
nothing may be missing, exactly the poison may be listed, and all else be one machine's to the bit."""
import ctypes
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from hosts import Place, Redis, copy_photos, expect, failed, score_here, stop, wait_for, workers_of

HOSTS, PORT, NET = 4, 7399, "10.203.7"
PADDING = 192 << 20 # bytes behind the end of the poison's picture: reading them takes longer than finding who reads
IN_OPEN, ALONE_S = 0x20, 8


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def make_network():
    for i in range(HOSTS):
        name = f"pfhost{i}"
        ip("netns", "add", name)
        ip("link", "add", f"pfv{i}", "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("addr", "add", f"{NET}.{4 * i + 1}/30", "dev", f"pfv{i}")
        ip("link", "set", f"pfv{i}", "up")
        ip("-n", name, "addr", "add", f"{NET}.{4 * i + 2}/30", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        ip("-n", name, "link", "set", "lo", "up")


def remove_network():
    for i in range(HOSTS):
        subprocess.run(["ip", "netns", "del", f"pfhost{i}"], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", f"pfv{i}"], stderr=subprocess.DEVNULL)


def poison(path, hosts, deaths):
    """Kills each worker that opens the photo."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_CLOEXEC)
    libc.inotify_add_watch(watch, os.fsencode(path), IN_OPEN)

    def kill():
        while os.read(watch, 4096):
            until = time.monotonic() + 0.2
            while time.monotonic() < until:
                for worker in [worker for host in hosts for worker in workers_of(host)]:
                    try:
                        opened = {os.readlink(fd.path) for fd in os.scandir(f"/proc/{worker}/fd")}
                        if str(path) in opened:
                            os.kill(worker, signal.SIGKILL)
                            deaths.add(worker)
                    except OSError:
                        pass
    threading.Thread(target=kill, daemon=True).start()


class Faults:
    """What happens while `run` goes on, in an order of its own each time."""

    def __init__(self, run, redis, hosts, seed):
        self.run, self.redis, self.hosts, self.random, self.done, self.struck = run, redis, hosts, random.Random(seed), {}, {}

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    def any_worker(self):
        """Of a host that was left alone for a while: a photo that two workers died with is quarantined, and rightly so."""
        while self.run.process.poll() is None:
            now = time.monotonic()
            workers = [(host, worker) for host in self.hosts if now - self.struck.get(host, 0) > ALONE_S for worker in workers_of(host)]
            if workers:
                host, worker = self.random.choice(workers)
                self.struck[host] = now
                return worker
            time.sleep(0.1)
        return None

    def kill_worker(self):
        if worker := self.any_worker():
            os.kill(worker, signal.SIGKILL)
            self.count("worker kills")

    def stop_worker(self):
        if worker := self.any_worker():
            os.kill(worker, signal.SIGSTOP)
            self.count("stopped workers")

    def kill_broker(self):
        self.redis.kill()
        time.sleep(1)
        self.redis.start()
        self.count("broker kills")

    def wipe(self):
        self.redis.ask("FLUSHALL")
        self.count("wipes")

    def partition(self):
        link = f"pfv{self.random.randrange(HOSTS)}"
        ip("link", "set", link, "down")
        time.sleep(8)
        ip("link", "set", link, "up")
        self.count("partitions")

    def all(self, pause_s):
        faults = 20 * [self.kill_worker] + 3 * [self.kill_broker] + [self.wipe] + 2 * [self.partition] + [self.stop_worker]
        self.random.shuffle(faults)
        for fault in faults:
            if self.run.process.poll() is not None:
                break
            fault()
            time.sleep(pause_s)


def main():
    program, data = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    photos = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    if os.geteuid() or not shutil.which("ip"):
        sys.exit("by_hand: needs root, and ip (iproute2)")
    seed = int(os.environ.get("SEED", time.time()))
    with tempfile.TemporaryDirectory(prefix="photofinish-hosts-") as folder:
        for name in "photos", "redis":
            os.mkdir(f"{folder}/{name}")
        copy_photos(f"{folder}/photos", (photos + 7) // 8, data)
        files = sorted(pathlib.Path(f"{folder}/photos").rglob("*.jpg"))
        bad = files[len(files) // 2]
        with open(bad, "ab") as file:
            file.write(b"x" * PADDING)
        expected = score_here(program, f"{folder}/photos")
        broken = [outcome["burst"] for outcome in expected if outcome["path"].endswith(str(bad.relative_to(f"{folder}/photos")))]
        print(f"{len(expected)} photos, SEED={seed}", flush=True)
        remove_network()
        make_network()
        redis = Redis(f"{folder}/redis", "--appendonly", "yes", "--appendfsync", "always", "--requirepass", "hand", "--bind", "0.0.0.0",
                      port=PORT)
        redis.password = "hand"
        hosts, load = [], None
        try:
            for i in range(HOSTS):
                place = Place(program, f"redis://:hand@{NET}.{4 * i + 1}:{PORT}")
                hosts.append(place.host(f"{folder}/photos", "--journal", f"{folder}/journal{i}", "--photo-timeout", "20s",
                                        prefix=["ip", "netns", "exec", f"pfhost{i}"]))
            if shutil.which("stress-ng"):
                load = subprocess.Popen(["stress-ng", "--quiet", "--cpu", "0"])
            begin, deaths = time.monotonic(), set()
            poison(bad, hosts, deaths)
            run = Place(program, f"redis://:hand@127.0.0.1:{PORT}").submit(f"{folder}/photos")
            wait_for(lambda: any(key.endswith(":results") for key in redis.ask("KEYS", "photofinish:*")), 120)
            faults = Faults(run, redis, hosts, seed)
            faults.all(float(os.environ.get("PAUSE_S", 1.5)))
            ended = run.process.poll() is not None
            code = run.end(limit_s=1800)
            own = run.outcomes()
            print(f"{faults.done} within {time.monotonic() - begin:.0f} s; {'all' if not ended else 'not all'} of it while the run went on")
            crashed = [outcome["path"] for outcome in own if outcome["status"] != "ok"]
            differ = [b["path"] for a, b in zip(own, expected) if a != b and b["burst"] not in broken]
            expect("status 0, and no photo is missing", code == 0 and len(own) == len(expected), (code, len(own), run.said()))
            expect("exactly the poison is listed", len(crashed) == 1 and crashed[0].endswith(bad.name), (crashed, deaths))
            expect("all outcomes but of its burst are one machine's, to the bit", not differ, differ[:5])
            expect("each fault struck", not ended, faults.done)
            for host in hosts:
                host.end(signal.SIGTERM, 60)
                print(f"  {host.said().strip()}")
        finally:
            if load:
                load.kill()
            stop(*hosts)
            redis.kill()
            remove_network()
    sys.exit(1 if failed else 0)


main()

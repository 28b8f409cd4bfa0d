#!/usr/bin/env python3
"""A server that gets twice what it can do, with what it promises measured: deadlines of what it took, goodput, memory, one answer for each
request. Usage: overload.py PHOTOFINISH FOLDER-OF-DATASETS [--seconds N] [--kill] [--workers N]

Capacity is what as many clients as workers get, one request after another, before and after. Then requests come as a Poisson stream of
twice that rate, whether or not others are answered (latency counts from when a request was to be sent), beside 1,000 idle connections and
20 viewers of the live page. --kill kills a random worker every second. It wants a machine that does nothing else, with a processor to spare for
this client; not for ctest."""
import argparse
import http.client
import json
import os
import pathlib
import random
import resource
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from serve import Server  # noqa: E402

DEADLINES_OF_SERVICE = 8  # a request's deadline, as so many times p95 of an unloaded server


def ask(port, photo, deadline_ms):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("POST", "/score", photo, {"Deadline-Ms": str(deadline_ms)} if deadline_ms else {})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except OSError as error:
        return f"{type(error).__name__}"
    finally:
        connection.close()


def capacity(server, photos, seconds):
    """Photos a second by as many clients as workers, and the latencies of each."""
    latencies, lock, end = [], threading.Lock(), time.monotonic() + seconds

    def client(number):
        i = number
        while time.monotonic() < end:
            begin = time.monotonic()
            status = ask(server.port, photos[i % len(photos)], 0)
            with lock:
                latencies.append((time.monotonic() - begin, status))
            i += 1
    threads = [threading.Thread(target=client, args=(number,)) for number in range(server.workers)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = sorted(latency for latency, status in latencies if status == 200)
    return len(good) / (time.monotonic() - begin), good[int(0.95 * len(good))]


class Stream:
    def __init__(self, server, photos, rate, deadline_s):
        self.server, self.photos, self.rate, self.deadline_s = server, photos, rate, deadline_s
        self.answers, self.lock = [], threading.Lock()

    def one(self, photo, due):
        status = ask(self.server.port, photo, self.deadline_s * 1000)
        with self.lock:
            self.answers.append((status, time.monotonic() - due))

    def run(self, seconds, every_second):
        begin = due = time.monotonic()
        threads, second = [], 0
        while due - begin < seconds:
            due += random.expovariate(self.rate)
            while time.monotonic() < due:
                time.sleep(max(0.0, min(due - time.monotonic(), 0.05)))
                if time.monotonic() - begin >= second + 1:
                    second += 1
                    every_second(second)
            thread = threading.Thread(target=self.one, args=(random.choice(self.photos), due))
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
        return len(threads), time.monotonic() - begin


def rss_of(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--kill", action="store_true")
    choice = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    photos = [path.read_bytes() for path in sorted((choice.data / "tiny/photos").glob("*.jpg"))]
    server = Server(choice.program, "--read-timeout", "1000s", workers=choice.workers)
    capacity(server, photos, 2)  # warms up
    before, p95_s = capacity(server, photos, 8)
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(choice.connections)]
    viewers = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(choice.viewers)]
    for viewer in viewers:
        viewer.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    memory, seen, kills = [], [0] * len(viewers), 0
    deadline_s = DEADLINES_OF_SERVICE * p95_s
    stream = Stream(server, photos, 2 * before, deadline_s)

    def every_second(second):
        nonlocal kills
        memory.append(rss_of(server.process.pid))
        for i, viewer in enumerate(viewers):
            viewer.setblocking(False)
            try:
                seen[i] += viewer.recv(1 << 20).count(b"data: ")
            except BlockingIOError:
                pass
        if choice.kill:
            pids = server.worker_pids()
            kills += bool(pids)
            if pids:
                os.kill(random.choice(pids), signal.SIGKILL)
    sent, lasted = stream.run(choice.seconds, every_second)
    for one in [*idle, *viewers]:
        one.close()
    after, _ = capacity(server, photos, 8)
    answers = stream.answers
    kinds = {}
    for status, _ in answers:
        kinds[str(status)] = kinds.get(str(status), 0) + 1
    good = [latency for status, latency in answers if status == 200]
    in_time = sum(1 for latency in good if latency <= deadline_s)
    taken = len(good) + kinds.get("504", 0)
    limit = (before + after) / 2
    figures = {
        "seconds": round(lasted, 1), "workers": choice.workers, "sent": sent, "answers": len(answers), "by_code": kinds, "kills": kills,
        "capacity_before": round(before, 2), "capacity_after": round(after, 2), "goodput": round(in_time / lasted, 2),
        "goodput_of_capacity": round(in_time / lasted / limit, 3), "deadline_ms": round(deadline_s * 1000),
        "in_time_of_taken": round(in_time / taken, 4) if taken else None, "idle_connections": len(idle),
        "viewers": len(viewers), "events_each_least": min(seen, default=0),
        "rss_bytes_first_quarter_most": max(memory[:len(memory) // 4 + 1]), "rss_bytes_last_quarter_most": max(memory[-(len(memory) // 4 + 1):]),
        "deaths": server.metric("photofinish_worker_deaths_total"), "server_ended": server.end()[0]}
    print(json.dumps(figures, indent=1))
    lost = sent - len(answers) or sum(count for kind, count in kinds.items() if not kind.isdigit())
    sys.exit(1 if lost or figures["server_ended"] else 0)


if __name__ == "__main__":
    main()

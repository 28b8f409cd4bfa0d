#!/usr/bin/env python3
"""A server that gets twice what it can do, with what it promises measured: deadlines of what it took, goodput, memory, one answer for each
request. Usage: overload.py PHOTOFINISH FOLDER-OF-DATASETS [--seconds N] [--kill] [--workers N]

Capacity is what as many users as workers get, before and after (`load --url --users`). Then requests come as a Poisson stream of twice that rate
(`load --url --rate`; latency counts from when a request was to be sent, every score is checked), beside 1,000 idle connections and
20 viewers of the live page. --kill kills a random worker every second. It wants a machine that does nothing else, with a processor to spare for
the generator; not for ctest."""
import argparse
import json
import os
import pathlib
import random
import resource
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from serve import Server  # noqa: E402

DEADLINES_OF_SERVICE = 8  # a request's deadline, as so many times p95 of an unloaded server


def start_load(choice, server, *options):
    return subprocess.Popen([choice.program, "load", "--url", f"http://127.0.0.1:{server.port}/score", "--dataset", "tiny", "--quiet", "--no-history",
                             "--json", "-", *options], stdout=subprocess.PIPE, text=True, env={**os.environ, "PHOTOFINISH_DATA": str(choice.data)})


def record_of(process):
    return json.loads(process.communicate()[0])


def capacity(choice, server):
    """Photos a second, and p95 of a photo, by as many users as workers."""
    record = record_of(start_load(choice, server, "--users", str(choice.workers), "--duration", "8s", "--queries", "100"))
    p95 = next(entry for entry in record["latency"] if entry["p"] == 0.95)
    return record["phases"][0]["goodput_per_s"], p95["ns"] * 1e-9


def rss_of(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


def watch(choice, server, viewers, process):
    """Once a second until the load ends: memory, what the viewers have heard, and a kill."""
    memory, heard, kills, second, begin = [], [0] * len(viewers), 0, 0, time.monotonic()
    while process.poll() is None and time.monotonic() - begin < choice.seconds:
        time.sleep(max(0.0, begin + second - time.monotonic()))
        second += 1
        memory.append(rss_of(server.process.pid))
        for i, viewer in enumerate(viewers):
            try:
                heard[i] += viewer.recv(1 << 20).count(b"data: ")
            except BlockingIOError:
                pass
        pids = server.worker_pids() if choice.kill else []
        if pids:
            os.kill(random.choice(pids), signal.SIGKILL)
            kills += 1
    return memory, heard, kills


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
    server = Server(choice.program, "--read-timeout", "1000s", workers=choice.workers)
    before, p95_s = capacity(choice, server)
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(choice.connections)]
    viewers = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(choice.viewers)]
    for viewer in viewers:
        viewer.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        viewer.setblocking(False)
    deadline_s = DEADLINES_OF_SERVICE * p95_s
    process = start_load(choice, server, "--rate", str(2 * before), "--duration", f"{choice.seconds}s", "--queries", "1", "--deadline", f"{deadline_s}s")
    memory, heard, kills = watch(choice, server, viewers, process)
    record = record_of(process)
    for one in [*idle, *viewers]:
        one.close()
    after, _ = capacity(choice, server)
    outcomes, phase = record["outcomes"], record["phases"][0]
    taken = outcomes["ok"] + outcomes["late"]
    quarter = len(memory) // 4 + 1
    figures = {
        "seconds": round(phase["lasted_s"], 1), "workers": choice.workers, "sent": record["requests_sent"], "outcomes": outcomes, "by_code": record["answers"],
        "kills": kills, "capacity_before": round(before, 2), "capacity_after": round(after, 2), "goodput": round(phase["goodput_per_s"], 2),
        "goodput_of_capacity": round(phase["goodput_per_s"] / ((before + after) / 2), 3), "deadline_ms": round(deadline_s * 1000),
        "in_time_of_taken": round(outcomes["ok"] / taken, 4) if taken else None, "sent_late_p99_ms": round((record["delay_p99_ns"] or 0) * 1e-6, 2),
        "idle_connections": len(idle), "viewers": len(viewers), "events_each_least": min(heard, default=0),
        "rss_bytes_first_quarter_most": max(memory[:quarter]), "rss_bytes_last_quarter_most": max(memory[-quarter:]),
        "deaths": server.metric("photofinish_worker_deaths_total"), "server_ended": server.end()[0]}
    print(json.dumps(figures, indent=1))
    sys.exit(1 if outcomes["lost"] or figures["server_ended"] else 0)


if __name__ == "__main__":
    main()

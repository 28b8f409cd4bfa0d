#!/usr/bin/env python3
"""load --url on the real server, and on peers that answer as HTTP should not: each request has one outcome, times count from when it was to be
sent, and nothing is timed that was not checked. Usage: load_url.py PHOTOFINISH FOLDER-OF-DATASETS"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "serve"))
import serve  # noqa: E402
from serve import Server, expect  # noqa: E402


def start(program, data, url, *arguments):
    environment = {**os.environ, "PHOTOFINISH_DATA": str(data)}
    return subprocess.Popen([program, "load", "--url", url, "--dataset", "tiny", "--quiet", "--no-history", "--json", "-", *arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def load(program, data, url, *arguments):
    process = start(program, data, url, *arguments)
    out, err = process.communicate(timeout=600)
    try:
        return process.returncode, json.loads(out)
    except ValueError:
        return process.returncode, {"error": out + err}


def adds_up(record):
    """Each request has one outcome, in all and in each phase, and each answer is counted once."""
    requests = record.get("requests") or {"outcome": []}
    phases = record.get("phases", [])
    return (sum(record["outcomes"].values()) == record["requests_sent"] == sum(record["answers"].values()) == len(requests["outcome"]) and
            all(sum(phase["outcomes"].values()) == phase["requests"] for phase in phases) and
            sum(phase["requests"] for phase in phases) == record["requests_sent"])


def check_real(program, data, scratch):
    server = Server(program)
    url = f"http://127.0.0.1:{server.port}/score"
    status, record = load(program, data, url, "--users", "2", "--queries", "20", "--slo", "ok=50%", "--slo", "p50=600s", "--slo", "max=1us")
    expect("closed loop: all are ok, each checked, two objectives met, one missed", status == 1 and record["outcomes"]["ok"] >= 20 == record["requests_sent"] and
           record["checked"] and record["wrong"] == 0 and adds_up(record) and
           [slo["verdict"] for slo in record["slos"]] == ["met", "met", "missed"], (status, record))
    median = sorted(record["requests"]["latency_ns"])[10] * 1e-9

    process = start(program, data, url, "--rate", str(0.5 / median), "--duration", str(max(4, 8 * median)))
    scored = server.metric("photofinish_photos_total", status="ok")
    serve.wait_for("it has begun", lambda: server.metric("photofinish_photos_total", status="ok") >= scored + 2)
    os.kill(server.process.pid, signal.SIGSTOP)
    time.sleep(1.5)
    os.kill(server.process.pid, signal.SIGCONT)
    out, _ = process.communicate(timeout=600)
    record = json.loads(out)
    due, latency = record["requests"]["due_ns"], record["requests"]["latency_ns"]
    slow = [i for i in range(len(due)) if latency[i] > 0.5e9]
    # None waited for another before it was sent: what the stop cost is in all that were due while it lasted.
    spread = max((due[i] for i in slow), default=0) - min((due[i] for i in slow), default=0)
    expect("a server that is stopped for 1.5 s: those due meanwhile have it in their latency", len(slow) >= 1 and max(latency) > 1.0e9 and
           max(record["requests"]["delay_ns"]) < max(latency) and adds_up(record), (spread, record["outcomes"], max(latency)))

    status, record = load(program, data, url, "--rate", "5,50", "--duration", "2s", "--deadline", "1ms")
    expect("deadlines that nothing keeps: none is ok, in two steps", record["outcomes"]["ok"] == 0 and len(record["phases"]) == 2 and
           record["outcomes"]["rejected"] + record["outcomes"]["late"] == record["requests_sent"] > 0 and adds_up(record), record)
    status, record = load(program, data, url, "--preset", "draft", "--queries", "5")
    expect("the scores of another preset: errors, without a time", status == 0 and record["other_setting"] == record["outcomes"]["error"] >= 5 and
           record["latency"][1]["ns"] is None, (status, record))
    weights = scratch / "weights.yaml"
    weights.write_text("weights: {sharpness: 0.1}\n")
    status, record = load(program, data, url, "--config", str(weights), "--queries", "5")
    expect("scores that are not the reference's: WRONG OUTPUT, status 1, no time", status == 1 and record["wrong"] >= 5 and record["latency"] is None and
           record["first_wrong"], (status, record))
    status, record = load(program, data, url.replace("/score", "/nothing"))
    expect("an address that takes no photos: status 2", status == 2 and "405" in record["error"], (status, record))
    expect("the server ends with 0", server.end() == (0, ""))


def check_kills(program, data):
    """Each request has one answer, whoever dies. How many are in time is measured by tests/serve/overload.py."""
    server = Server(program)
    process = start(program, data, f"http://127.0.0.1:{server.port}/score", "--rate", "20", "--duration", "5s", "--deadline", "2s")
    kills = 0
    while process.poll() is None:
        pids = server.worker_pids()
        if pids:
            os.kill(pids[kills % len(pids)], signal.SIGKILL)
            kills += 1
        time.sleep(1)
    record = json.loads(process.communicate(timeout=600)[0])
    outcomes = record["outcomes"]
    expect("a worker killed every second: one answer each, none lost, as many failed as workers died at most", adds_up(record) and kills >= 2 and
           outcomes["lost"] == 0 and outcomes["error"] <= kills and set(record["answers"]) <= {"200", "500", "503", "504"}, (kills, record["answers"]))
    expect("  and it ends with 0", server.end()[0] == 0)


class Peer:
    """Answers each connection by `act(connection, number)`, in a thread of its own."""

    def __init__(self, act):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/x?y=1"
        self.requests, self.act, self.lock = 0, act, threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.speak, args=(connection,), daemon=True).start()

    def read(self, connection):
        """The head of one request; its body is read, too."""
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(65536)
            if not more:
                return None
            head += more
        head, body = head.split(b"\r\n\r\n", 1)
        length = int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")).split(b":")[1])
        while len(body) < length:
            body += connection.recv(65536)
        return head

    def speak(self, connection):
        try:
            with connection:
                while True:
                    head = self.read(connection)
                    if head is None:
                        return
                    with self.lock:
                        number = self.requests
                        self.requests += 1
                    if not self.act(connection, number, head):
                        return
        except OSError:
            pass


ODD = (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
       b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
       b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n",
       b"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n",
       b"HTTP/1.1 504 Late\r\nContent-Length: 0\r\n\r\n",
       b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
       b"no HTTP\r\n\r\n",                                    # malformed
       b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",  # closed before it is whole
       b"")                                                   # closed at once
OUTCOMES = {"ok": 3, "rejected": 1, "late": 1, "error": 1, "lost": 3}


def check_odd(program, data):
    seen = []

    def act(connection, number, head):
        answer = ODD[(number + len(ODD) - 1) % len(ODD)] if number else ODD[0]
        seen.append(head)
        for byte in range(0, len(answer), 7):
            connection.sendall(answer[byte:byte + 7])
        return answer[:4] == b"HTTP" and b"half" not in answer
    peer = Peer(act)
    status, record = load(program, data, peer.url, "--unchecked", "--users", "1", "--queries", str(3 * len(ODD)), "--deadline", "100s")
    expect("a peer that answers oddly: each answer is what it is", status == 0 and adds_up(record) and
           record["outcomes"] == {name: 3 * count for name, count in OUTCOMES.items()} and
           record["answers"] == {"200": 6, "201": 3, "429": 3, "504": 3, "500": 3, "malformed": 3, "closed": 6}, (status, record))
    expect("  it is said that nothing was checked", record["checked"] is False)
    expect("  what is sent: path, host, deadline", all(head.startswith(b"POST /x?y=1 HTTP/1.1\r\nHost: 127.0.0.1:") and
                                                       b"\r\nDeadline-Ms: " in head for head in seen), seen[:1])
    expect("  no request is sent twice", peer.requests == 1 + record["requests_sent"], (peer.requests, record["requests_sent"]))
    status, record = load(program, data, peer.url, "--users", "1", "--queries", "2")
    expect("  an answer that is no score is wrong output", status == 1 and record["wrong"] >= 1, (status, record))


def check_stress(program, data):
    """One request at a time, each of 20 ms at least: 50 a second is what it can do at most, wherever it runs."""
    one = threading.Lock()

    def act(connection, number, head):
        with one:
            time.sleep(0.02)
        connection.sendall(ODD[0])
        return True
    peer = Peer(act)
    status, record = load(program, data, peer.url, "--unchecked", "--stress", "--rate", "8", "--duration", "1s", "--deadline", "300ms")
    stress = record["stress"]
    expect("--stress: the rate at which it breaks, and that it slows", status == 0 and adds_up(record) and stress["broken_per_s"] and stress["held_per_s"] and
           stress["held_per_s"] < stress["broken_per_s"] < 120 and stress["held_per_s"] < 75 and stress["fails"] == "slows", (status, stress))

    def refuse(connection, number, head):
        with one:
            tokens[0] = min(10.0, tokens[0] + 20 * (time.monotonic() - tokens[1]))
            tokens[1] = time.monotonic()
            good = tokens[0] >= 1
            tokens[0] -= good
        connection.sendall(ODD[0] if good else b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        return True
    tokens = [10.0, time.monotonic()]
    status, record = load(program, data, Peer(refuse).url, "--unchecked", "--stress", "--rate", "8", "--duration", "1s")
    stress = record["stress"]
    expect("--stress: one that takes 20 a second at most rejects", status == 0 and stress["fails"] == "rejects" and stress["held_per_s"] < 60 and
           stress["broken_per_s"] < 150, (status, stress))


def check_refusals(program, data, scratch):
    for arguments, words in ((["--url", "http://127.0.0.1:1/score"], "no answer (refused)"), (["--url", "http://192.0.2.1/score"], "--remote"),
                             (["--url", "https://127.0.0.1/score"], "TLS"), (["--url", "ftp://x"], "http://"), ([], "--url"),
                             (["--url", "http://127.0.0.1:1/", "--rate", "5", "--users", "2"], "exclude"),
                             (["parallel", "--users", "2"], "belong to --url"), (["parallel", "--slo", "ok=99%"], "takes no --slo"),
                             (["--url", "http://127.0.0.1:1/", "--rate", "3..x"], "ramp"),
                             (["--url", "http://127.0.0.1:1/", "--slo", "throughput=3"], "takes no --slo")):
        result = subprocess.run([program, "load", "--dataset", "tiny", "--quiet", *arguments], capture_output=True, text=True,
                                env={**os.environ, "PHOTOFINISH_DATA": str(data)})
        expect(f"load {' '.join(arguments)}: status 2 and why", result.returncode == 2 and words in result.stderr and
               result.stderr.count("\n") == 1, result.stderr)


def check_table(program, data):
    """What is printed; by a peer that does nothing."""
    peer = Peer(lambda connection, number, head: connection.sendall(ODD[0]) or True)
    result = subprocess.run([program, "load", "--url", peer.url, "--dataset", "tiny", "--quiet", "--no-history", "--unchecked", "--rate", "50..200",
                             "--duration", "2s", "--deadline", "10s", "--slo", "ok=90%"],
                            capture_output=True, text=True, env={**os.environ, "PHOTOFINISH_DATA": str(data)})
    rows = [line for line in result.stdout.splitlines() if "/s" in line and " to " in line]
    expect("a ramp: 8 parts, rates, outcomes, and what was not checked", result.returncode == 0 and "ANSWERS WERE NOT CHECKED" in result.stdout and
           "ok=90%: met" in result.stdout and "50 to 68.75/s" in result.stdout and "In time (10.0 s)" in result.stdout and len(rows) >= 8, result.stdout)


def main():
    program, data = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        check_refusals(program, data, pathlib.Path(folder))
        check_odd(program, data)
        check_table(program, data)
        check_stress(program, data)
        check_real(program, data, pathlib.Path(folder))
        check_kills(program, data)
    sys.exit(1 if serve.failed else 0)


if __name__ == "__main__":
    main()

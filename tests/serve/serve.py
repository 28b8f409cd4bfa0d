#!/usr/bin/env python3
"""A real server, real photos: its answers are score's, and what goes wrong costs the request that it happens to. Nothing here depends on
an idle machine: what has to last is made to last by stopping processes. Usage: serve.py PHOTOFINISH FOLDER-OF-DATASETS"""
import atexit
import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE_S = 120
failed = 0


def expect(what, holds, seen=""):
    global failed
    failed += not holds
    print(f"{'ok    ' if holds else 'FAILED'}  {what}" + ("" if holds else f": {seen}"), flush=True)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        own = [int(child) for child in file.read().split()]
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                own += [int(child) for child in file.read().split() if int(child) not in own]
        except OSError:
            pass
    return own


def wait_for(what, holds):
    begin = time.monotonic()
    while time.monotonic() - begin < PATIENCE_S:
        if holds():
            return True
        time.sleep(0.02)
    expect(what, False, f"not after {PATIENCE_S} s")
    return False


class Server:
    def __init__(self, program, *options, workers=2):
        self.process = subprocess.Popen([program, "serve", "--port", "0", "--workers", str(workers), "--quiet", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rsplit(":", 1)[1])
        self.workers = workers
        wait_for("ready", lambda: self.get("/readyz")[0] == 200 and self.metric("photofinish_workers", state="idle") == workers)

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, answer.headers

    def get(self, path, headers=None):
        return self.ask("GET", path, headers=headers)

    def score(self, photo, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", f"/score?name={photo.name}", photo.read_bytes(), headers)

    def metric(self, name, **labels):
        wanted = ",".join(f'{key}="{value}"' for key, value in labels.items())
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name + (f"{{{wanted}}}" if wanted else "") + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def trial(self):
        return children(self.process.pid)[0]

    def worker_pids(self):
        return children(self.trial())

    def signal_workers(self, number):
        for pid in self.worker_pids():
            os.kill(pid, number)

    def later(self, photo, **headers):
        """One request that is under way; .answer is there after join."""
        thread = threading.Thread(target=lambda: setattr(thread, "answer", self.score(photo, **headers)))
        thread.answer = None
        thread.start()
        return thread

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, err


def multipart(photos):
    body = b""
    for photo in photos:
        body += (f'--cut\r\nContent-Disposition: form-data; name="photo"; filename="{photo.name}"\r\n'
                 "Content-Type: image/jpeg\r\n\r\n").encode() + photo.read_bytes() + b"\r\n"
    return body + b"--cut--\r\n", {"Content-Type": "multipart/form-data; boundary=cut"}


def score_folder(program, folder, photos, *options):
    path = pathlib.Path(folder)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    for photo in photos:
        shutil.copy(photo, path)
    result = subprocess.run([program, "score", str(path), "--json", "-", "--quiet", "--workers", "1", *options],
                            capture_output=True, text=True)
    return result.stdout


def check_answers(program, server, photos, scratch):
    for photo in (photos[0], photos[-1]):
        status, text, headers = server.score(photo)
        expect(f"/score of {photo.name}: the line that score writes, to the byte",
               status == 200 and text == score_folder(program, scratch / "one", [photo]), (status, text))
        expect("  and what it took", "service;dur=" in headers["Server-Timing"], dict(headers))
    burst = [photo for photo in photos if "_A_0000" in photo.name and "_101500_" in photo.name]
    body, headers = multipart(burst)
    status, text, _ = server.ask("POST", "/burst", body, headers)
    expect(f"/burst of {len(burst)} photos: score's lines with their ranks, to the byte",
           status == 200 and text == score_folder(program, scratch / "burst", burst), (status, text))
    bad = scratch / "bad.jpg"
    bad.write_bytes(b"no photo")
    status, text, _ = server.score(bad)
    expect("what is no photo: 422 with score's record", status == 422 and json.loads(text)["status"] == "not-jpeg" and
           text == score_folder(program, scratch / "one", [bad]).splitlines(True)[-1], (status, text))


def check_refusals(server, photo):
    status, text, _ = server.get("/nothing")
    expect("another path: 404", status == 404 and json.loads(text)["reason"] == "path", (status, text))
    expect("GET /score: 405", server.get("/score")[0] == 405)
    expect("a deadline that is no number: 400", server.score(photo, Deadline_Ms="soon")[0] == 400)
    status, text, _ = server.ask("POST", "/burst", b"no parts", {"Content-Type": "text/plain"})
    expect("a burst that is no multipart: 400", status == 400, (status, text))
    status, text, _ = server.ask("POST", "/burst", b"--cut--\r\n", {"Content-Type": "multipart/form-data; boundary=cut"})
    expect("a burst without photos: 400", status == 400, (status, text))
    status, _, _ = server.ask("POST", "/score", iter([b"x" * 300000] * 5))
    expect("a body that grows beyond the limit: 413", status == 413, status)
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as raw:
        raw.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        expect("a body that says to be larger than the limit: 413, before it is sent", b" 413 " in raw.recv(4096).split(b"\r\n")[0])
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as raw:
        raw.settimeout(PATIENCE_S)
        try:
            raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 50) for i in range(10000)) + b"\r\n")
            answer = raw.recv(4096)
        except OSError:
            answer = b""
        expect("ten thousand headers: refused", answer == b"" or b" 431 " in answer or b" 413 " in answer, answer)
    expect("and the server is there", server.score(photo)[0] == 200)


def check_bomb(program, server, photo, scratch):
    """A photo whose head says that it has 4 gigapixels; nothing of that size is ever decoded."""
    bomb = scratch / "bomb.jpg"
    text = bytearray(photo.read_bytes())
    at = 2
    while text[at + 1] not in (0xC0, 0xC1, 0xC2):  # to its frame header
        at += 2 + int.from_bytes(text[at + 2:at + 4], "big")
    text[at + 5:at + 9] = b"\xff\xdc\xff\xdc"
    bomb.write_bytes(bytes(text))
    deaths = server.metric("photofinish_worker_deaths_total")
    status, answer, _ = server.score(bomb)
    expect("a bomb of 65,500 x 65,500 pixels: 422 with score's record, and no worker died of it", status == 422 and
           answer == score_folder(program, scratch / "one", [bomb]).splitlines(True)[-1] and
           server.metric("photofinish_worker_deaths_total") == deaths, (status, answer))


def event_of(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    connection.request("GET", "/events")
    event = json.loads(connection.getresponse().readline()[len("data: "):])
    connection.close()
    return event


def check_metrics(server):
    _, text, headers = server.get("/metrics")
    promtool = shutil.which("promtool")
    if promtool:
        result = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
        expect("promtool finds nothing in /metrics", result.returncode == 0 and not result.stderr, result.stderr)
        rules = pathlib.Path(__file__).resolve().parents[2] / "docs/examples/serve/alerts.yml"
        result = subprocess.run([promtool, "check", "rules", str(rules)], capture_output=True, text=True)
        expect("and nothing in the alert rules of the documents", result.returncode == 0, result.stdout + result.stderr)
    else:
        print("skipped: promtool is not installed (Debian's prometheus has it, and starts a service)")
    _, text, headers = server.get("/metrics", {"Accept": "application/openmetrics-text"})
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
        families = {family.name: family for family in text_string_to_metric_families(text)}
        expect("OpenMetrics, by another reader", headers["Content-Type"].startswith("application/openmetrics-text") and
               families["photofinish_photos"].samples[0].value >= 1, families.keys())
    except ImportError:
        print("skipped: python3-prometheus-client is not installed")
    event = event_of(server)
    expect("the page's figures are those of /metrics", event["scored"] == server.metric("photofinish_photos_total", status="ok") and
           event["queue"] == 0 and event["workers"] == server.workers and event["best"], event)
    expect("/ is a page", server.get("/")[1].startswith("<!doctype html>"))


def check_deadlines(server, photos):
    scored = server.metric("photofinish_photos_total", status="ok")
    server.signal_workers(signal.SIGSTOP)
    busy = [server.later(photo, Deadline_Ms="100000") for photo in photos[:server.workers]]
    wait_for("all workers are busy", lambda: server.metric("photofinish_workers", state="busy") == server.workers)
    late = server.later(photos[0], Deadline_Ms="1500")
    late.join()
    status, text, _ = late.answer
    expect("a deadline passes while all workers are busy: 504", status == 504 and json.loads(text)["reason"] == "expired", late.answer)
    server.signal_workers(signal.SIGCONT)
    for thread in busy:
        thread.join()
    expect("those that workers had: scored", all(thread.answer[0] == 200 for thread in busy), [thread.answer for thread in busy])
    expect("the late one was not executed", server.metric("photofinish_photos_total", status="ok") == scored + len(busy))
    status, text, headers = server.score(photos[0], Deadline_Ms="1")
    expect("what would miss its deadline: 503 and when to come again", status == 503 and json.loads(text)["reason"] == "deadline" and
           int(headers["Retry-After"]) >= 1, (status, text))


def lose_worker(server, photo, number):
    """A worker gets the photo and this signal; the server goes on with the others."""
    server.signal_workers(signal.SIGSTOP)
    thread = server.later(photo, Deadline_Ms="100000")
    wait_for("a worker is busy", lambda: server.metric("photofinish_workers", state="busy") == 1)
    server.signal_workers(number)
    server.signal_workers(signal.SIGCONT)
    thread.join()
    wait_for("they are back", lambda: server.metric("photofinish_workers", state="idle") == server.workers)
    return thread.answer


def check_deaths(server, photos):
    deaths = server.metric("photofinish_worker_deaths_total")
    status, text, _ = lose_worker(server, photos[0], signal.SIGKILL)
    expect("a killed worker: 500 for its photo", status == 500 and json.loads(text)["status"] == "crashed", (status, text))
    wait_for("the deaths are counted", lambda: server.metric("photofinish_worker_deaths_total") == deaths + server.workers)
    expect("it is no proof against the photo", server.score(photos[0])[0] == 200)
    status, text, _ = lose_worker(server, photos[1], signal.SIGSEGV)
    expect("a photo on which a worker crashes: 500", status == 500, (status, text))
    crashed = server.metric("photofinish_photos_total", status="crashed")
    deaths = server.metric("photofinish_worker_deaths_total")
    status, text, _ = server.score(photos[1])
    expect("the same bytes again: 500, not tried", status == 500 and "before" in json.loads(text)["error"] and
           server.metric("photofinish_poisoned_photos_total") == 1 and
           server.metric("photofinish_worker_deaths_total") == deaths, (status, text))
    expect("others do not notice", server.score(photos[2])[0] == 200 and crashed == 2, crashed)
    os.kill(server.trial(), signal.SIGKILL)
    wait_for("the process that has the workers is back", lambda: server.metric("photofinish_restarts_total") == 1 and
             server.get("/readyz")[0] == 200)
    expect("and scores", server.score(photos[3])[0] == 200)


def check_connections(server, photo):
    def descriptors():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))
    wait_for("no connection is left", lambda: server.metric("photofinish_connections") <= 1)
    before = descriptors()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = 1000 if limit[1] >= 1200 else 200
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limit[0], min(limit[1], 1200)), limit[1]))
    idle = [socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) for _ in range(count)]
    slow = socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)
    half = socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)
    half.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
    expect(f"{count} idle connections: others are served", server.score(photo)[0] == 200)
    begin, dripped = time.monotonic(), 0
    try:
        while time.monotonic() - begin < PATIENCE_S:
            slow.sendall(b"GET / HTTP/1.1\r\nX-Slow: "[dripped:dripped + 1] or b"y")
            dripped += 1
            time.sleep(0.1)
    except OSError:
        pass
    expect("one that drips its head byte by byte is closed", time.monotonic() - begin < PATIENCE_S, dripped)
    half.settimeout(PATIENCE_S)
    try:
        rest = half.recv(100)
    except OSError:
        rest = b""
    expect("half a body: closed", rest == b"" or b" 40" in rest, rest)
    for one in [*idle, slow, half]:
        one.close()
    expect("and no descriptor is left", wait_for("as many descriptors as before", lambda: descriptors() <= before + 1), descriptors())


def check_overload(server, photos):
    """Many more clients than workers, each again and again: one answer for each request, of those that there are."""
    answers, lock = [], threading.Lock()
    p95_ms = event_of(server)["p95_ms"]

    def client(number):
        for i in range(5):
            status, text, _ = server.score(photos[(number + i) % len(photos)], Deadline_Ms=str(4 * p95_ms), Priority=f"u={number % 8}")
            with lock:
                answers.append((status, json.loads(text)))
    threads = [threading.Thread(target=client, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kinds = {status: sum(1 for code, _ in answers if code == status) for status in {code for code, _ in answers}}
    expect("24 clients at 2 workers: 120 requests, 120 answers", len(answers) == 120 and set(kinds) <= {200, 503, 504} and kinds.get(200), kinds)
    expect("nothing is left of them", server.metric("photofinish_queue_photos") == 0 and server.metric("photofinish_buffered_bytes") == 0)


def check_degraded(program, photos, scratch):
    server = Server(program, "--degrade", "draft", workers=1)
    server.signal_workers(signal.SIGSTOP)
    thread = server.later(photos[0], Deadline_Ms="100000")
    wait_for("it is busy", lambda: server.metric("photofinish_workers", state="busy") == 1)
    time.sleep(3)
    server.signal_workers(signal.SIGCONT)
    thread.join()
    expect("the usual preset says nothing", thread.answer[2]["Preset"] is None and "caveat" not in json.loads(thread.answer[1]), thread.answer)
    status, text, headers = server.score(photos[1], Deadline_Ms="2900")
    expect("--degrade: by the faster preset what would miss its deadline, and it is said", status == 200 and headers["Preset"] == "draft" and
           "PRESET draft" in json.loads(text)["caveat"], (status, text))
    expect("  the record of score --preset draft, to the byte",
           text == score_folder(program, scratch / "one", [photos[1]], "--preset", "draft"), text)
    expect("  it ends with 0", server.end() == (0, ""))


def check_drain(program, photos):
    server = Server(program)
    server.signal_workers(signal.SIGSTOP)
    threads = [server.later(photo, Deadline_Ms="100000") for photo in photos]
    wait_for("all have come", lambda: server.metric("photofinish_queue_photos") == len(photos) - server.workers)
    workers = server.worker_pids()
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    expect("SIGTERM: it goes on while there is something to do", server.process.poll() is None)
    server_pids = [server.trial(), *workers]
    for pid in workers:
        os.kill(pid, signal.SIGCONT)
    for thread in threads:
        thread.join()
    expect("all that had come is answered", all(thread.answer[0] == 200 for thread in threads), [thread.answer[:2] for thread in threads])
    server.process.wait(PATIENCE_S)
    expect("then it ends with 0, and leaves nothing behind", server.process.returncode == 0 and
           not any(os.path.exists(f"/proc/{pid}") for pid in server_pids), server.process.returncode)


def check_token(program, photo, scratch):
    for options, words in ((["--address", "0.0.0.0"], "--token-file"), (["--variant", "single-load"], "takes no photos"),
                           (["--token-file", str(scratch / "none")], "none")):
        result = subprocess.run([program, "serve", "--port", "0", *options], capture_output=True, text=True, timeout=PATIENCE_S)
        expect(f"serve {options[0]} {options[1][:9]}: status 2 and why", result.returncode == 2 and words in result.stderr and
               result.stderr.count("\n") == 1, result.stderr)
    secret = scratch / "token"
    secret.write_text("0123456789abcdef\n")
    process = subprocess.Popen([program, "serve", "--address", "0.0.0.0", "--port", "0", "--workers", "1", "--quiet", "--token-file", str(secret)],
                               stdout=subprocess.PIPE, text=True)
    port = int(re.search(r":(\d+)$", process.stdout.readline().strip()).group(1))
    server = Server.__new__(Server)
    server.port, server.process, server.workers = port, process, 1
    wait_for("ready", lambda: server.get("/readyz")[0] == 200)
    expect("without the token: 401", [server.score(photo)[0], server.get("/metrics")[0], server.score(photo, Authorization="Bearer 0123456789abcdeX")[0],
                                      server.score(photo, Authorization="Bearer ")[0]] == [401] * 4)
    expect("with it: 200", server.score(photo, Authorization="Bearer 0123456789abcdef")[0] == 200)
    process.terminate()
    expect("it ends with 0", process.wait(PATIENCE_S) == 0)


def main():
    program, data = sys.argv[1], pathlib.Path(sys.argv[2])
    photos = sorted((data / "tiny/photos").glob("*.jpg"))
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        server = Server(program, "--photo-limit", "1MB", "--read-timeout", "3s")
        check_answers(program, server, photos, scratch)
        check_refusals(server, photos[0])
        check_bomb(program, server, photos[0], scratch)
        check_metrics(server)
        check_overload(server, photos)
        check_deadlines(server, photos)
        check_deaths(server, photos)
        check_connections(server, photos[0])
        expect("it ends with 0, and had nothing to say", server.end() == (0, ""))
        check_degraded(program, photos, scratch)
        check_drain(program, photos)
        check_token(program, photos[0], scratch)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

"""What the tests of several hosts share: a redis-server, hosts (photofinish work), a submitter (photofinish score -v
cluster:remote=1), and the photos that they score. All are real processes."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

SECRET = "a secret of the tests, of no use elsewhere"
LIMIT_S = 300
failed = []


def expect(what, holds, seen=""):
    if not holds:
        failed.append(what)
    print(f"{'ok    ' if holds else 'FAILED'}  {what}" + ("" if holds else f": {seen}"), flush=True)
    return holds


def wait_for(look, limit_s=LIMIT_S):
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.02)
    return None


def is_installed():
    return (shutil.which("redis-server") or shutil.which("redis-check-rdb")) and shutil.which("redis-cli")


class Redis:
    """A redis-server at a Unix socket in `folder`, or at a port; its files lie in `folder`."""

    def __init__(self, folder, *arguments, port=0, prefix=()):
        self.folder, self.prefix, self.password = pathlib.Path(folder), list(prefix), None
        self.socket, self.port = self.folder / "redis.socket", port
        self.arguments = ["--port", str(port), "--unixsocket", str(self.socket), "--dir", str(folder), "--save", "", *arguments]
        self.start()

    def start(self):
        """The same program goes by the name that it is called by; Debian's redis-tools has this one."""
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        with open(self.folder / "redis.log", "ab") as log:
            self.process = subprocess.Popen([*self.prefix, "bash", "-c", 'exec -a redis-server "$0" "$@"', program, *self.arguments],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: self.ask("PING") == ["PONG"] or "NOAUTH" in "".join(self.ask("PING")), 30)

    def ask(self, *command):
        password = ["-a", self.password, "--no-auth-warning"] if self.password else []
        result = subprocess.run(["redis-cli", "-s", str(self.socket), *password, *command], capture_output=True, text=True,
                                errors="replace")
        return (result.stdout or result.stderr).splitlines()

    def kill(self):
        self.process.kill()
        self.process.wait()


class Process:
    """A command whose output is kept."""

    def __init__(self, arguments, environment, prefix=()):
        self.output, self.errors = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([*prefix, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.errors,
                                        env=dict(os.environ, **environment))
        self.pid = self.process.pid

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def end(self, ask=None, limit_s=LIMIT_S):
        """Its exit status, after signal `ask`; "hung" where it does not end."""
        if ask and self.process.poll() is None:
            self.process.send_signal(ask)
        try:
            return self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "hung"

    def outcomes(self):
        self.output.seek(0)
        return [json.loads(line) for line in self.output if line.startswith("{")]


class Place:
    """Where hosts and submitters meet: the address of Redis, and a secret."""

    def __init__(self, program, url, secret=SECRET):
        self.program, self.environment = program, {"PHOTOFINISH_REDIS": url, "PHOTOFINISH_CLUSTER_SECRET": secret}

    def host(self, photos, *options, prefix=(), workers=1):
        return Process([self.program, "work", photos, "--workers", workers, *options], self.environment, prefix)

    def submit(self, photos, *options, variant="cluster:remote=1", prefix=()):
        return Process([self.program, "score", photos, "-v", variant, "--json", "-", "--quiet", *options], self.environment, prefix)


def copy_photos(folder, copies, data):
    """`copies` times eight photos of `tiny`, each copy a burst or more of its own."""
    files = sorted(path for path in pathlib.Path(data).rglob("*.jpg") if "/tiny" in str(path))[:8]
    for copy in range(copies):
        os.mkdir(f"{folder}/{copy:03}")
        for path in files:
            shutil.copy(path, f"{folder}/{copy:03}/{path.name}")
    return copies * len(files)


def score_here(program, photos):
    result = subprocess.run([program, "score", str(photos), "-v", "single-load", "--json", "-", "--quiet"], capture_output=True, text=True)
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


def is_whole(what, submitter, expected):
    code = submitter.end()
    own = submitter.outcomes()
    differ = [b["path"] for a, b in zip(own, expected) if a != b]
    return expect(f"{what}: the same outcomes as one machine's", code == 0 and len(own) == len(expected) and not differ,
                  (code, len(own), differ[:3], submitter.said()))


def workers_of(host):
    """The processes that score: children of the host's child."""
    def children(pid):
        try:
            return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            return []
    return [worker for parent in children(host.pid) for worker in children(parent)]


def stop(*processes):
    for process in processes:
        process.end(signal.SIGKILL)

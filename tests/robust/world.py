"""What the sweeps of scripts/robust have in common: a world of their own to run photofinish in, the checks after each run."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODES = (0, 1, 2, 3, 130)  # that a command may end with, whatever happens
SPEC = (ROOT / "datasets/specs/tiny.yaml").read_text()


class Wrong(Exception):
    """What does not hold."""


def check(condition, what):
    if not condition:
        raise Wrong(what)


def small_spec(folder, name, burst=2, size=(320, 224)):
    """tiny with fewer and smaller photos: `burst` frames of one camera and a photo of the other."""
    text = SPEC.replace("name: tiny", f"name: {name}").replace("photos: 8", f"photos: {burst + 1}").replace("frames: 6", f"frames: {burst}")
    text = text.replace("  - {kind: single, camera: A}\n", "")
    for old in ("width: 672", "width: 640"):
        text = text.replace(old, f"width: {size[0]}")
    for old in ("height: 448", "height: 480"):
        text = text.replace(old, f"height: {size[1]}")
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def children_of(pid, deep=True):
    """All below a process, or its children alone, by /proc/PID/task/TID/children."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found + [below for child in found if deep for below in children_of(child)]


def waited_s(pids):
    """How long all threads of these processes were ready and had no processor."""
    total = 0
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                    total += int(file.read().split()[1])
        except (OSError, IndexError):
            pass
    return total * 1e-9


class Patience:
    """A limit for a process and all below it. What does not count: time in which this process itself did not get to run (a machine that
    stood still, a sweep that was stopped), and time in which they waited for a processor. So one that hangs is found on any machine, and
    one that is slow because others take the processors is not called hanging."""

    STEP_S = 1.0

    def __init__(self, pid, limit_s):
        self.pid, self.left, self.last = pid, limit_s, time.monotonic()
        self.waited = waited_s([pid, *children_of(pid)])

    def due(self):
        return time.monotonic() - self.last >= self.STEP_S

    def over(self):
        """To be asked where it is due."""
        now, waited = time.monotonic(), waited_s([self.pid, *children_of(self.pid)])
        passed = min(now - self.last, 2 * self.STEP_S)
        self.left -= passed - min(passed, max(0.0, waited - self.waited))
        self.last, self.waited = now, waited
        return self.left <= 0


def kill_all(pid):
    """A process and all below it."""
    for one in [pid, *children_of(pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, 9)


class World:
    """Folders that nobody else has: data, history, cache, temporary files, output."""

    def __init__(self, program, folder):
        self.program, self.folder = os.path.realpath(program), pathlib.Path(folder)
        for name in ("data", "history", "cache", "tmp", "out"):
            (self.folder / name).mkdir(exist_ok=True)
        self.environment = dict(os.environ, PHOTOFINISH_DATA=str(self.folder / "data"), PHOTOFINISH_HISTORY=str(self.folder / "history"),
                                XDG_CACHE_HOME=str(self.folder / "cache"), TMPDIR=str(self.folder / "tmp"), LC_ALL="C.UTF-8", COLUMNS="200",
                                PHOTOFINISH_TIME_UNFIT_BUILD="1", HOME=str(self.folder))

    def path(self, name):
        return self.folder / name

    def run(self, *words, before=(), limit=120, first=None, **environment):
        """Its result; a run that does not end is an error. `first` is called in the process before the program."""
        words = [*map(str, before), self.program, *map(str, words)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", stdin=subprocess.DEVNULL,
                                   cwd=self.folder / "out", env={**self.environment, **environment}, preexec_fn=first)
        patience = Patience(process.pid, limit)
        while True:
            try:
                said = process.communicate(timeout=Patience.STEP_S)
                return subprocess.CompletedProcess(words, process.returncode, *said)
            except subprocess.TimeoutExpired:
                if patience.over():
                    kill_all(process.pid)
                    process.communicate()
                    raise Wrong(f"it does not end within {limit} s") from None

    def expect(self, *words, code=0, **more):
        result = self.run(*words, **more)
        check(result.returncode == code, f"{words} ends with {result.returncode}: {result.stdout}{result.stderr}")
        return result

    def timed(self, *words):
        """expect of a command that times: a harness that did not get to run meanwhile says so, and is asked again."""
        result = self.run(*words)
        while result.returncode == 2 and "held up" in result.stdout:
            result = self.run(*words)
        check(result.returncode == 0, f"{words} ends with {result.returncode}: {result.stdout}{result.stderr}")

    def leftovers(self):
        """Temporary files anywhere."""
        return [str(path.relative_to(self.folder)) for path in sorted(self.folder.rglob("*"))
                if ".new-" in path.name or path.name.endswith(".tmp") or path.parent == self.folder / "tmp"]


@contextlib.contextmanager
def copied(world, *names, lent=()):
    """A world with copies of some of another one's folders, gone at the end; those that are `lent` are the other's own, to be read only."""
    with tempfile.TemporaryDirectory(prefix="photofinish-robust-") as folder:
        for name in names:
            shutil.copytree(world.path(name), pathlib.Path(folder) / name, symlinks=True)
        for name in lent:
            os.symlink(world.path(name), pathlib.Path(folder) / name)
        yield World(world.program, folder)


def whole_json(path):
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise Wrong(f"{path.name} is under its name, and not whole: {error}") from None


def rows(path):
    """Score records, one a line."""
    text = path.read_text()
    check(text.endswith("\n"), f"{path.name} is cut")
    try:
        return [json.loads(line) for line in text.splitlines()]
    except ValueError as error:
        raise Wrong(f"{path.name} is malformed: {error}") from None


def clean_end(result, mute=False, quoted=False):
    """No crash, and one who failed says why, unless nothing could be written (`mute`). `quoted`: its variant has a race on
    purpose, and what its processes said when they died is quoted."""
    check(result.returncode in CODES, f"it ends with {result.returncode}: {result.stderr[-400:]}")
    for mark in ("Sanitizer", "runtime error:", "Assertion", "terminate called", "double free", "corrupt"):
        check(quoted or mark not in result.stderr, f"{mark}: {result.stderr[-1500:]}")
    if result.returncode in (2, 3) and not mute:
        told = any(word in result.stdout for word in ("crashed: ", "failed: ", "invalid: ", "timeout: ", "unavailable: ", "not measured: "))  # of a variant, in the table
        check("photofinish" in result.stderr or told, f"it ends with {result.returncode} and says nothing: {result.stdout[-300:]}")

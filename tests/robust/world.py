"""What the sweeps of scripts/robust have in common: a world of their own to run photofinish in, the checks after each run, receipts."""
import contextlib
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

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

    def run(self, *words, before=(), limit=120, **environment):
        """Its result; a run that does not end is an error."""
        words = [*map(str, before), self.program, *map(str, words)]
        try:
            return subprocess.run(words, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=limit, cwd=self.folder / "out",
                                  env={**self.environment, **environment})
        except subprocess.TimeoutExpired:
            raise Wrong(f"it does not end within {limit} s") from None

    def expect(self, *words, code=0, **more):
        result = self.run(*words, **more)
        check(result.returncode == code, f"{words} ends with {result.returncode}: {result.stdout}{result.stderr}")
        return result

    def leftovers(self):
        """Temporary files anywhere."""
        return [str(path.relative_to(self.folder)) for path in sorted(self.folder.rglob("*"))
                if ".new-" in path.name or path.name.endswith(".tmp") or path.parent == self.folder / "tmp"]


@contextlib.contextmanager
def copied(world, *names):
    """A world with copies of some of another one's folders, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="photofinish-robust-") as folder:
        for name in names:
            shutil.copytree(world.path(name), pathlib.Path(folder) / name, symlinks=True)
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
        told = any(word in result.stdout for word in ("crashed: ", "failed: ", "invalid: ", "timeout: "))  # of a variant, in the table
        check("photofinish" in result.stderr or told, f"it ends with {result.returncode} and says nothing: {result.stdout[-300:]}")


def commit():
    found = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


def machine():
    model = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    return f"{model or platform.machine()}, {os.cpu_count()} processors, Linux {platform.release()}"


def write_receipt(folder, name, **found):
    """One JSON file a sweep, the newest in place of the one before."""
    if not folder:
        return
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    receipt = {"sweep": name, "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"), "commit": commit(), "machine": machine(), **found}
    path = folder / f"{name}.json"
    path.with_suffix(".new").write_text(json.dumps(receipt, indent=2, sort_keys=True) + "\n")
    path.with_suffix(".new").rename(path)


def finish(name, findings, summary):
    """Ends the program: what was found, each in one line."""
    for finding in findings:
        print(f"{name}: FOUND: {finding}", file=sys.stderr)
    print(f"{name}: {summary}; {len(findings)} findings", flush=True)
    sys.exit(1 if findings else 0)

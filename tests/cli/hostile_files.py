#!/usr/bin/env python3
"""What is no regular file is refused at once wherever a file is read, manifests of folders lead nowhere else, and programs that write
without end are held within bounds, and hear of a Ctrl-C. Usage: hostile_files.py PHOTOFINISH"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.realpath(sys.argv[1])
LONG = 60  # seconds: nothing takes so long but what waits for ever


def check(condition, what):
    if not condition:
        sys.exit(f"hostile files: not so: {what}")


def run(*words, expected=2, says=""):
    try:
        result = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, stdin=subprocess.DEVNULL, timeout=LONG)
    except subprocess.TimeoutExpired:
        sys.exit(f"hostile files: {words} never ends")
    told = (result.stdout + result.stderr).decode("utf-8", "replace")
    check(result.returncode == expected and says in told, f"{words} ends with {expected} and says {says!r}: {result.returncode}, {told[-2000:]}")
    return told


def check_fifos(work):
    """One FIFO under every name that a file is read by."""
    fifo = work / "fifo"
    os.mkfifo(fifo)
    spec, library = work / "fifo.yaml", work / "fifo.so"
    for path in (spec, library):
        os.mkfifo(path)
    regular = "not a regular file"
    run("run", "null", "-d", "tiny", "--quiet", "--config", "/dev/zero", says=regular)
    for words in (("run", "null", "-d", "tiny", "--quiet", "--config"), ("run", "null", "-d", "tiny", "--quiet", "--plugin"), ("history", "add"),
                  ("export", "--format", "csv"), ("model", "info")):
        run(*words, fifo, says=regular)
    run("score", fifo, "--quiet")
    run("dataset", "make", spec, "--quiet", says=regular)
    run("run", "null", "-d", "tiny", "--quiet", "--plugin", library, says=regular)
    shutil.copytree(work / "data/tiny", work / "data/piped")
    (work / "data/piped/manifest").unlink()
    os.mkfifo(work / "data/piped/manifest")
    run("run", "null", "-d", "piped", "--quiet", says=regular)
    folder = work / "folder"
    shutil.copytree(work / "data/tiny/photos", folder)
    os.mkfifo(folder / "manifest")
    run("score", folder, "--quiet", expected=0)
    truths = list((work / "data/tiny").glob("truth*"))
    check(truths, "the dataset has a truth")
    truths[0].unlink()
    os.mkfifo(truths[0])
    run("accuracy", "-d", "tiny", "--quiet", says=regular)


def check_kept(work):
    """Also in the place of a model's card, and of the reference that was kept: that one is made anew."""
    shutil.copy(pathlib.Path(__file__).resolve().parents[2] / "core/models/pose.onnx", work / "own.onnx")
    os.mkfifo(work / "own.yaml")
    (work / "own model.yaml").write_text(f"model: {work}/own.onnx\n")
    run("run", "null", "-d", "tiny", "--quiet", "--config", work / "own model.yaml", says="not a regular file")
    words = ("run", "single-load", "-d", "tiny", "--quiet", "--stages", "facts,decode,quality", "--rounds", "1")
    run(*words, expected=0)
    kept = list((work / "data/.references").iterdir())
    check(kept, "a reference was kept")
    for path in kept:
        path.unlink()
        os.mkfifo(path)
    run(*words, expected=0)


def check_roots(work):
    """A folder's manifest may not show photos of elsewhere; the manifest itself may be given."""
    folder = work / "leads out"
    folder.mkdir()
    text = (work / "data/tiny/manifest").read_text()
    check("root\t.\n" in text, f"the root of a dataset that was made is its folder: {text[:200]}")
    shutil.copytree(work / "data/tiny/photos", work / "private/photos")
    (folder / "manifest").write_text(text.replace("root\t.\n", f"root\t{work}/private\n"))
    run("score", folder, "--quiet", says="outside of the folder")
    (folder / "manifest").write_text(text.replace("root\t.\n", "root\t../private\n"))
    run("score", folder, "--quiet", says="outside of the folder")
    run("score", folder / "manifest", "--quiet", expected=0)


def descendants(pid):
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield child
            yield from descendants(child)


def memory_of(process):
    """Bytes that the harness and what it holds open in memory take, and bytes that its descendants have written."""
    memory, written = 0, 0
    try:
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        memory = sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(("RssAnon", "RssShmem")))
        for link in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
            if os.readlink(link).startswith("/memfd:"):
                memory += os.stat(link).st_blocks * 512
        for child in descendants(process.pid):
            for line in pathlib.Path(f"/proc/{child}/io").read_text().splitlines():
                written += int(line.split()[1]) if line.startswith("wchar") else 0
    except (OSError, IndexError):  # one of them ended meanwhile
        pass
    return memory, written


def check_floods():
    """Output without end takes no memory, scores without end are refused, a Ctrl-C is heard."""
    words = ("run", "flood", "-d", "tiny", "--quiet", "--command")
    process = subprocess.Popen([PROGRAM, *words, "flood=yes 'a line that comes again and again' >&2"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    most, written, end = 0, 0, time.monotonic() + LONG
    while time.monotonic() < end and written < 400e6:
        taken, written = memory_of(process)
        most = max(most, taken)
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    check(process.wait(LONG) == 130, f"it can be stopped: {process.returncode}")
    check(written >= 400e6 and most < 100e6, f"of endless output the end is kept: {most / 1e6:.0f} of {written / 1e6:.0f} MB")
    run(*words, "flood=yes '' > {scores}", says="more than 1152 kB for 8 photos")
    run(*words, "flood=tr '\\0' a < /dev/zero > {scores}", says="is longer than")
    run(*words, "flood=kill -s RTMIN+3 $$", says="SIGRTMIN+3")
    process = subprocess.Popen([PROGRAM, "time", "--quiet", "--output", "pipe", "--",
                                "sh", "-c", "for i in 1 2 3 4 5 6; do cat /dev/zero & done; wait"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    try:
        check(process.wait(LONG) == 130, f"time: {process.returncode}")
    except subprocess.TimeoutExpired:
        process.kill()
        check(False, "a Ctrl-C is heard while output comes")


def check_records(work):
    """A record's memory is bounded by its size, before it is parsed."""
    path = work / "braces.json"
    path.write_bytes(b'{"schema":"photofinish.run/1","variants":[' + b",".join([b"{}"] * (63 * 2**20 // 3)) + b"]}")
    peak = "import resource, subprocess, sys; r = subprocess.run(sys.argv[1:]); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, r.returncode)"
    for words in (("history", "add", path), ("export", "--format", "csv", path), ("notebook", path)):
        result = subprocess.run([sys.executable, "-c", peak, PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=LONG)
        kilobytes, code = map(int, result.stdout.split())
        check(code == 2 and kilobytes < 300e3 and "nothing but braces" in result.stderr and result.stderr.count("\n") == 1,
              f"{words}: {code}, {kilobytes} kB, {result.stderr}")


def check_orphans():
    """Whatever a timed command has started goes with a harness that is killed, also in groups of its own."""
    command = "sleep 7654 & setsid -f true; (set -m; sleep 7653 & wait) & sleep 7652"
    process = subprocess.Popen([PROGRAM, "time", "--quiet", "--", "sh", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def sleepers():
        found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
        return [line for line in found.splitlines() if line.startswith(("sleep 7654", "sleep 7653", "sleep 7652"))]
    end = time.monotonic() + LONG
    while len(sleepers()) < 3 and time.monotonic() < end:
        time.sleep(0.02)
    check(len(sleepers()) == 3, f"they run: {sleepers()}")
    process.kill()
    process.wait()
    while sleepers() and time.monotonic() < end:
        time.sleep(0.02)
    check(not sleepers(), f"no orphans of time: {sleepers()}")


def check_leftovers(work):
    """What a killed run left in TMPDIR the next one removes."""
    def left():
        return sorted(path.name for path in (work / "tmp").iterdir())
    process = subprocess.Popen([PROGRAM, "run", "sleeps", "-d", "tiny", "--quiet", "--command", "sleeps=sleep 60"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while not left():
        time.sleep(0.02)
    time.sleep(0.3)
    first = left()
    run("run", "other", "-d", "tiny", "--quiet", "--command", "other=true", expected=2)
    check(left() == first, f"what a run still needs stays: {left()}")
    process.kill()
    process.wait()
    check(left() == first, "killed, it leaves its folder")
    run("run", "other", "-d", "tiny", "--quiet", "--command", "other=true", expected=2)
    check(not left(), f"nothing is left: {left()}")


with tempfile.TemporaryDirectory(prefix="photofinish-hostile-") as name:
    WORK = pathlib.Path(name)
    (WORK / "tmp").mkdir()
    os.environ.update(PHOTOFINISH_DATA=str(WORK / "data"), PHOTOFINISH_HISTORY=str(WORK / "history"), TMPDIR=str(WORK / "tmp"), LC_ALL="C.UTF-8", COLUMNS="200",
                      PHOTOFINISH_TIME_UNFIT_BUILD="1")
    subprocess.run([PROGRAM, "dataset", "make", "tiny", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    check_fifos(WORK)
    check_kept(WORK)
    check_roots(WORK)
    check_floods()
    check_records(WORK)
    check_orphans()
    check_leftovers(WORK)
print("hostile files: refused, bounded, cleaned up")

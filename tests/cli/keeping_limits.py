#!/usr/bin/env python3
"""--memory-limit and --cpu-limit hold: what the processes of a scoring take is looked at from outside while it runs.
Usage: keeping_limits.py PHOTOFINISH DATA"""
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

PROGRAM, DATA = (os.path.realpath(path) for path in sys.argv[1:3])
PHOTOS = pathlib.Path(DATA) / "tiny/photos"
SANITIZED = "with sanitizers" in subprocess.run([PROGRAM, "doctor", "--quick"], capture_output=True, text=True).stdout
failures = 0


def check(name, good, told=""):
    global failures
    failures += not good
    print(f"{'ok     ' if good else 'FAILED '} {name}{'' if good else ': ' + str(told)[-1500:]}", flush=True)


def descendants(pid):
    """All processes that come from `pid`, as the kernel knows them now."""
    parents = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
    found, fresh = set(), {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def field(pid, file, name):
    try:
        return re.search(rf"^{name}:\s*(\S+)", pathlib.Path(f"/proc/{pid}/{file}").read_text(), re.M).group(1)
    except (OSError, AttributeError):
        return None


def is_of_trial(pid):
    """Not the one that reads the topology before it is chosen from."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:2] == [b"trial"]
    except OSError:
        return False


def score(*words):
    """Its exit status, what it says, its processor and wall time, and of its descendants: the most PSS together, the processors."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with tempfile.TemporaryDirectory() as work:
        process = subprocess.Popen([PROGRAM, "score", PHOTOS, "--json", f"{work}/out.json", *map(str, words)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        most, processors = 0, set()
        while process.poll() is None:
            found = descendants(process.pid)
            most = max(most, sum(int(field(pid, "smaps_rollup", "Pss") or 0) for pid in found) * 1024)
            processors |= {field(pid, "status", "Cpus_allowed_list") for pid in found if is_of_trial(pid)} - {None}
            time.sleep(0.01)
        told = process.stderr.read()
        whole = pathlib.Path(f"{work}/out.json").exists() and '"partial":true' not in pathlib.Path(f"{work}/out.json").read_text()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return process.returncode, told, used, time.monotonic() - begin, most, processors, whole


code, told, _, _, free_bytes, free_processors, whole = score("--workers", 2)
check("without limits", code == 0 and whole, told)
if not SANITIZED:
    limit_mb = 2 * free_bytes // 10**6
    code, told, _, _, most, _, whole = score("--workers", 2, "--memory-limit", f"{limit_mb}MB")
    seen = re.search(r"memory: at most (\d+) MB", told)
    check("a memory limit that is enough", code == 0 and whole and most <= limit_mb * 1e6, (code, told, most))
    check("what was seen is told", seen and 0 < int(seen.group(1)) <= limit_mb, told)
    tight_mb = free_bytes * 3 // 5 // 10**6
    for attempt in range(3):
        code, told, _, _, most, _, whole = score("--workers", 2, "--memory-limit", f"{tight_mb}MB")
        check("a memory limit that is not: it ends", code == 2 and not whole, (code, told))
        # A library that does not bear a failed allocation may end or hold up its process: that is told as what it is.
        if "killed after" not in told and "crashed" not in told:
            break
    check("and says which", "more than the limit of" in told or "not enough memory" in told, told)
    code, told, _, _, most, _, whole = score("--workers", 2, "--memory-limit", "40MB")
    check("one process alone is refused more than the limit", code == 2 and not whole and most < 2 * 40e6 + 30e6, (code, told, most))
if len(os.sched_getaffinity(0)) > 1:
    code, told, used, wall, _, processors, whole = score("--cpu-limit", 1, "--workers", 3)
    check("one processor: all of it", code == 0 and whole, told)
    check("one processor: none of its processes may use another", len(processors) == 1 and processors != free_processors
          and not re.search("[,-]", next(iter(processors))), processors)
    check("one processor: no more time than there was", used <= wall * 1.1 + 0.2, f"{used:.2f} s in {wall:.2f} s")
code, told, *_ = score("--cpu-limit", 1)
check("as many workers as processors", code == 0, told)
sys.exit(failures > 0)

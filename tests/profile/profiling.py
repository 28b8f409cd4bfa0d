#!/usr/bin/env python3
"""Profiles of a program whose answer is known, by perf events and by timers: what share a planted function has, and how that
follows when it is made slower; then files that other tools open. Usage: profiling.py PHOTOFINISH PLANTED [--samples N]

With --samples 10000 the share has to be 10 +- 2 %; with few samples as near as so many can say (5 standard errors)."""
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.dom.minidom

PHOTOFINISH, PLANTED = sys.argv[1:3]
SAMPLES = int(sys.argv[sys.argv.index("--samples") + 1]) if "--samples" in sys.argv else 300
HZ = 900
failures = []


def check(good, text):
    print(("ok: " if good else "FAILED: ") + text)
    if not good:
        failures.append(text)


def run(*words):
    done = subprocess.run([PHOTOFINISH, "profile", *words], capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"})
    return done.returncode, done.stdout, done.stderr


def folded(folder, name="stacks.folded"):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        for line in file:
            stack, count = line.rsplit(" ", 1)
            yield stack.split(";"), int(count)


def share_of(folder, function):
    """Share of the samples in the program's two functions, and how many there are: a kernel's share is not the same everywhere."""
    counts = {}
    for stack, count in folded(folder):
        name = next((name for name in ("planted_function", "all_else") if name in stack), None)
        counts[name] = counts.get(name, 0) + count
    known = counts.get("planted_function", 0) + counts.get("all_else", 0)
    return (counts.get(function, 0) / known if known else 0), known, known / max(sum(counts.values()), 1)


def perf_allowed():
    return run("--method", "perf", "--", "true")[0] == 0


def rounds_for(samples, method):
    """Rounds of the program that give so many, by a short run: however fast the machine is, and however coarse its timers are
    (at 250 ticks a second they give a quarter of the samples that were asked for)."""
    with tempfile.TemporaryDirectory() as folder:
        run("--hz", str(HZ), "--method", method, "--out", folder, "--", PLANTED, "100", "1", "200")
        found = share_of(folder, "planted_function")[1]
    return max(20, min(200000, int(200 * samples / max(found, 1) * 1.2)))


def planted(method, rounds):
    for slowness, truth in ((1, 0.1), (3, 0.3 / 1.2)):
        with tempfile.TemporaryDirectory() as folder:
            code, out, err = run("--hz", str(HZ), "--method", method, "--out", folder, "--", PLANTED, "100", str(slowness), str(rounds))
            check(code == 0, f"{method}: it ends well {err}")
            share, count, inside = share_of(folder, "planted_function")
            error = 0.02 if count >= 10000 else 5 * (truth * (1 - truth) / max(count, 1)) ** 0.5
            check(abs(share - truth) <= error,
                  f"{method}, {slowness} times as slow: {100 * share:.1f} % for {100 * truth:.0f} +- {100 * error:.1f} % on {count} samples")
            check(count >= 50, f"{method}: {count} samples in its functions")
            check(inside > 0.8, f"{method}: {100 * inside:.0f} % of all samples are in its functions")
            if slowness == 1:
                files(folder, out)


def files(folder, out):
    check(all(len(line) <= 80 for line in out.splitlines()), "the table keeps within 80 columns")
    document = xml.dom.minidom.parse(f"{folder}/flame.svg")
    titles = [node.firstChild.data for node in document.getElementsByTagName("title")]
    check(any(title.startswith("planted_function:") for title in titles), "the flame graph has the function")
    text = document.toxml()
    check("xlink" not in text and "href" not in text and "src=" not in text, "the flame graph needs nothing from elsewhere")
    with open(f"{folder}/speedscope.json", encoding="utf-8") as file:
        scope = json.load(file)
    total = sum(count for _, count in folded(folder))
    check(sum(sum(profile["weights"]) for profile in scope["profiles"]) == total, "speedscope's file has all samples")
    names = [frame["name"] for frame in scope["shared"]["frames"]]
    check(all(0 <= index < len(names) for profile in scope["profiles"] for sample in profile["samples"] for index in sample),
          "speedscope's frames are there")
    with gzip.open(f"{folder}/profile.pb.gz") as file: # checks its CRC
        check(b"planted_function" in file.read(), "pprof's file is gzip and has the function")
    if shutil.which("go"):
        top = subprocess.run(["go", "tool", "pprof", "-top", "-sample_index=samples", f"{folder}/profile.pb.gz"], capture_output=True,
                             text=True, env={**os.environ, "HOME": folder, "PPROF_TMPDIR": folder})
        check(top.returncode == 0 and re.search(rf"of {total} total", top.stdout), f"go tool pprof -top counts the same {top.stderr[-200:]}")
        check(re.search(r"\ball_else$", top.stdout, re.M), "go tool pprof names the functions")
    else:
        print("skipped: go tool pprof is not here (golang-go)")


def variant():
    """Of a trial: stages, names, and the differential graph."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(PHOTOFINISH_DATA=f"{folder}/data", PHOTOFINISH_TIME_UNFIT_BUILD="1")
        subprocess.run([PHOTOFINISH, "dataset", "make", "tiny", "--quiet"], check=True, capture_output=True)
        code, out, err = run("parallel", "--against", "single-load", "--dataset", "tiny", "--hz", "500", "--rounds", "1", "--workers", "2",
                             "--out", folder, "--quiet")
        check(code == 0, f"a variant against another: {err}")
        for prefix in ("", "base-"):
            stacks = list(folded(folder, prefix + "stacks.folded"))
            total = sum(count for _, count in stacks)
            staged = sum(count for stack, count in stacks if stack[0] != "(no stage)")
            # Of eight photos the loading of libraries, before any stage, is up to a tenth; docs/profile.md has what it is of many.
            check(staged >= 0.8 * total, f"{prefix}{100 * staged / total:.1f} % of {total} samples have a stage")
            xml.dom.minidom.parse(f"{folder}/{prefix}difference.svg")
        named = [float(text) for text in re.findall(r"([\d.]+) % of the samples in photofinish's own", out)]
        check(named and min(named) >= 80, f"functions of our own have names: {named} %") # of some dozen samples
        if shutil.which("go"):
            tags = subprocess.run(["go", "tool", "pprof", "-tags", f"{folder}/profile.pb.gz"], capture_output=True, text=True,
                                  env={**os.environ, "HOME": folder, "PPROF_TMPDIR": folder}).stdout
            check("stage: Total" in tags and ": faces" in tags and "variant: Total" in tags and "worker: Total" in tags, "pprof has the labels")
            rooted = subprocess.run(["go", "tool", "pprof", "-tagroot", "stage", "-traces", f"{folder}/profile.pb.gz"], capture_output=True,
                                    text=True, env={**os.environ, "HOME": folder, "PPROF_TMPDIR": folder}).stdout
            check(re.search(r"^\s+faces$", rooted, re.M), "-tagroot stage works")


def continuous():
    """Profiles one after another while a run goes on."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PHOTOFINISH_DATA": f"{folder}/data", "PHOTOFINISH_TIME_UNFIT_BUILD": "1", "PHOTOFINISH_HISTORY": ""}
        done = subprocess.run([PHOTOFINISH, "run", "single-load", "--dataset", "tiny", "--rounds", "3", "--quiet", "--profile", "always",
                               "--profile-out", f"{folder}/profiles", "--profile-every", "0.3"], capture_output=True, text=True, env=environment)
        files = sorted(os.listdir(f"{folder}/profiles"))
        held_up = done.returncode == 2 and "the harness itself was held up" in done.stdout # by what else this machine does
        check((done.returncode == 0 or held_up) and len(files) >= 3, f"a profile at least of each trial: {files} {done.stdout} {done.stderr}")
        check(f"Profiled all along at 99 Hz: {len(files)} profiles, " in done.stdout, "they are counted")
        texts = [gzip.open(f"{folder}/profiles/{name}").read() for name in files]
        labelled = sum(b"single-load" in text and b"worker" in text for text in texts) # one without samples has none
        check(labelled >= 3, f"{labelled} of {len(texts)} have samples with their labels")
        if shutil.which("go"):
            tops = [subprocess.run(["go", "tool", "pprof", "-top", f"{folder}/profiles/{name}"], capture_output=True, text=True,
                                   env={**os.environ, "HOME": folder, "PPROF_TMPDIR": folder}) for name in files]
            check(all(top.returncode == 0 for top in tops), f"go tool pprof opens each {[top.stderr[-100:] for top in tops if top.returncode]}")


methods = ["timers"] + (["perf"] if perf_allowed() else [])
if "perf" not in methods:
    print("skipped: perf events are not allowed here")
for one in methods:
    planted(one, rounds_for(SAMPLES, one))
if "--light" not in sys.argv:
    variant()
    continuous()
sys.exit(1 if failures else 0)

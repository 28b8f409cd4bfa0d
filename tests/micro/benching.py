#!/usr/bin/env python3
"""Micro-benchmarks and growth: planted workloads are refused a time, ours are listed and checked, Google Benchmark's options pass
through, its JSON opens in compare.py, a C file of 15 lines brings a benchmark; complexity finds a planted N^2 and passes the burst
detector. Usage: benching.py PHOTOFINISH PLUGINS ROOT [--light]"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PHOTOFINISH, PLUGINS, ROOT = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
LIGHT = "--light" in sys.argv
COMPARE = "/usr/share/benchmark/compare.py"  # of Debian's libbenchmark-tools
QUICK = "--benchmark_min_time=0.001"
failures = []


def check(good, text):
    print(("ok: " if good else "FAILED: ") + text)
    if not good:
        failures.append(text)


def run(*words, **environment):
    done = subprocess.run([PHOTOFINISH, *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout, done.stderr


def bench(*words, **environment):
    code, out, err = run("bench", QUICK, "--benchmark_format=json", *words, **environment)
    return code, {entry["name"]: entry for entry in json.loads(out)["benchmarks"]} if out else {}, err


def planted():
    code, entries, err = bench("--plugin", PLUGINS / "planted_workloads.so")
    check(code == 1, f"wrong output ends with 1, not {code}")
    check("not here: absent: it is planted to be absent" in err, f"what is not here is said: {err}")
    wants = {"right/plain": "", "right/fast": "", "wrong/plain": "", "wrong/fast": "differs from that of plain", "idle": "computes nothing",
             "unstable": "another output", "later": "changed while it was timed", "fails": "returned 7", "quadratic": ""}
    for name, why in wants.items():
        own = [entry for key, entry in entries.items() if key.startswith(name + "/photos:")]
        check(len(own) == 4, f"{name}: four sizes, not {len(own)}")
        for entry in own:
            refused = entry.get("error_message", "") if entry.get("error_occurred") else ""
            if why:
                check(why in refused and not entry.get("real_time"), f"{entry['name']} gets no time: {refused}")
            else:
                check(not refused and entry["real_time"] > 0 and entry["items_per_second"] > 0, f"{entry['name']} has a time")
    code, out, err = run("bench", QUICK, "^right|^wrong", "--plugin", PLUGINS / "planted_workloads.so", COLUMNS="200")
    lines = out.splitlines()
    check(any(line.startswith("wrong") and "fast refused" in line for line in lines), "the table tells of the refusal")
    check(any(line.startswith("right") and "plain" in line and "fast" in line and "x)" in line for line in lines), "ways stand side by side")
    check("idle" not in out, "FILTER chooses")


def example():
    source = (ROOT / "docs/examples/bench/copy.c").read_text().splitlines()
    check(len(source) <= 15, f"a C file of {len(source)} lines registers a benchmark")
    code, entries, err = bench("--plugin", PLUGINS / "copy.so", "--benchmark_repetitions=2", "--benchmark_context=who=us")
    check(code == 0 and {"copy/1024", "copy/32768", "copy/1048576"} <= set(entries), f"the example runs: {code} {sorted(entries)} {err}")
    check("copy/1024_mean" in entries and entries["copy/1024"]["bytes_per_second"] > 0, "Google Benchmark's own options pass through")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.json", "b.json"):
            code, out, err = run("bench", QUICK, "--plugin", PLUGINS / "copy.so", f"--benchmark_out={folder}/{name}")
            check(code == 0 and "copy/1024" in out, f"the table and a file: {err}")
        if os.path.exists(COMPARE):
            reader = subprocess.run(["/usr/bin/python3", COMPARE, "--no-color", "benchmarks", f"{folder}/a.json", f"{folder}/b.json"],
                                    capture_output=True, text=True)
            check(reader.returncode == 0 and "copy/1048576" in reader.stdout, f"compare.py opens it: {reader.stderr[-300:]}")
    code, entries, err = bench("--plugin", PLUGINS / "copy.so", "--counters", "page-faults,cycles")
    counted = entries["copy/1024"].get("page-faults") is not None
    check(code == 0 and (counted or "not counted" in run("bench", QUICK, "--plugin", PLUGINS / "copy.so", "--counters", "page-faults")[1]),
          "counters are user counters, or it is said why not")


def refused():
    for words, says in (("--plugin /nowhere.so", "cannot read the shared object"), (f"--plugin {ROOT / 'README.md'}", "cannot load it"),
                        (f"--plugin {PLUGINS / 'copy.so'} --benchmark_nothing=1", "no such option"),
                        (f"--plugin {PLUGINS / 'copy.so'} nothing_like_it", "Failed to match any")):
        code, out, err = run("bench", *words.split())
        check(code == 2 and says in err, f"{words}: {code} {err.strip()}")


def ours():
    code, out, err = run("bench", "--benchmark_list_tests")
    listed = out.split()
    table = (ROOT / "core/workloads/workloads.c").read_text()
    names = [line.split('"')[1] for line in table.splitlines() if line.startswith('\t{"') and "layer/" not in line]
    layers = [line.split("(")[1].split(",")[0] for line in (ROOT / "core/workloads/work.h").read_text().splitlines() if line.startswith("\tX(")]
    check(len(names) > 8 and len(layers) > 10, f"{len(names)} workloads and {len(layers)} layers are in the table")
    for name in names + [f"layer/{layer}" for layer in layers]:
        check(any(entry == name or entry.startswith(name + "/") for entry in listed), f"bench lists {name}")
    check(all(f"sharpness/plain/pixels:{side * side}" in listed for side in (512, 1024, 2048, 4096)), "by size")
    code, entries, err = bench("(sharpness|resize|decode|faces|pose|quality|exposure|colour)/.*pixels:262144$")
    wrong = [name for name, entry in entries.items() if entry.get("error_occurred")]
    check(code == 0 and not wrong and len(entries) >= 8, f"all ways of ours give the plain one's output at 512 squared: {code} {wrong}")
    code, entries, err = bench("^layer/gemm|^photo/.*:262144$")
    check(code == 0 and "layer/gemm/plain" in entries, f"layers by backend: {sorted(entries)} {err}")


def growth():
    with tempfile.TemporaryDirectory() as folder:
        code, out, err = run("complexity", "quadratic", "--plugin", PLUGINS / "planted_workloads.so", "--photos", "4000", "--time", "0.2",
                             "--json", f"{folder}/c.json", "--quiet")
        own = {entry["axis"]: entry for entry in json.loads(pathlib.Path(f"{folder}/c.json").read_text())["workloads"]}
        check(code == 1 and own["photos"]["verdict"] == "too fast" and own["photos"]["exponent"]["low"] > 1.6,
              f"a planted N^2 burst matcher is caught: {code} {own['photos'].get('exponent')}")
        check(own["photos"]["law"]["name"] == "n^2", f"its law is n^2, not {own['photos']['law']['name']}")
        check(own["units"]["verdict"] == "fine" and "TOO FAST: quadratic" in out, f"its units are linear: {own['units']}")
        code, out, err = run("complexity", "right", "--plugin", PLUGINS / "planted_workloads.so", "--time", "0.1", "--quiet")
        check(code == 0, f"what is linear passes: {code} {out} {err}")
        code, out, err = run("complexity", "idle", "--plugin", PLUGINS / "planted_workloads.so", "--time", "0.1", "--quiet")
        check(code == 1 and "computes nothing" in out, f"wrong output is not measured, and fails: {code}")
        code, out, err = run("complexity", "n", "--plugin", PLUGINS / "planted_workloads.so", "--time", "0.02", "--photos", "1000", "--quiet")
        refused = [line for line in out.splitlines() if line.startswith("unstable")]
        check(code == 1 and len(refused) == 2 and all("another output" in line for line in refused) and "TOO FAST" not in out,
              f"also beside what is fine: {code} {out}")
        if not LIGHT:
            code, out, err = run("complexity", "bursts", "--time", "0.5", "--json", f"{folder}/b.json", "--quiet")
            own = [e for e in json.loads(pathlib.Path(f"{folder}/b.json").read_text())["workloads"] if e["axis"] == "photos"][0]
            check(code == 0 and own["points"][-1]["n"] == 27539 and own["law"]["name"] in ("n", "n log n"),
                  f"the burst detector is linear up to 27,539 photos: {own.get('exponent')} {own.get('law')}")


planted()
example()
refused()
if not LIGHT:
    ours()
    growth()
sys.exit(1 if failures else 0)

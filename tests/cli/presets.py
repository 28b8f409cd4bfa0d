#!/usr/bin/env python3
"""--preset and the command presets, on photos of two sizes: the scores of a preset are the same by every variant, ultra's are those
without a preset, records and tables name the preset and the paths, and what cannot be is refused. --whole: each preset by each variant
and each set of instructions, not every one by some of them. Usage: presets.py PHOTOFINISH [--whole]"""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from held_up import until_timed

PROGRAM = os.path.realpath(sys.argv[1])
PRESETS = ("ultra", "high", "balanced", "fast", "draft")
SPEC = """
name: two-sizes
summary: 2 bursts, one of them analysed at half its size
seed: 77
photos: 6
quality: 92
start: "2026-05-02 09:00:00"
frames_per_second: 10
naming: time
cameras:
  - {make: Nordlicht, model: NX-1, serial: "1", lens: L, width: 3200, height: 2130, subseconds: yes}
  - {make: Kestrel, model: K4, serial: "2", lens: L, width: 1280, height: 960, subseconds: yes}
sequence:
  - {kind: burst, frames: 3, camera: A}
  - {kind: burst, frames: 3, camera: B}
motions: [sprint]
palettes: [red_white]
patterns: [plain]
backgrounds: [stadium]
mix: {portrait: 0, second_athlete: 0, crowd: 85, frontal: 30, close_up: 12, blur: 100, defocus: 100, exposure: 100, noise: 100}
"""
PATHS = {"ultra": (6, 0, 0), "high": (6, 0, 0), "balanced": (3, 3, 0), "fast": (3, 0, 3), "draft": (0, 3, 3)}
VARIANTS, INSTRUCTIONS = ("fast-exact", "shared-memory", "pipelined", "threaded-safe"), ("plain", "avx2")
WHOLE = "--whole" in sys.argv
failures = 0


def check(name, good, told=""):
    global failures
    failures += not good
    print(f"{'ok     ' if good else 'FAILED '} {name}{'' if good else ': ' + str(told)}", flush=True)


def run(*words, expected=(0,)):
    done = until_timed(lambda: subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False))
    if done.returncode not in expected:
        sys.exit(f"{words} ends with {done.returncode} and not {expected}: {done.stdout}{done.stderr}")
    return done


@contextlib.contextmanager
def instruction_sets(most):
    os.environ["PF_CPU"] = most
    yield
    del os.environ["PF_CPU"]


def scores(work, *words):
    file = work / "scores.json"
    run("score", "two-sizes", "--quiet", "--json", file, *words)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.unlink()
    return lines


def check_scores(work):
    usual = scores(work)
    check("ultra is what there is without a preset", scores(work, "--preset", "ultra") == usual)
    seen = [usual]
    for number, preset in enumerate(PRESETS[1:]):
        own = scores(work, "--preset", preset)
        check(f"{preset}: each line says so", all(f"PRESET {preset}" in line["caveat"] for line in own), own[0])
        for variant in VARIANTS if WHOLE else VARIANTS[number:number + 1]:
            other = scores(work, "--preset", preset, "--variant", variant)
            check(f"{preset} by {variant}: the same to the bit", other == own)
        for instructions in INSTRUCTIONS if WHOLE else INSTRUCTIONS[number % 2:number % 2 + 1]:
            with instruction_sets(instructions):
                other = scores(work, "--preset", preset, "--variant", "fast-exact")
            check(f"{preset} by {instructions}: the same to the bit", other == own)
        bare = [{key: value for key, value in line.items() if key != "caveat"} for line in own]
        check(f"{preset}: not another one's scores", bare not in seen)
        seen.append(bare)


def check_runs(work):
    for preset in PRESETS:
        file = work / "record.json"
        text = run("run", "fast-exact", "--dataset", "two-sizes", "--preset", preset, "--json", file, "--quiet", "--no-history").stdout
        record = json.loads(file.read_text())
        paths = record["reference"]["paths"]
        check(f"run {preset}: record names it", record["configuration"]["preset"] == preset)
        check(f"run {preset}: its stages", ("faces" in record["configuration"]["stages"]) == (preset != "draft"), record["configuration"]["stages"])
        check(f"run {preset}: paths", (paths["whole"], paths["half"], paths["quarter"]) == PATHS[preset], paths)
        check(f"run {preset}: heading", (f"PRESET {preset}: not the usual scores" in text) == (preset != "ultra"), text)
        markdown = run("export", file, "--format", "markdown").stdout
        check(f"run {preset}: export", (f"PRESET {preset}" in markdown) == (preset != "ultra"), markdown)
        file.unlink()
    load = work / "load.json"
    run("load", "fast-exact", "--dataset", "two-sizes", "--preset", "draft", "--queries", "6", "--json", load, "--quiet", "--no-history")
    check("load: record names it", json.loads(load.read_text())["configuration"]["preset"] == "draft")
    text = run("explain", "fast-exact", "--dataset", "two-sizes", "--preset", "draft", "--rounds", "1", "--no-limits", "--quiet").stdout
    check("explain: paths", "Preset draft: 3 decoded to a quarter, 3 decoded to half." in text, text)
    text = " ".join(run("explain", "parallel", "--dataset", "two-sizes", "--preset", "draft", "--rounds", "1", "--quiet").stdout.split())
    check("explain: no limit of another decoder", "6 of the photos are decoded at a reduced size, by our own decoder" in text and "libjpeg-turbo alone" not in text, text)


def check_command(work):
    file = work / "presets.json"
    done = run("presets", "--dataset", "two-sizes", "--rounds", "2", "--json", file, "--quiet", expected=(0, 1, 3))
    record = json.loads(file.read_text())
    rows = record["presets"]
    check("presets: all in the record, in their order", tuple(row["preset"] for row in rows) == PRESETS)
    for row in rows:
        preset, truth = row["preset"], row["truth"]
        check(f"presets: {preset} has its times", len(row["wall_s_by_round"]) == 2 and row["wall_s"]["n"] >= 1, row)
        check(f"presets: {preset} has bounds", row["speed_over_ultra"]["low"] <= row["speed_over_ultra"]["high"] and
              0 <= row["best_shots_as_ultra"]["low"] <= row["best_shots_as_ultra"]["high"] <= 1 and
              0 <= truth["low"] <= truth["high"] <= 1 and truth["bursts"] == 2, row)
        check(f"presets: {preset} is in the table", f"\n{preset} " in done.stdout, done.stdout)
        check(f"presets: {preset} took its paths", (row["paths"]["whole"], row["paths"]["half"], row["paths"]["quarter"]) == PATHS[preset], row["paths"])
    check("presets: ultra agrees with itself", rows[0]["best_shots_as_ultra"]["same"] == 2 and rows[0]["rank_correlation"]["mean"] == 1)
    verdicts = {row["verdict"] for row in rows}
    code = 1 if "dominated" in verdicts else 3 if "undecided" in verdicts else 0
    check("presets: the exit status says the verdict", done.returncode == code, (done.returncode, verdicts))


def check_refusals(work):
    plain = work / "plain.yaml"
    plain.write_text("backend: plain\n")
    for words, said in ((("score", "two-sizes", "--preset", "quick"), "--preset takes"),
                        (("score", "two-sizes", "--preset", "balanced", "--config", plain), "preset balanced: "),
                        (("score", "two-sizes", "--preset", "high", "--variant", "tiles"), "both are found at once"),
                        (("presets", "--dataset", "two-sizes", "--variant", "fast"), "no exact scores"),
                        (("presets", "--dataset", "nowhere"), "nowhere")):
        done = run(*words, expected=(2,))
        lines = [line for line in done.stderr.splitlines() if not line.startswith("Try ")]
        check(f"{' '.join(map(str, words))}: refused in a line", said in done.stderr, lines)


def main():
    with tempfile.TemporaryDirectory(prefix="photofinish-") as folder:
        work = pathlib.Path(folder)
        os.environ.update(PHOTOFINISH_DATA=str(work / "data"), PHOTOFINISH_HISTORY="", LC_ALL="C.UTF-8")
        spec = work / "two-sizes.yaml"
        spec.write_text(SPEC)
        run("dataset", "make", spec, "--quiet")
        check_scores(work)
        check_runs(work)
        check_command(work)
        check_refusals(work)
    sys.exit(1 if failures else 0)


main()

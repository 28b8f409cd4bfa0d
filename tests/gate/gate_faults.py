#!/usr/bin/python3
"""The gate on a real library with planted faults: none of them exits 0; and on revisions of a git repository: builds,
layouts, identical ones. Most of its time is waiting, so that its parts run at once. Usage: gate_faults.py PHOTOFINISH HEADERS [PART]"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import yaml

PROGRAM, HEADERS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SUBJECT = pathlib.Path(__file__).resolve().parent / "subject"
CI = SUBJECT.parents[2] / "scripts" / "ci"
GUARD_S = 1500  # far beyond what a busy machine takes
failures = []


def check(name, condition, output):
    print(("ok      " if condition else "FAILED  ") + name, flush=True)
    if not condition:
        failures.append(name)
        print(output)


def gate(*words, cwd=None):
    done = subprocess.run([PROGRAM, "gate", "-q", "--json", "result.json", *words], cwd=cwd, timeout=GUARD_S,
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def printed_line(base, candidate, *words, cwd):
    """The command below the table."""
    done = subprocess.run([PROGRAM, "gate", "-q", "--baseline", base, "--candidate", candidate, *words], cwd=cwd, timeout=GUARD_S, capture_output=True,
                          text=True)
    return next(line.strip() for line in done.stdout.splitlines() if line.startswith("    photofinish gate"))


def result(folder):
    return json.loads((folder / "result.json").read_text())


def verdicts(folder):
    return {w["name"]: w["verdict"] for w in result(folder)["workloads"]}


def layouts(folder):
    """Those of both arms, of each process."""
    return [o["layout"] for o in result(folder)["workloads"][0]["observations"]]


def build(folder, fault):
    library = folder / f"{fault}.so"
    subprocess.run(["cc", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", f"-D{fault}=1", f"-I{HEADERS}", f"-I{SUBJECT}",
                    str(SUBJECT / "subject.c"), str(SUBJECT / "mix.c"), "-o", str(library)], check=True)
    return str(library)


# fault: exit status, the workloads that have it, what is said. All but the last two need no time to be measured.
EXACT = {
    "CHANGED": (1, "fail", "its output changed"),
    "CRASHES": (1, "fail", "SIGSEGV"),
    "HANGS": (1, "fail", "did not end within the time limit"),
    "EXITS": (1, "fail", "ended the process"),
    "FAILS": (1, "fail", "run returned 7"),
    "IDLE": (1, "fail", "does nothing"),
    "UNSTABLE": (1, "fail", "two runs on the same input differ"),
    "MISSING": (2, "invalid", "no workload of that name"),
    "LAZY": (2, "invalid", "leaves out work"),
}
HEAP = {"LEAKS": (1, "fail", "leaks"), "ALLOCATES": (1, "fail", "20 allocations a unit")}


# What is ten times as slow is proved by few processes where an error in 20 is borne; revisions() has the usual alpha.
PROVED = ("--process-time", "0.005", "--max-time", "1000", "--alpha", "0.05")


def planted_faults(folder):
    base = build(folder, "NONE")
    for fault, (code, verdict, words) in {**EXACT, **HEAP}.items():
        got, output = gate("--baseline", base, "--candidate", build(folder, fault), "--workload", "mix", "--limit", "5" if fault == "HANGS" else "300",
                           "--max-time", "1", cwd=folder)
        if fault in HEAP and "not counted" in output:
            print(f"ok      {fault}: this build cannot count allocations")
            continue
        check(f"{fault} exits {code}", got == code and words in output and verdicts(folder)["mix"] == verdict, output)


def slow_ones(folder):
    base, sleeps = build(folder, "NONE"), build(folder, "SLEEPS")
    got, output = gate("--baseline", base, "--candidate", sleeps, "--workload", "mix", *PROVED, cwd=folder)
    check("SLEEPS exits 1", got == 1 and verdicts(folder)["mix"] == "fail", output)
    got, output = gate("--baseline", sleeps, "--candidate", base, "--workload", "mix", *PROVED, cwd=folder)
    check("the arms are not swapped", got == 0 and verdicts(folder)["mix"] == "pass", output)
    got, output = gate("--baseline", base, "--candidate", sleeps, "--workload", "mix", *PROVED, "--way", "two-processes", cwd=folder)
    check("the same in two processes", got == 1 and verdicts(folder)["mix"] == "fail", output)


def other_endings(folder):
    base, sleeps = build(folder, "NONE"), build(folder, "SLEEPS")
    got, output = gate("--baseline", base, "--candidate", build(folder, "NEWER"), "--workload", "sift-again", "--max-time", "1", cwd=folder)
    check("a workload that only the candidate has gates nothing", got == 2, output)
    got, output = gate("--baseline", base, "--candidate", build(folder, "MISSING"), "--workload", "mix", "--bisect", "--max-time", "1", cwd=folder)
    check("--bisect: 125", got == 125, output)
    got, output = gate("--baseline", base, "--candidate", base, cwd=folder)
    check("one library is identical", got == 0 and "IDENTICAL" in output and not result(folder)["processes"], output)
    got, output = gate("--baseline", base, "--candidate", str(folder / "absent.so"), cwd=folder)
    check("no library: an error", got == 2, output)
    asked = ("--alpha", "0.01", "--max-time", "2", "--process-time", "0.01", "--margin", "0.75", "--workload", "mix", "--way", "two-processes")
    gate("--baseline", base, "--candidate", sleeps, *asked, "--seed", "5", cwd=folder)
    was, line = result(folder), printed_line(base, sleeps, *asked, "--seed", "5", cwd=folder)
    subprocess.run(["sh", "-c", line.replace("photofinish", PROGRAM, 1) + " -q --json result.json"], cwd=folder, timeout=GUARD_S, capture_output=True)
    again = result(folder)
    settings = ("alpha", "max_time_s", "slot_seconds", "margin", "long_margin", "way", "seed")
    check("the line that runs it again asks for the same", [again[s] for s in settings] == [was[s] for s in settings], line)
    line = printed_line(base, build(folder, "CHANGED"), "--exact", cwd=folder)
    check("--exact is in it", line.endswith(" --exact"), line)
    got, output = gate("--baseline", "/bin/true", "--candidate", base, cwd=folder)
    check("no workloads: an error", got == 2, output)
    got, output = gate("--plan", "--baseline", base, "--candidate", base, "--max-time", "2", cwd=folder)
    check("a plan that can never FAIL is refused", got == 2 and "can never FAIL" in output, output)
    kept = str(folder / "kept.json")
    got, output = gate("--candidate", base, "--write-baseline", kept, cwd=folder)
    check("what is exact is written", got == 0 and "times" not in json.loads(open(kept).read()), output)
    got, output = gate("--candidate", base, "--against-baseline", kept, cwd=folder)
    check("against it: the same", got == 0, output)
    got, output = gate("--candidate", str(folder / "CHANGED.so"), "--against-baseline", kept, cwd=folder)
    check("against it: changed", got == 1, output)


def junit(folder):
    """What a reader of JUnit XML sees: for each test what it has beside its output, and whether the sums are theirs."""
    root = xml.etree.ElementTree.parse(folder / "gate.xml").getroot()
    cases = root.findall("testcase")
    kinds = [[child.tag for child in case if child.tag != "system-out"] for case in cases]
    sums = [int(root.get(name)) for name in ("tests", "failures", "errors", "skipped")]
    counted = [len(cases)] + [kinds.count([kind]) for kind in ("failure", "error", "skipped")]
    fine = root.tag == "testsuite" and sums == counted and all(len(kind) < 2 for kind in kinds) and all(c.get("classname") and c.get("name") for c in cases)
    return fine, dict(zip([case.get("name") for case in cases], kinds)), [child.get("message") for case in cases for child in case if child.get("message")]


def surfaces(folder):
    """Reports by readers of their own."""
    base = build(folder, "NONE")
    out = ("--junit", "gate.xml", "--annotations", "annotations", "--markdown", "gate.md")
    for fault, verdict, kind in (("CHANGED", 1, "failure"), ("MISSING", 2, "error"), ("NEWER", 3, "skipped")):
        got, output = gate("--baseline", base, "--candidate", build(folder, fault), "--workload", "mix", "--process-time", "0.005", "--max-time", "1",
                           "--alpha", "1e-9", *out, cwd=folder)
        fine, found, messages = junit(folder)
        check(f"JUnit: {kind} with its reason", got == verdict and fine and found == {"mix": [kind]} and len(messages[0]) > 10, output + str(found))
        said = (folder / "annotations").read_text()
        check(f"annotations: {kind}", said.startswith("::warning" if kind == "skipped" else "::error") and "title=mix" in said, said)
        check("Markdown: a row for it", "\n| mix | " in (folder / "gate.md").read_text(), "")
    got, output = gate("--baseline", base, "--candidate", base, "--workload", "mix", *out, cwd=folder)
    fine, found, messages = junit(folder)
    check("JUnit: passed", got == 0 and fine and found == {"mix": []} and not messages, output)


def git(folder, *words):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main", *words], cwd=folder,
                   check=True, stdout=subprocess.DEVNULL)


def commit(folder, text):
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", text)


def revisions(folder):
    os.environ["PHOTOFINISH_DATA"] = str(folder / "data")
    source = folder / "source"
    source.mkdir()
    for name in ("CMakeLists.txt", "subject.c", "mix.c", "mix.h"):
        text = (SUBJECT / name).read_text()
        (source / name).write_text(text.replace('set(HEADERS ""', f'set(HEADERS "{HEADERS}"'))
    git(source, "init", "-q")
    commit(source, "base")
    (source / "README").write_text("words\n")
    (source / "mix.c").write_text((source / "mix.c").read_text() + "\n/* a remark */\n")
    commit(source, "words only")
    got, output = gate("--baseline", "HEAD", "--candidate", "HEAD", cwd=source)
    check("a revision against itself is identical", got == 0 and "IDENTICAL" in output, output)
    got, output = gate("--baseline", "HEAD~1", "--candidate", "HEAD", cwd=source)
    check("words only: identical", got == 0 and "IDENTICAL" in output, output)
    linked = list((folder / "data" / ".gate").glob("*/exact.so"))
    exported = subprocess.run(["nm", "-D", "--defined-only", str(linked[0])], capture_output=True, text=True).stdout.split()
    check("links export their table alone", exported[2::3] == ["pf_workloads_v1"], str(exported))
    for one in linked:
        left = one.parent / "run-killed"
        left.mkdir()
        (left / "100000000.so").write_text("of a gate that was killed")
    (source / "subject.c").write_text((source / "subject.c").read_text().replace("#ifdef SLEEPS", "#ifndef SLEEPS"))
    got, output = gate("--baseline", "HEAD", "--workload", "mix", "--workload", "sift", "--workload", "both", "--process-time", "0.005", "--max-time", "1000",
                       cwd=source)
    found = verdicts(source)
    causes = [w["name"] for w in result(source)["workloads"] if w["verdict"] == "fail" and not w["contains_cause"]]
    check("the work tree against HEAD: it FAILs and names the cause", got == 1 and causes == ["mix"], output)
    check("and none that does not contain it", found["sift"] != "fail", output)
    drawn = layouts(source)
    check("each process loads a layout that no other one had, by one seed for both arms", len(drawn) > 20 and all(a == b for a, b in drawn) and
          len({a for a, b in drawn}) == len(drawn), str(drawn))
    check("none is left on the disk", len(list((folder / "data" / ".gate").glob("*/run-*"))) == len(linked) - 1, str(linked))
    again = ("--baseline", "HEAD", "--workload", "mix", "--process-time", "0.005", "--seed", str(result(source)["seed"]), "--max-time", "1")
    gate(*again, cwd=source)
    check("the same seed draws them again", layouts(source)[0] == drawn[0], str(drawn))
    gate(*again, "--as-built", cwd=source)
    check("or all load what the build made", layouts(source)[0] == [0, 0] and result(source)["candidate"]["layouts"] == 1, "")
    (source / "mix.c").write_text("no C\n")
    got, output = gate("--baseline", "HEAD", cwd=source)
    check("what does not build is an error that names the log", got == 2 and "log" in output, output)
    got, output = gate("--baseline", "no-such-revision", cwd=source)
    check("no such revision", got == 2 and "neither a revision" in output, output)


def ci_lines():
    """The script lines of the examples for each CI, as their runners take them; what installs git is left out."""
    github = yaml.safe_load((CI / "github.yml").read_text())
    gitlab = yaml.safe_load((CI / "gitlab.yml").read_text())
    steps = [step["run"] for step in github["jobs"]["gate"]["steps"] if "run" in step]
    assert "apt-get" in steps[0] and "safe.directory" in steps[1] and gitlab["gate"]["before_script"][0].startswith("apt-get")
    assert gitlab["gate"]["allow_failure"]["exit_codes"] == 3 and gitlab["gate"]["artifacts"]["reports"]["junit"] == "gate.xml"
    return {"GitHub": ["bash", "-e", "-c", "\n".join(steps[2:])], "GitLab": ["sh", "-e", "-c", "\n".join(gitlab["gate"]["script"])],
            "shell": ["sh", str(CI / "shell.sh")]}


def ci_examples(folder):
    """The examples of scripts/ci in a clone of a project of its own, whose scripts/gate runs this program."""
    os.environ["PHOTOFINISH_DATA"] = str(folder / "data")
    above, clone = folder / "above", folder / "clone"
    (above / "scripts").mkdir(parents=True)
    for name in ("CMakeLists.txt", "subject.c", "mix.c", "mix.h"):
        text = (SUBJECT / name).read_text()
        (above / name).write_text(text.replace('set(HEADERS ""', f'set(HEADERS "{HEADERS}"'))
    (above / "scripts/gate").write_text(f'#!/bin/sh\nbase=$1; shift\nexec {PROGRAM} gate -q --baseline "$base" --candidate . --workload mix '
                                        '--process-time 0.005 --max-time ${MAX_TIME:-1000} --alpha ${ALPHA:-0.001} "$@"\n')
    (above / "scripts/gate").chmod(0o755)
    git(above, "init", "-q")
    commit(above, "base")
    subprocess.run(["git", "clone", "-q", str(above), str(clone)], check=True)
    base = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, capture_output=True, text=True, check=True).stdout.strip()
    words = (clone / "mix.c").read_text()

    def run(what, text, expected, **env):
        (clone / "mix.c").write_text(words if text is None else words + text)
        if text is None:
            (clone / "subject.c").write_text((SUBJECT / "subject.c").read_text().replace("#ifdef SLEEPS", "#ifndef SLEEPS"))
        commit(clone, what)
        for name, lines in ci_lines().items():
            done = subprocess.run(lines, cwd=clone, timeout=GUARD_S, capture_output=True, text=True,
                                  env={**os.environ, "CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "GITHUB_BASE_REF": "main",
                                       "GITHUB_STEP_SUMMARY": str(folder / "summary.md"), **env})
            wanted = expected.get(name, expected[""])
            fine = junit(clone)[0] if name != "GitHub" else "| mix | " in (folder / "summary.md").read_text() and "::" in done.stdout
            check(f"{name}, {what}: exit status {wanted}", done.returncode == wanted and fine, done.stdout + done.stderr)

    run("words", "\n/* a remark */\n", {"": 0})
    run("undecided", "\nint more(void);\nint more(void) { return 1; }\n", {"": 0, "GitLab": 3}, MAX_TIME="1", ALPHA="1e-9")
    run("slower", None, {"": 1}, ALPHA="0.05")


def commands(folder):
    got, output = gate("--command", "true", "--max-time", "5", "--", "exit 3", cwd=folder)
    check("a command that fails FAILs", got == 1 and "status 3" in output, output)
    got, output = gate("--command", "exit 3", "--max-time", "5", "--", "true", cwd=folder)
    check("a baseline that fails is invalid", got == 2, output)
    got, output = gate("--command", "true", "--max-time", "1000", "--", "sleep 0.05", cwd=folder)
    check("a slower command FAILs", got == 1, output)


def calibrate(*words):
    done = subprocess.run([PROGRAM, "calibrate", "-q", *words], timeout=GUARD_S, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def calibration(folder):
    """Sittings on a small library: begun, killed, gone on with. What they say of this machine is not asked."""
    os.environ["PHOTOFINISH_DATA"] = str(folder / "data")
    source = folder / "source"
    source.mkdir()
    for name in ("CMakeLists.txt", "subject.c", "mix.c", "mix.h"):
        text = (SUBJECT / name).read_text()
        (source / name).write_text(text.replace('set(HEADERS ""', f'set(HEADERS "{HEADERS}"'))
    state, receipt = folder / "state", folder / "receipt.json"
    words = ("--state", str(state), "--hours", "0.001", "--only", "compute-5/quiet/one", "--json", str(receipt))
    got, output = calibrate(*words, "--candidate", str(source), "--workload", "mix", "--max-time", "1")
    check("a calibration is begun", got == 0 and json.loads(receipt.read_text())["gates"] >= 1, output)
    dose = json.loads((state / "settings.json").read_text())["workloads"][0]
    check("there is a dose of each kind", dose["rounds"] > 1 and dose["lines"] >= 1, str(dose))
    slow = (state / "arms" / "c.so.slow").read_text().split("\n")
    check("the candidate does that work more, the baseline none", slow[1] == f"mix compute {dose['rounds']}" and
          (state / "arms" / "b.so.slow").read_text().count("\n") == 1, str(slow))
    kept = json.loads(receipt.read_text())["gates"]
    running = subprocess.Popen([PROGRAM, "calibrate", "-q", *("0.05" if word == "0.001" else word for word in words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    got, output = calibrate(*words)
    if running.poll() is None:
        check("one sitting at a time", got == 2 and "another sitting" in output, output)
    running.kill()
    running.wait()
    got, output = calibrate(*words)
    check("after a kill it goes on", got == 0 and json.loads(receipt.read_text())["gates"] > kept, output)
    got, output = calibrate("--replay", str(state / "streams.jsonl.gz"))
    check("what was kept is replayed", got == 0 and "compute-5/quiet/one-process" in output and "other ones" not in output, output)
    got, output = calibrate("--state", str(state), "--only", "nothing")
    check("no such cell", got == 2 and "no cell" in output, output)


PARTS = {part.__name__: part for part in (slow_ones, ci_examples, revisions, other_endings, planted_faults, calibration, surfaces, commands)}


def run_part(name):
    done = subprocess.run([sys.executable, *sys.argv[:3], name], capture_output=True, text=True)
    print(f"{name}:\n{done.stdout}{done.stderr}", end="", flush=True)
    return done.returncode == 0


if len(sys.argv) > 3:
    with tempfile.TemporaryDirectory() as own:
        PARTS[sys.argv[3]](pathlib.Path(own))
    sys.exit(bool(failures))
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    good = list(pool.map(run_part, PARTS))
print(f"{good.count(False)} of {len(good)} parts failed")
sys.exit(not all(good))

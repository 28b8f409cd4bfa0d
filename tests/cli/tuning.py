#!/usr/bin/env python3
"""tune: what it finds is confirmed or the default stays, its file holds where it was measured and is refused elsewhere, doctor names it.
Usage: tuning.py PHOTOFINISH DATA"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from held_up import until_timed

PROGRAM, DATA = (os.path.realpath(path) for path in sys.argv[1:3])
QUICK = ("--stages", "facts,decode,quality", "--quiet")
failures = 0


def check(name, good, told=""):
    global failures
    failures += not good
    print(f"{'ok     ' if good else 'FAILED '} {name}{'' if good else ': ' + str(told)[-1500:]}", flush=True)


def fields(path):
    return dict(re.fullmatch(r'(\w+): "(.*)"', line).groups() for line in path.read_text().splitlines() if not line.startswith("#"))


with tempfile.TemporaryDirectory(prefix="photofinish-tuning-") as work:
    work = pathlib.Path(work)
    shutil.copytree(pathlib.Path(DATA) / "tiny", work / "data/tiny", symlinks=True)
    environment = dict(os.environ, PHOTOFINISH_DATA=str(work / "data"), PHOTOFINISH_HISTORY="", PHOTOFINISH_TIME_UNFIT_BUILD="1", LC_ALL="C.UTF-8")

    def run(*words, expected=0):
        done = until_timed(lambda: subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment))
        check(f"{' '.join(map(str, words))[-60:]}: ends with {expected}", done.returncode == expected, f"{done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    told = run("tune", "parallel", "--dataset", "tiny", "--budget", "8", "--workers", "1", *QUICK)
    file = work / "data/.tuned/parallel.yaml"
    found = fields(file)
    confirmed = re.search(r"^(\S+): \d\.\d\dx the time of the default, after (\d+) pairs on 4 other photos$", told, re.M)
    check("confirmed on other photos, or the default stays", bool(confirmed) != ("the default stays" in told), told)
    check("the file says the same", found["settings"] == (confirmed.group(1) if confirmed else "") and found["variant"] == "parallel", found)
    check("an e-process needs its pairs", not confirmed or int(confirmed.group(2)) >= 9, told)
    check("candidates are tried against the default", len(re.findall(r"^workers=\d+ ", told, re.M)) >= 2, told)
    score = ("score", work / "data/tiny/photos", "--csv", work / "out.csv", "--workers", "1", *QUICK)
    plain = run(*score) and (work / "out.csv").read_text()
    told = run(*score, "--tuned")
    check("used where it holds", "stale" not in told and (work / "out.csv").read_text() == plain, told)
    check("doctor names it", re.search(rf"^tuned: {file}: parallel, .*, holds here$", run("doctor", "--quick"), re.M))
    run("run", "parallel", "--dataset", "tiny", f"--tuned={file}", "--workers", "1", *QUICK)
    text = file.read_text()
    for field, what in (("build", "another build"), ("machine", "another machine"), ("configuration", "another configuration"),
                        ("dataset", "photos of another size or number"), ("workers", "another number of workers")):
        file.write_text(text.replace(f'{field}: "{found[field]}"', f'{field}: "{found[field][::-1] if field != "workers" else 7}"'))
        told = run(*score, "--tuned")
        check(f"stale: {what}: a line, not used", len(re.findall(f"stale, not used: it was tuned for {what}", told)) == 1, told)
        check(f"stale: {what}: the same scores", (work / "out.csv").read_text() == plain)
    file.write_text(text.replace(found["build"], "0" * 64))
    check("doctor names a stale one", re.search(r"^tuned: .*, another build$", run("doctor", "--quick"), re.M))
    file.write_text(text.replace("settings:", "setings:"))
    check("no tuned file", "setings" in run(*score, "--tuned", expected=2))
    check("doctor: no tuned file", re.search(r"^tuned: .*: not usable: .*setings", run("doctor", "--quick"), re.M))
    file.write_text(text.replace(f'settings: "{found["settings"]}"', 'settings: "workers=3"'))
    check("what it says is what runs", "parallel:workers=3" in run("run", "parallel", "--dataset", "tiny", "--tuned", "--workers", "1", *QUICK))
    file.write_text(text.replace(f'settings: "{found["settings"]}"', 'settings: "workers=0"'))
    check("tuned with another --workers", "stale, not used: it was tuned for another number of workers" in run("score", work / "data/tiny/photos", "--csv", work / "out.csv", "--workers", "2", *QUICK, "--tuned"))
    check("settings out of range", "workers" in run(*score, "--tuned", expected=2))
    file.write_text(text)
    check("of another variant", "of variant parallel" in run(*score, f"--tuned={file}", "--variant", "streaming", expected=2))
    check("none there", "nothing was tuned" in run(*score, "--tuned", "--variant", "streaming", expected=2))
    check("options beside it", "state none" in run(*score, "--tuned", "--variant", "parallel:workers=1", expected=2))
    check("a variant without numbers", "no numbers to tune" in run("tune", "single-load", "--dataset", "tiny", *QUICK, expected=2))
sys.exit(failures > 0)

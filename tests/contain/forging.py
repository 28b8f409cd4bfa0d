#!/usr/bin/env python3
"""A worker that was taken over can write its own outcomes only: what it reaches of what others go by, and what becomes of outcomes that
it forges, with every other photo's score as it is without it. Usage: forging.py PHOTOFINISH FOLDER-OF-PLUGINS"""
import json
import os
import subprocess
import sys
import tempfile

PROGRAM, PLUGINS = sys.argv[1:3]
REFUSED = ("bursts cancel main-trace map open order own-trace place read-pipes span trace unprotect-bursts unprotect-order write-pipes").split()
NAMED = "worker {} told of photos that it was not given: it was replaced, and is not to be trusted"
failed = 0


def check(good, what, seen=""):
    global failed
    failed += not good
    print(f"{'ok    ' if good else 'FAILED'}  {what}" + ("" if good else f"\n        {seen}"))


def score(variant, how=None, workers="2"):
    """Exit status, what was said, and outcomes by file."""
    environment = dict(os.environ, **({"FORGER": how} if how else {}))
    result = subprocess.run([PROGRAM, "score", "tiny", "-v", variant, "--plugin", f"{PLUGINS}/forger.so", "--stages",
                             "facts,decode,quality", "--workers", workers, "--quiet", "--json", "-"], capture_output=True, text=True, env=environment, timeout=1500)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    return result.returncode, result.stderr, {record["path"]: record for record in records if "path" in record}


def main():
    with tempfile.TemporaryDirectory(prefix="photofinish-forging-") as folder:
        os.environ["PHOTOFINISH_DATA"] = folder
        if subprocess.run([PROGRAM, "dataset", "make", "tiny", "--quiet"], stdout=subprocess.DEVNULL).returncode:
            sys.exit("FAILED: no dataset")
        code, said, honest = score("parallel")
        check(code == 0 and len(honest) == 8, "the photos, without a forger", said)
        check(score("forger") == (code, said, honest), "the plug-in that does not forge does as well", said)
        code, said, seen = score("forger", "look")
        own = [file for file in seen if seen[file] != honest[file] and "refused:" in json.dumps(seen[file])]
        check(code == 0 and len(own) == 1, "one photo's worker looks around", said)
        words = next(value for value in seen[own[0]].values() if isinstance(value, str) and "refused:" in value)
        refused, done = words.split("refused:")[1].split("; done:")
        check(sorted(refused.split()) == REFUSED and not done.split(), "nothing that others go by is in its reach", words)
        burst = honest[own[0]]["burst"]
        for how in ("tell", "burst", "twice", "garbage", "done"):
            code, said, seen = score("forger", how, "1") # the photo of which it tells is still to come
            others = {file: record for file, record in honest.items() if record["burst"] != burst}
            # Who says again and again to be done ends the run: outcomes are missing then, none is wrong.
            spared = (None,) if how == "done" else ()
            check(all(seen.get(file) in (record, *spared) for file, record in others.items()), f"{how}: every other burst's outcomes stay",
                  [file for file, record in others.items() if seen.get(file) != record])
            named = any(NAMED.format(slot) in said for slot in (1, 2)) or "told of photos that they were not given" in said
            check(code == 2 and named, f"{how}: the worker is named, and the trial does not count", (code, said))
        for how in ("leave", "blame"):
            code, said, seen = score("forger", how, "1") # the photo of which it tells is still to come
            others = {file: record for file, record in honest.items() if record["burst"] != burst}
            check(all(seen.get(file) == record for file, record in others.items()), f"{how}: every other burst's outcomes stay", (code, said))
            check("died" in said or "dying" in said, f"{how}: that it died is told", (code, said))
    sys.exit(bool(failed))


main()

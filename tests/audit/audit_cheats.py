#!/usr/bin/env python3
"""Planted cheats: the audit catches each by the check that is there for it, and no honest variant.
Usage: audit_cheats.py PHOTOFINISH FOLDER-OF-PLUGINS [--untimed]   (without those that times give away)

Cheats that outputs give away are caught at once. One that remembers photos is caught by times: on a busy machine four
rounds may leave that undecided, and it is audited again with more, as the audit itself asks for; in the end it is caught."""
import json
import os
import subprocess
import sys
import tempfile

# Check that catches each cheat, and whether it takes times.
CHEATS = {
    "cached_by_name": ("swapped_contents", False),
    "cached_by_size": ("fresh_photos", False),
    "constant": ("differing_scores", False),
    "decode_skipped": ("fresh_photos", False),
    "from_reference": ("kept_reference", False),
    "cached_by_content": ("repeated_photo", True),
    "cached_on_disk": ("seen_photos", True),
}
TIMED_ROUNDS = (4, 8, 16, 32)
EXITS = {"passed": 0, "caught": 1, "undecided": 3}


# Contained, these could not cheat at all: what they read or write has to be allowed.
NOTES, DATA = "TMPDIR", "PHOTOFINISH_DATA"
NEEDS = {"cached_by_name": ("write", NOTES), "cached_on_disk": ("write", NOTES), "from_reference": ("read", DATA)}


def audit(program, what, rounds, needs=None):
    """The record of an audit. Few stages, as it is the audit that is tested; for times those that take some."""
    stages = "facts,decode,faces" if rounds else "facts,decode,quality"
    with tempfile.TemporaryDirectory(prefix="photofinish-") as notes:
        environment = dict(os.environ, TMPDIR=notes)
        allow = ["--allow", f"{needs[0]}={environment[needs[1]]}"] if needs else []
        result = subprocess.run([program, "audit", what, *allow, "--dataset", "tiny", "--photos", "4" if rounds else "6", "--rounds", str(rounds),
                                 "--stages", stages, "--quiet", "--no-history", "--json", "-"],
                                env=environment, capture_output=True, text=True)
    if result.returncode not in EXITS.values():
        sys.exit(f"FAILED: audit {what}: exit {result.returncode}\n{result.stderr}")
    record = json.loads(result.stdout)
    if EXITS[record["verdict"]] != result.returncode:
        sys.exit(f"FAILED: audit {what}: {record['verdict']} and exit {result.returncode}")
    return record


def show(record):
    return "; ".join(f"{check['check']} {check['verdict']} {check['figure'] or ''}" for check in record["checks"])


def main():
    program, plugins, untimed = sys.argv[1], sys.argv[2], "--untimed" in sys.argv
    failed = 0
    with tempfile.TemporaryDirectory(prefix="photofinish-data-") as data:
        os.environ.update(PHOTOFINISH_DATA=data, PHOTOFINISH_TIME_UNFIT_BUILD="1")
        subprocess.run([program, "dataset", "make", "tiny", "--quiet"], check=True, capture_output=True)
        for cheat, (name, timed) in CHEATS.items():
            if timed and untimed:
                continue
            for rounds in TIMED_ROUNDS if timed else (0,):
                record = audit(program, f"{plugins}/cheat_{cheat}.so", rounds, NEEDS.get(cheat))
                verdict = next(check["verdict"] for check in record["checks"] if check["check"] == name)
                if verdict != "undecided":
                    break
            good = verdict == "caught" and record["verdict"] == "caught"
            failed += not good
            print(f"{'ok    ' if good else 'FAILED'}  {cheat}: {name} {verdict}" + ("" if good else f"\n  {show(record)}"))
        for honest, rounds in (("single-load", 0 if untimed else 2), ("fast-exact", 0 if untimed else 2), ("parallel", 0), ("streaming", 0), (f"{plugins}/cheat_honest.so", 0)):
            record = audit(program, honest, rounds)
            wrong = [check for check in record["checks"] if check["verdict"] == "caught"]
            left = [entry for entry in os.listdir(data) if entry not in ("tiny", ".references")]
            left += os.listdir(os.path.join(data, ".references")) if os.path.isdir(os.path.join(data, ".references")) else []
            good = not wrong and not left and record["checks"][0]["verdict"] == "passed"
            failed += not good
            print(f"{'ok    ' if good else 'FAILED'}  honest: {os.path.basename(honest)}" +
                  ("" if good else f"\n  {show(record)} {left}"))
    sys.exit(bool(failed))


main()

#!/usr/bin/env python3
"""Writes the figures of results/reference/summary.md into README's table, its headline and its date; which variants stand there, and the
words of their ideas, stay as they are. scripts/reference calls it. Usage: readme_figures.py [--check]
--check writes nothing and ends with 1 where README says other figures than the record."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
README, SUMMARY = ROOT / "README.md", ROOT / "results/reference/summary.md"


def measured(summary):
    """Of each variant with a time: speed over the baseline, time against the best before it, verdict; None where it has no time."""
    found = {}
    rows = summary.split("## Variant by variant")[1].split("\n## ")[0]
    for row in re.findall(r"^\| (.*) \|$", rows, re.M)[1:]:
        name, verdict, _, against, speed = (cell.strip() for cell in row.split(" | "))
        before = re.search(r"(?:than|from) ([a-z0-9-]+)", verdict)
        said = verdict.split(":")[0]
        if name == "double-load":
            found[name] = ("1x", "-", said)
        elif "(" not in speed:
            found[name] = ("-", "-", "rejected: wrong scores" if "wrong scores" in verdict else said)
        else:
            found[name] = (speed, f"{against} of {before[1]}", said)
    return found


def renewed(readme, summary):
    found = measured(summary)
    record, date = re.search(r"record ([0-9a-f]{12}) of (\d{4}-\d\d-\d\d)", summary).groups()

    def row(match):
        return f"| `{match[1]}` | {match[2]} | {' | '.join(found[match[1]])} |"

    def bounds(name):
        ratio, low, high = re.match(r"([\d.]+)x \(([\d.]+) to ([\d.]+)\)", found[name][0]).groups()
        return f"{float(ratio):.1f}", low, high

    readme, rows = re.subn(r"^\| `([a-z-]+)` \| ([^|]*) \| [^|]* \| [^|]* \| [^|]* \|$", row, readme, flags=re.M)
    if not rows:
        sys.exit("README.md has no table of variants")
    exact, fast = bounds("fast-exact"), bounds("fast")
    readme = re.sub(r"\*\*[\d.]+ times the baseline's speed (.*?)\*\* \([^)]*\)(.*?); [\d.]+ times \([^)]*\)",
                    lambda m: f"**{exact[0]} times the baseline's speed {m[1]}** ({exact[1]} to {exact[2]}){m[2]}; {fast[0]} times ({fast[1]} to {fast[2]})", readme)
    return re.sub(r"\d{4}-\d\d-\d\d \(\[record [0-9a-f]{12}\]", f"{date} ([record {record}]", readme)


before = README.read_text(encoding="utf-8")
after = renewed(before, SUMMARY.read_text(encoding="utf-8"))
if sys.argv[1:] == ["--check"]:
    for old, new in zip(before.splitlines(), after.splitlines()):
        if old != new:
            print(f"README.md says\n    {old}\nand the record\n    {new}")
    sys.exit(before != after)
README.write_text(after, encoding="utf-8")

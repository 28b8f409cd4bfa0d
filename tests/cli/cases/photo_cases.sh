#!/usr/bin/env bash
# Photos after public bug reports of photo software, each with its right value: groups of the folders, verdicts and
# orientations of the single files; the same in every variant. tests/photos/README.md says what each one is.
cp -r "$ROOT/tests/photos" photos
rm photos/README.md
# One burst of six whose heads take 240 and 280 kB in turn, as depth maps and colour profiles make them.
/usr/bin/python3 - <<'END'
import os, pathlib, struct
os.mkdir("photos/big-heads")
for i, source in enumerate(sorted(pathlib.Path("photos/names-unpadded").iterdir())[:6]):
    data, left, padding = source.read_bytes(), (240000, 280000)[i % 2], b""
    at = 4 + struct.unpack(">H", data[4:6])[0] - 2 + 2
    while left > 0:
        size = min(left, 65000)
        padding += b"\xff\xe2" + struct.pack(">H", size) + b"ICC_PROFILE\0\1\1" + b"x" * (size - 16)
        left -= size
    pathlib.Path("photos/big-heads", f"IMG_{i}.JPG").write_bytes(data[:2] + data[2:at] + padding + data[at:])
END
for variant in single-load streaming chunked:workers=2 shared-memory:workers=2; do
    photofinish score photos --variant "$variant" --quiet --stages facts,decode,quality --json "$variant.jsonl" >/dev/null 2>&1
    echo "$variant = $?"
done
/usr/bin/python3 - <<'END'
import collections, json
variants = ["single-load", "streaming", "chunked:workers=2", "shared-memory:workers=2"]
texts = [open(f"{variant}.jsonl").read() for variant in variants]
folders = collections.defaultdict(lambda: collections.Counter())
for line in texts[0].splitlines():
    record = json.loads(line)
    if "/" in record["path"]:
        folders[record["path"].split("/")[0]][record["burst"]] += 1
    else:
        orientation = float.fromhex(record["measures"]["orientation"]) if "measures" in record else None
        print(record["path"], record["status"], record.get("note", record.get("error", "")), orientation)
for folder, bursts in folders.items():
    print(folder, sorted(bursts.values()))
print("all variants alike:", all(text == texts[0] for text in texts))
for record in map(json.loads, texts[0].splitlines()):
    if record["path"].startswith("bracket"):
        print(record["path"], *(float.fromhex(record["measures"][name]) for name in ("exposure_time", "f_number", "iso")))
END

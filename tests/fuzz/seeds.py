"""Inputs to begin with, made from what lies in the repository and from what the program itself writes."""
import gzip
import hashlib
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST = 32768  # bytes: larger ones make it slow
CASCADE = """<?xml version="1.0"?>
<opencv_storage>
<cascade type_id="opencv-cascade-classifier"><stageType>BOOST</stageType>
  <featureType>HAAR</featureType>
  <height>24</height>
  <width>24</width>
  <stageParams>
    <maxWeakCount>1</maxWeakCount></stageParams>
  <featureParams>
    <maxCatCount>0</maxCatCount></featureParams>
  <stageNum>1</stageNum>
  <stages>
    <_>
      <maxWeakCount>1</maxWeakCount>
      <stageThreshold>-5.0425500869750977e+00</stageThreshold>
      <weakClassifiers>
        <_>
          <internalNodes>
            0 -1 0 -3.1511999666690826e-02</internalNodes>
          <leafValues>
            2.0875380039215088e+00 -2.2172100543975830e+00</leafValues></_></weakClassifiers></_></stages>
  <features>
    <_>
      <rects>
        <_>
          6 4 12 9 -1.</_>
        <_>
          6 7 12 3 3.</_></rects></_></features></cascade>
</opencv_storage>
"""
CALLGRIND = """# callgrind format
version: 1
creator: callgrind-3.19.0
pid: 1
cmd: kernel
part: 1
desc: Trigger: Program termination
positions: line
events: Ir
summary: 300
ob=(1) /usr/bin/kernel
fl=(1) a.c
fn=(1) main
1 100
cfn=(2) work
calls=1 5
2 200
fn=(2)
5 200
totals: 300
"""


def exif_of(jpeg):
    """The EXIF segment's payload."""
    at = jpeg.find(b"Exif\0\0")
    return jpeg[at:at + int.from_bytes(jpeg[at - 2:at], "big") - 2] if at > 2 else b""


def frame(kind, payload):
    return struct.pack("<IIi", 12 + len(payload), kind, 1) + payload


def small_photos():
    """(name, JPEG) of a few blocks in each way of coding, by cjpeg where it is installed: small ones are quick to decode."""
    width, height = 37, 21
    pixels = bytes(x * y * (7 + 4 * c) % 251 if (x // 8 + y // 8) % 2 else 200 - 3 * x * c % 97 for y in range(height) for x in range(width) for c in range(3))
    ways = [("sample", *sample, *more) for sample in (("1x1",), ("2x1",), ("2x2",), ("1x2",), ("4x1",))
            for more in ((), ("-restart", "1"), ("-restart", "2B", "-optimize"), ("-progressive",), ("-quality", "100"), ("-quality", "5", "-optimize"))]
    for way in ways + [("grayscale",), ("grayscale", "-restart", "1B"), ("arithmetic",), ("rgb",)]:
        try:
            made = subprocess.run(["cjpeg", *(f"-{way[0]}", *way[1:])], input=b"P6 %d %d 255\n" % (width, height) + pixels, capture_output=True)
        except FileNotFoundError:
            return
        if made.returncode == 0:
            yield "-".join(way).replace("--", "-"), made.stdout


class Seeds:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def add(self, target, name, data):
        data = data.encode() if isinstance(data, str) else data
        if data and len(data) <= MOST:
            (self.folder / target).mkdir(parents=True, exist_ok=True)
            (self.folder / target / name.replace("/", "_")).write_bytes(data)

    def add_files(self, target, paths):
        for path in paths:
            self.add(target, path.name, path.read_bytes())

    def from_repository(self):
        photos = sorted((ROOT / "tests/photos").rglob("*.[jJ][pP]*[gG]"))
        self.add_files("jpeg", photos)
        for name, photo in small_photos():
            self.add("jpeg", name, photo)
        for path in photos:
            self.add("exif", path.parent.name + path.name, exif_of(path.read_bytes()))
        vectors = sorted((ROOT / "tests/nn/vectors").glob("*.onnx"), key=lambda path: path.stat().st_size)
        self.add_files("network", [path for path in vectors if path.stat().st_size < 4000])
        self.add_files("spec", (ROOT / "datasets/specs").glob("*.yaml"))
        self.add_files("card", (ROOT / "core/models").glob("*.yaml"))
        self.add("config", "weights", "weights:\n  sharpness: 0.5\n  faces: 0.1\n  timing: 0.1\n")
        self.add("config", "all", "weights: {form: 0.2}\nmodel: none\n")
        self.add_files("baseline", (ROOT / "results/baselines").glob("*.json"))
        self.add_files("calibration", (ROOT / "results/calibration").glob("*.json"))
        self.add("cascade", "small", CASCADE)
        self.add("callgrind", "small", CALLGRIND)
        identity = b'"build":"fuzz","journal":1}\n'
        head = hashlib.sha256(bytes(32) + identity).digest()
        outcome = b'"burst":0,"error":"cut","index":1,"path":"photos/1.jpg","rank":0,"status":"truncated"}\n'
        lines = [b'{"check":"' + hashlib.sha256(key + rest).hexdigest()[:32].encode() + b'",' + rest for key, rest in ((bytes(32), identity), (head, outcome))]
        self.add("score-journal", "head", lines[0])
        self.add("score-journal", "one", b"".join(lines))
        self.add("score-journal", "cut", b"".join(lines)[:-9])
        self.add("score-journal", "unsigned", outcome + outcome.replace(b"1", b"2"))
        fields = {"variant": "parallel", "settings": "workers=3", "found": "workers=3: 0.80x the time of the default", "started": "2026-11-30T00:00:00Z",
                  "build": "ab" * 32, "configuration": "cd" * 32, "machine": "0123456789ab", "dataset": "4 to 8 MB a photo, 10 to 99 photos", "workers": "2"}
        self.add("tuned", "whole", "".join(f'{key}: "{value}"\n' for key, value in fields.items()))
        self.add("tuned", "plain", "".join(f"{key}: {value}\n" for key, value in list(fields.items())[:-1] if ":" not in value))
        self.add("scores", "small", '{"photofinish":"scores/1","total":0.1}\n{"path":"photos/0.jpg","score":0.5,"status":"ok","burst":0,"rank":1}\n'
                 '{"index":1,"path":"photos/1.jpg","status":"damaged","error":"cut"}\n')
        self.add("make-journal", "small", f"\n0 1234 {'ab' * 32} ok\n1 99 {'0' * 64} ok\n2 99 {'0' * 60}\n")
        for kind in range(8):
            self.add("frames", str(kind), b"".join(frame(kind, bytes(size)) for size in (8, 12, 16, 40)) + frame(kind, bytes(700)))
        with gzip.open(ROOT / "tests/gate/streams.jsonl.gz") as file:
            for number, line in zip(range(40), file):  # one gate each
                self.add("stream", f"{number}.text", line)
                self.add("stream", str(number), gzip.compress(line, 9))

    def from_program(self, program):
        """Of a small dataset what is made of it."""
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            environment = dict(os.environ, PHOTOFINISH_DATA=folder, PHOTOFINISH_HISTORY=str(work / "history"), XDG_CACHE_HOME=str(work / "cache"),
                               PHOTOFINISH_TIME_UNFIT_BUILD="1")

            def run(*words):
                return subprocess.run([os.path.realpath(program), *map(str, words)], capture_output=True, env=environment, cwd=folder)
            run("dataset", "make", "tiny", "--quiet")
            quality = ("-d", "tiny", "--stages", "facts,decode,quality", "--quiet")
            run("score", "tiny", "--stages", "facts,decode,quality", "--quiet", "--json", work / "scores.jsonl")
            run("run", "null", *quality, "--rounds", "1", "--json", work / "run.json")
            run("time", "--quiet", "--rounds", "2", "--json", work / "time.json", "--", "true")
            self.add("manifest", "tiny", (work / "tiny/manifest").read_bytes())
            for path in (work / "tiny").glob("truth*"):
                self.add("truth", path.name, path.read_bytes())
            if (work / "scores.jsonl").exists():
                lines = (work / "scores.jsonl").read_text().splitlines(True)
                self.add("outcomes", "two", "".join(lines[:2]))
                self.add("scores", "two", "".join(lines[:2]))
            for name in ("run", "time"):
                if (work / f"{name}.json").exists():
                    self.add("record", name, (work / f"{name}.json").read_bytes())
            journal = subprocess.Popen([os.path.realpath(program), "run", "null", *quality, "--rounds", "400"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env=environment, cwd=folder)
            found = []
            while journal.poll() is None and not (found and found[0].read_bytes().count(b"\n") >= 2):
                found = list((work / "history").glob("journals/[!.]*"))
                time.sleep(0.01)
            journal.kill()
            journal.wait()
            for path in found:
                text = path.read_bytes()
                self.add("journal", "head", text[:MOST])
                self.add("journal", "odd", text.split(b"\n")[0] + b'\n{"rounds_done":-1,"rounds":1e300}\n{"resumed":-7}\n{"resumed":99999999999}\n')


def main():
    seeds = Seeds(sys.argv[2])
    seeds.from_repository()
    seeds.from_program(sys.argv[1])


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Commands that read networks and photos of others themselves: the parser, taken over, leaves nothing, and its crash is one line and
status 2. Usage: parsers.py PHOTOFINISH CRASH.so NETWORK"""
import os
import subprocess
import sys
import tempfile

PROGRAM, CRASH, NETWORK = sys.argv[1:4]
failed = 0


def check(good, what, seen=""):
    global failed
    failed += not good
    print(f"{'ok    ' if good else 'FAILED'}  {what}" + ("" if good else f"\n        {seen}"))


def run(*arguments, **environment):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env=dict(os.environ, **environment), timeout=1500)


def main():
    os.environ["PHOTOFINISH_TIME_UNFIT_BUILD"] = "1"
    with tempfile.TemporaryDirectory(prefix="photofinish-parsers-") as folder:
        os.environ["PHOTOFINISH_DATA"] = os.path.join(folder, "data")
        left = os.path.join(folder, "left")
        if run("dataset", "make", "tiny", "--quiet").returncode:
            sys.exit("FAILED: no dataset")
        planted = {"LD_PRELOAD": CRASH, "CRASH_LEAVES": left}
        for words, library, what in ((("model", "info", NETWORK), "onnx", "pose.onnx"), (("model", "check", NETWORK), "onnx", "pose.onnx"),
                                     (("model", "bench", NETWORK, "--rounds", "2"), "onnx", "pose.onnx"),
                                     (("audit", "single-load", "-d", "tiny", "--quiet", "--stages", "facts,decode,quality"), "jpeg", ".jpg")):
            result = run(*words, CRASH=library, **planted)
            lines = result.stderr.splitlines()
            check(result.returncode == 2 and lines and what in lines[-1] and "crashed (SIGSEGV)" in lines[-1], f"{words[0]} {words[1]}: one line, 2",
                  (result.returncode, result.stderr))
            check(not os.path.exists(left), f"{words[0]} {words[1]}: nothing is left")
        sound = run("model", "info", NETWORK)
        check(sound.returncode == 0 and "GMAC" in sound.stdout and not sound.stderr, "a sound network is told of", sound)
        result = subprocess.run([PROGRAM, "model", "info", NETWORK], stdout=open("/dev/full", "w"), stderr=subprocess.PIPE, text=True)
        check(result.returncode == 2 and "cannot write" in result.stderr, "what cannot be printed is an error", result)
    sys.exit(bool(failed))


main()

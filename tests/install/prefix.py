#!/usr/bin/env python3
"""Installs into a prefix of its own, builds the example plug-in and the example of spans against that with pkg-config alone and a
program with find_package, runs them there, and once more after the prefix was moved. Usage: prefix.py CMAKE BUILD ROOT"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

import workload_table

CMAKE, BUILD, ROOT = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
PROGRAM = """#include <photofinish/scorer.h>
#include <stdio.h>
int main(void)
{
	return puts(pf_engine_version()) < 0;
}
"""
PROJECT = """cmake_minimum_required(VERSION 3.22)
project(user C)
find_package(photofinish 0.1 REQUIRED)
add_executable(user user.c)
target_link_libraries(user PRIVATE photofinish::photofinish)
"""


def check(condition, what):
    if not condition:
        sys.exit(f"prefix: not so: {what}")


def run(*command, expected=0, **options):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                            **options)
    check(result.returncode == expected, f"{command} ends with {expected}, not {result.returncode}: {result.stdout}{result.stderr}")
    return result.stdout


def check_written(prefix, environment):
    """What man and the shells read lies where they look, and is what the installed program writes; so are the pages of help."""
    share = prefix / "share"
    for file, words in (("man/man1/photofinish.1", ["man-page"]), ("bash-completion/completions/photofinish", ["completion", "bash"]),
                        ("zsh/site-functions/_photofinish", ["completion", "zsh"]),
                        ("fish/vendor_completions.d/photofinish.fish", ["completion", "fish"])):
        check((share / file).read_text() == run(prefix / "bin/photofinish", *words, env=environment), file)
    page = share / "doc/photofinish/formats.md"
    check(run(prefix / "bin/photofinish", "help", "formats", env=environment) == page.read_text(), "help formats")
    page.write_text("# Another page\n")
    check(run(prefix / "bin/photofinish", "help", "formats", env=environment) == "# Another page\n", "help shows what is installed")


def configuration(prefix, environment):
    output = run(prefix / "bin/photofinish", "run", "null", "--dataset", "tiny", "--quiet", "--json", "-", env=environment)
    return json.loads(output)["configuration"]["digest"]


def check_plugin(prefix, work, environment):
    """Only what pkg-config says is on the compiler's command line."""
    folder = work / "plugin"
    shutil.copytree(prefix / "share/doc/photofinish/examples/plugin", folder)
    own = dict(environment, PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig"), CFLAGS="-O2 -Wall -Wextra -Wpedantic -Werror")
    run("make", "-C", folder, env=own)
    for _ in range(3):  # a machine that is busy with other things may hold up the harness; it says so
        output = run(prefix / "bin/photofinish", "journey", "--only", "parallel,interleaved", "--plugin",
                     folder / "interleaved.so", "--dataset", "tiny", "--rounds", "1", "--quiet", "--json", "-", env=environment)
        variants = json.loads(output)["variants"]
        if "held up" not in output:
            break
    check([v["name"] for v in variants] == ["parallel", "interleaved"], "the plug-in takes part in the journey")
    check(all(v["status"] == "ok" for v in variants), f"its scores are the reference's: {variants[1]['reason']}")
    return folder / "interleaved.so"


def check_spans(prefix, work, environment):
    """A program with spans of its own, built with pkg-config alone, prints their nested report."""
    folder = work / "spans"
    shutil.copytree(prefix / "share/doc/photofinish/examples/spans", folder)
    own = dict(environment, PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig"), CFLAGS="-O2 -Wall -Wextra -Wpedantic -Werror",
               LDFLAGS=f"-Wl,-rpath,{prefix}/lib")
    run("make", "-C", folder, env=own)
    files = sorted((prefix / "include/photofinish").glob("*.h"))
    lines = run(folder / "digests", "--events", folder / "events.json", *files, env=environment).splitlines()
    check(f"{zlib.adler32(files[0].read_bytes()):08x}  {files[0]}" in lines, "its digests are right")
    spans = {line.split()[0]: (line.index(line.split()[0]), line.split()[1]) for line in lines if not line.startswith("stage")}
    check(spans["file"] == (0, str(len(files))), f"one span a file: {lines}")
    check(spans["read"][0] == spans["digest"][0] == 2, f"read and digest stand within file: {lines}")
    check(spans["read"] == spans["digest"] and "unattributed" in spans, f"the report is whole: {lines}")
    events = json.loads((folder / "events.json").read_text())["traceEvents"]
    check(len([e for e in events if e["name"] == "file"]) == len(files), "every span is an event")


def check_cmake(prefix, work, environment):
    folder = work / "user"
    folder.mkdir()
    (folder / "user.c").write_text(PROGRAM)
    (folder / "CMakeLists.txt").write_text(PROJECT)
    run(CMAKE, "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}", env=environment)
    run(CMAKE, "--build", folder / "build", env=environment)
    check("libjpeg" in run(folder / "build/user", env=environment), "a program of find_package runs")


def check_workload(prefix, work, environment):
    """A library that is not ours, built by its own CMake, and our own: both tables are read from outside."""
    folder = work / "workload"
    shutil.copytree(prefix / "share/doc/photofinish/examples/workload", folder)
    run(CMAKE, "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_C_FLAGS=-Werror", env=environment)
    run(CMAKE, "--build", folder / "build", env=environment)
    library = folder / "build/libsums.so"
    check("photofinish" not in run("ldd", library), "the library needs nothing of photofinish")
    before, after = workload_table.run(library, b"adler32", seed=1, size=1000)
    values = [1]
    for _ in range(1000):
        values.append((values[-1] * 1664525 + 1013904223) % 2**32)
    right = zlib.adler32(bytes(value >> 24 for value in values[1:]))
    check(before == bytes(32), "nothing has run before the first run")
    check(int.from_bytes(after[:4], sys.byteorder) == right, "its digest is that of the right sum")
    before, after = workload_table.run(prefix / "lib/libphotofinish.so", b"sharpness", seed=1, size=10000)
    check(before != after, "the engine's own table can be run from outside")


def check_own_files(prefix, environment):
    """What is used at run time lies in the prefix, not in the source tree."""
    spec = (prefix / "share/photofinish/specs/tiny.yaml").read_text().replace("name: tiny", "name: of_the_prefix")
    (prefix / "share/photofinish/specs/of_the_prefix.yaml").write_text(spec)
    check("of_the_prefix" in run(prefix / "bin/photofinish", "dataset", "make", "of_the_prefix", "--quiet", env=environment),
          "specs come from the prefix")
    before = configuration(prefix, environment)
    with open(prefix / "share/photofinish/models/pose.yaml", "a") as card:
        card.write("# changed\n")
    check(configuration(prefix, environment) != before, "the pose network comes from the prefix")
    # One that cannot be read is an error: without pose scores are others. (root can read whatever its mode is, but no folder.)
    network = prefix / "share/photofinish/models/pose.onnx"
    network.rename(f"{network}.kept")
    network.mkdir()
    scored = subprocess.run([prefix / "bin/photofinish", "score", "of_the_prefix", "--quiet"], env=environment, capture_output=True, text=True)
    check(scored.returncode == 2 and "pose.onnx" in scored.stderr and "0 of 8 photos scored" in scored.stdout,
          f"a pose network that cannot be read is an error: {scored.returncode} {scored.stdout[:200]}{scored.stderr}")
    network.rmdir()
    pathlib.Path(f"{network}.kept").rename(network)


def check_examples(prefix, environment):
    """Where they were installed they find the program, the library, the network and each other; what they link to is there."""
    examples = prefix / "share/doc/photofinish/examples"
    code = "import installed\nprint(installed.program(), installed.library(), installed.pose_network(), sep='\\n')"
    program, library, network = run(sys.executable, "-B", "-c", code, cwd=examples, env=environment).splitlines()
    check(program == str(prefix / "bin/photofinish"), f"the installed program: {program}")
    check(pathlib.Path(library).parent.parent == prefix and pathlib.Path(library).exists(), f"the installed library: {library}")
    check(network == str(prefix / "share/photofinish/models/pose.onnx"), f"the installed network: {network}")
    code = "import compare_double_load as example\nprint(example.dataset_folder('tiny'), example.SCRIPT.exists())"
    output = run(sys.executable, "-B", "-c", code, cwd=examples, env=environment)
    check(output.split() == [str(pathlib.Path(environment["PHOTOFINISH_DATA"]) / "tiny"), "True"], f"an example runs: {output}")
    for page in examples.glob("*/README.md"):
        for link in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            check((page.parent / link).exists(), f"{page}: {link} is installed")


def check_libraries(prefix, work, environment):
    """No library is looked for in the current folder, where strangers' files may lie, whether the program is installed or not. OpenCV is
    loaded where it is needed, and where it is missing a line says so."""
    strangers = work / "strangers"
    strangers.mkdir()
    for line in run("ldd", prefix / "bin/photofinish", env=environment).splitlines():
        (strangers / line.split()[0].rpartition("/")[2]).write_text("no library")
    (strangers / "photofinish_opencv.so").write_text("no library")
    for program in (pathlib.Path(BUILD) / "photofinish", prefix / "bin/photofinish"):
        check("OpenCV 4" in run(program, "--version", cwd=strangers, env=environment), "libraries of the current folder are not loaded")
        libraries = run(program, "variants", env=environment | {"LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(work / "loaded")})
        check("fast-exact" in libraries, "the list of variants")
        loaded = "".join(path.read_text() for path in work.glob("loaded.*"))
        check("libjpeg" in loaded and "libopencv" not in loaded, "OpenCV is loaded though nothing is searched for faces")
        for path in work.glob("loaded.*"):
            path.unlink()
    opencv = prefix / "lib/photofinish/photofinish_opencv.so"
    opencv.rename(work / "away.so")
    failed = subprocess.run([prefix / "bin/photofinish", "score", "tiny", "--quiet"], env=environment, capture_output=True, text=True)
    check(failed.returncode == 2 and "OpenCV cannot be loaded: " in failed.stderr and "photofinish_opencv.so" in failed.stderr and failed.stderr.count("\n") == 1,
          f"without OpenCV: {failed.returncode}, {failed.stderr}")
    (work / "away.so").rename(opencv)


def check_allocations(prefix, environment):
    """The object that counts allocations is found from where the program lies."""
    output = run(prefix / "bin/photofinish", "run", "null", "--dataset", "tiny", "--allocations", "--quiet", "--json", "-",
                 env=environment)
    counted = json.loads(output)["variants"][0]["allocations"]
    check(len(counted) == 2 and counted[0]["stages"]["outside"]["allocations"] > 0, "allocations are counted")


def main():
    with tempfile.TemporaryDirectory(prefix="photofinish-install-") as name:
        work = pathlib.Path(name)
        prefix, moved = work / "prefix", work / "moved"
        environment = {"PATH": os.environ["PATH"], "PHOTOFINISH_DATA": str(work / "data"), "LC_ALL": "C.UTF-8"}
        run(CMAKE, "--install", BUILD, "--prefix", prefix)
        check((prefix / "lib/libphotofinish.so.0").is_symlink(), "the library is there under its SONAME")
        check("libphotofinish.so.0" in run("readelf", "-d", prefix / "lib/libphotofinish.so"), "it has a SONAME")
        for header in sorted((ROOT / "core/include/photofinish").glob("*.h")):
            check((prefix / "include/photofinish" / header.name).exists(), f"{header.name} is installed")
        run(prefix / "bin/photofinish", "dataset", "make", "tiny", "--quiet", env=environment)
        plugin = check_plugin(prefix, work, environment)
        check_spans(prefix, work, environment)
        check_cmake(prefix, work, environment)
        check_workload(prefix, work, environment)
        check_examples(prefix, environment)
        check_own_files(prefix, environment)
        check_allocations(prefix, environment)
        check_libraries(prefix, work, environment)
        prefix.rename(moved)
        output = run(moved / "bin/photofinish", "variants", "--plugin", plugin, env=environment)
        check("interleaved" in output, "a prefix that was moved works")
        check_own_files(moved, environment)
        check_examples(moved, environment)
        check_allocations(moved, environment)
        check_written(moved, environment)
    print("prefix: installed, built against, run, moved")


main()

#!/usr/bin/env python3
"""The light build: what the program is linked with, and a program of one's own against an installed prefix, by pkg-config
alone, with every header that was installed. Usage: light.py CMAKE BUILD ROOT"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import workload_table

CMAKE, BUILD = sys.argv[1], pathlib.Path(sys.argv[2])
NEVER = ("opencv", "dnnl", "protobuf", "jpeg", "exif", "cyaml")
PROGRAM = """#include <stdio.h>
int main(void)
{
	pf_spans *spans;
	pf_error error;
	pf_stage stage;
	if (pf_spans_create(1, 0, &spans, &error) != PF_OK ||
	    pf_spans_stage(spans, "parse", PF_WAIT_BLOCKED, &stage, &error) != PF_OK) {
		return 1;
	}
	pf_trace *trace = pf_spans_enter(spans);
	uint64_t begin = pf_span_begin(trace, stage);
	pf_span_end(trace, stage, begin);
	pf_spans_leave(trace);
	pf_status status = pf_spans_report(spans, stdout, &error);
	pf_spans_destroy(spans);
	return status != PF_OK;
}
"""


def check(condition, what):
    if not condition:
        sys.exit(f"light: not so: {what}")


def run(*command, **options):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
    check(result.returncode == 0, f"{command} ends well: {result.stdout}{result.stderr}")
    return result.stdout


def main():
    with tempfile.TemporaryDirectory(prefix="photofinish-light-") as name:
        work = pathlib.Path(name)
        prefix = work / "prefix"
        run(CMAKE, "--install", BUILD, "--prefix", prefix)
        needed = run("ldd", prefix / "bin/photofinish")
        check(not [word for word in NEVER if word in needed], f"it needs none of the engine's libraries: {needed}")
        output = run(prefix / "bin/photofinish", "time", "--runs", "2", "--quiet", "--", "true", "--", "true")
        check(re.match("2 commands, 2 runs each", output), f"it times: {output}")
        headers = sorted((prefix / "include/photofinish").glob("*.h"))
        (work / "user.c").write_text("".join(f"#include <photofinish/{header.name}>\n" for header in headers) + PROGRAM)
        environment = dict(os.environ, PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig"))
        flags = run("pkg-config", "--cflags", "--libs", "photofinish", env=environment).split()
        run("cc", "-Wall", "-Wextra", "-Werror", "-o", work / "user", work / "user.c", *flags, f"-Wl,-rpath,{prefix}/lib")
        run(CMAKE, "-S", prefix / "share/doc/photofinish/examples/workload", "-B", work / "sums", f"-DCMAKE_PREFIX_PATH={prefix}")
        run(CMAKE, "--build", work / "sums")
        before, after = workload_table.run(work / "sums/libsums.so", b"adler32", seed=1, size=1000)
        check(before == bytes(32) != after, "a library with workloads is built and run")
        if (prefix / "include/photofinish/gbench.h").exists():  # micro-benchmarks are built in
            run("cc", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", f"-I{prefix}/include", "-o", work / "copy.so",
                prefix / "share/doc/photofinish/examples/bench/copy.c")
            output = run(prefix / "bin/photofinish", "bench", "--plugin", work / "copy.so", "--benchmark_min_time=0.001")
            check("copy/1024" in output, f"a benchmark of one's own runs: {output}")
            output = run(prefix / "bin/photofinish", "bench", "--plugin", work / "sums/libsums.so", "--benchmark_min_time=0.001")
            check("adler32/bytes:1048576" in output, f"workloads of another library are timed: {output}")
        check("parse" in run(work / "user"), "a program of one's own tells of its spans")
    print(f"light: installed, built against with {len(headers)} headers, run")


main()

#!/usr/bin/env python3
"""The number that trials and harness compare before they share memory: what lies elsewhere changes it, words do not.
Usage: trial_layout.py CMAKE SOURCE-ROOT"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TRACE, FRAMES, STAGE = "core/include/photofinish/trace.h", "harness/trial/frames.h", "core/include/photofinish/stage.h"
# What is changed, in which header, by which expression to what; and whether the number has to change with it.
EDITS = [
    ("two fields of pf_span_sum change places", TRACE, r"(\tuint64_t wall_ns;[^\n]*\n)(\tuint64_t inner_ns;[^\n]*\n)", r"\2\1", True),
    ("two fields of pf_trace change places", TRACE, r"(\tuint64_t read_bytes;[^\n]*\n)(\tuint64_t moved_bytes;[^\n]*\n)", r"\2\1", True),
    ("a field joins pf_frame_query", FRAMES, r"(\tuint32_t number, unused;\n)", r"\1\tuint64_t more;\n", True),
    ("a type becomes wider", FRAMES, r"\tuint32_t burst, count, last;", "\tuint64_t burst, count, last;", True),
    ("a constant becomes another", FRAMES, r"(PF_FRAME_MAX_RANKS) 400", r"\1 401", True),
    ("a line joins an X-macro", STAGE, r"(#define PF_STAGE_LIST\(X\)[^\n]*\\\n)", r'\1\tX(PF_STAGE_NEW, "new") \\\n', True),
    ("an inline function places it elsewhere", "harness/trial/trial_shared.h", r"\(workers \+ 1\) \*", "(workers + 2) *", True),
    ("a comment says something else", FRAMES, r"of the whole frame \*/", "of\n\t * all; of it \"\" */", False),
    ("a comment is gone", FRAMES, r"/\* Takes frames out.*?\*/", "", False),
    ("white space is other white space", FRAMES, r"\n\tuint32_t status;", "\n\n        uint32_t\tstatus;", False),
    ("a function is declared", FRAMES, r"(\nvoid pf_pipe_sink_init)", r"\npf_status pf_other(int a,\n\t\tint b);\n\1", False),
]


def number_of(cmake, root, folder):
    source = os.path.join(folder, "layout.c")
    subprocess.run([cmake, f"-DROOT={root}", f"-DOUT={source}", "-P", os.path.join(root, "scripts/trial_layout.cmake")], check=True)
    with open(source) as stream:
        return re.search(r"return (0x[0-9a-f]{16})u;", stream.read()).group(1)


def main():
    cmake, source = sys.argv[1:3]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="photofinish-") as folder:
        root = os.path.join(folder, "root")
        for part in ("core/include", "harness", "scripts"):
            shutil.copytree(os.path.join(source, part), os.path.join(root, part))
        before = number_of(cmake, root, folder)
        for what, header, old, new, changes in EDITS:
            path = os.path.join(root, header)
            with open(path) as stream:
                text = stream.read()
            edited, count = re.subn(old, new, text, count=1, flags=re.DOTALL)
            with open(path, "w") as stream:
                stream.write(edited)
            good = count == 1 and edited != text and (number_of(cmake, root, folder) != before) == changes
            failed += not good
            print(f"{'ok    ' if good else 'FAILED'}  {what}" + ("" if count else ": not found"))
            with open(path, "w") as stream:
                stream.write(text)
        good = number_of(cmake, root, folder) == before
        failed += not good
        print(f"{'ok    ' if good else 'FAILED'}  the same text gives the same number")
    sys.exit(bool(failed))


main()

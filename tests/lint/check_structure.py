#!/usr/bin/env python3
"""The architecture, checked: includes point downwards only, between layers and between rooms; headers compile alone, file names are unique, the library
prints nothing and exits never, every folder of variants/ is a variant. Usage: check_structure.py ROOT"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1]).resolve()

# Folder -> the prefixes that a quoted include in it may have.
ALLOWED = {
    "core/include": ["photofinish/"],
    "core": ["core/", "photofinish/"],
    "datasets": ["datasets/", "photofinish/"],
    "variants": ["photofinish/"],
    "harness": ["harness/", "datasets/dataset_", "photofinish/"],
    "tests": ["core/", "datasets/", "harness/", "tests/", "photofinish/"],
}
# Rooms of a layer, from the ground up: one may include itself and those before it.
ROOMS = {
    "core": "base kernels trace dataset gpu photo nn faces scoring exec cluster workloads".split(),
    "harness": """stats launcher base machine scores cache registry preload probe counters energy device memory spans profile trial run bench gate micro calibrate doctor limits explain model presets load serve host audit
                  claims record tune history export report progress show cli""".split(),
}
CUDA = "/usr/local/cuda/include"
TOP = {"core", "variants", "harness", "datasets", "report", "results", "scripts", "tests", "docs"}
problems = []


def problem(path, text):
    problems.append(f"{path.relative_to(ROOT)}: {text}")


def layer_of(path):
    relative = str(path.relative_to(ROOT))
    return next((layer for layer in ALLOWED if relative.startswith(layer + "/")), None)


def check_includes(path, text):
    allowed = ALLOWED[layer_of(path)]
    for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M):
        own = (path.parent / name).exists() and "/" not in name
        if not own and not any(name.startswith(prefix) for prefix in allowed):
            problem(path, f'may not include "{name}"')
        if not own and name.startswith(("core/", "datasets/", "harness/")) and not (ROOT / name).exists():
            problem(path, f'includes "{name}", which is not there')


def check_rooms(path, text):
    layer, room, *inside = path.relative_to(ROOT).parts
    if layer not in ROOMS or not inside or room in ("include", "models"):
        return
    rooms = ROOMS[layer]
    if room not in rooms:
        problem(path, f"{layer}/{room} is no room in the plan")
        return
    for below in re.findall(rf'^\s*#\s*include\s*"{layer}/([^/"]+)/', text, re.M):
        if below in rooms and rooms.index(below) > rooms.index(room):
            problem(path, f"{room} may not include {below}, which lies above it")


def check_silence(path, text):
    """core prints nothing, exits never."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    for call in re.findall(r"(?<![\w.>])(printf|puts|putchar|perror|exit|abort|vprintf)\s*\(", code):
        problem(path, f"calls {call}()")
    if re.search(r"\b(stdout|stderr|std::cout|std::cerr)\b", code):
        problem(path, "names a standard stream")


def check_header_alone(path):
    command = ["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c",
               f"-I{ROOT}", f"-I{ROOT}/core/include", "-isystem", CUDA, "-include", str(path), "/dev/null"]
    result = subprocess.run(command, capture_output=True, text=True)
    if "cuda.h: No such file" in result.stderr:  # a system without the toolkit does not build what includes it
        return
    if result.returncode:
        problem(path, "does not compile alone: " + result.stderr.strip().splitlines()[0])


def check_variants():
    for folder in sorted((ROOT / "variants").iterdir()):
        if not folder.is_dir():
            problem(folder, "only folders belong into variants/")
            continue
        source = folder / "variant.c"
        for name in ("variant.c", "README.md"):
            if not (folder / name).exists():
                problem(folder, f"has no {name}")
        if source.exists() and f'.name = "{folder.name}"' not in source.read_text():
            problem(source, "does not bear its folder's name")


def main():
    try:
        tracked = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"], capture_output=True,
                                 text=True).stdout.split("\n")
    except FileNotFoundError:  # a minimal system has no git
        tracked = []
    files = [ROOT / name for name in tracked if name and (ROOT / name).is_file()]
    if not files:  # an unpacked archive has no git
        files = [p for top in TOP for p in (ROOT / top).rglob("*") if p.is_file()]
    for path in files:
        top = path.relative_to(ROOT).parts[0]
        if len(path.relative_to(ROOT).parts) > 1 and top not in TOP | {".ci"}:
            problem(path, "there is no such top-level folder in the plan")
    sources = [p for p in files if p.suffix in (".c", ".h", ".cc") and layer_of(p)]
    names = {}
    for path in sources:
        text = path.read_text()
        check_includes(path, text)
        check_rooms(path, text)
        if layer_of(path) == "core":
            check_silence(path, text)
        if path.suffix == ".h":
            check_header_alone(path)
            if text.count("\n") > 160:
                problem(path, "a header of more than 160 lines")
        if text.count("\n") > 600:
            problem(path, "more than 600 lines")
        if not re.fullmatch(r"[a-z0-9_]+\.(c|h|cc)", path.name):
            problem(path, "is not in snake_case")
        if path.name != "variant.c":
            names.setdefault(path.name, []).append(path)
    for name, paths in names.items():
        if len(paths) > 1:
            problem(paths[1], f"has the same name as {paths[0].relative_to(ROOT)}")
    check_variants()
    print("\n".join(problems) if problems else f"{len(sources)} sources: structure as planned")
    sys.exit(bool(problems))


main()

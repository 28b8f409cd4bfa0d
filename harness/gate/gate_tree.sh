#!/bin/sh
# What the gate does with a tree of sources: by git, tar, ninja and the linker. Usage:
#   gate_tree.sh id DIR                      the identity of what is in a folder now: git's name of the tree, else a sum
#   gate_tree.sh unpack GIVEN ID TARGET      the tree ID (of git, or the folder GIVEN as it is) into TARGET
#   gate_tree.sh build ROOT                  shared libraries of ROOT/build; the one with workloads in ROOT/library
#   gate_tree.sh link [ROOT SEED OUT]...     that library of each ROOT once more into OUT, functions in an order by SEED; at once
set -eu

# An index of its own: neither the user's index nor a file of the work tree is touched.
id_by_git() {
    cd "$1"
    top=$(git rev-parse --show-toplevel) && prefix=$(git rev-parse --show-prefix) || return 1
    GIT_INDEX_FILE=$(mktemp -u)
    export GIT_INDEX_FILE
    trap 'rm -f "$GIT_INDEX_FILE"' EXIT
    cd "$top" && git read-tree HEAD && git add -A && git write-tree --prefix="$prefix"
}

id_by_sum() {
    cd "$1" && tar --sort=name --mtime=@0 --owner=0 --group=0 --exclude=./build --exclude='./build-*' -cf - . | sha1sum | cut -c1-40
}

unpack() {
    mkdir -p "$3"
    if [ -d "$1" ]; then cd "$1"; fi
    if git cat-file -e "$2^{tree}" 2>/dev/null; then
        git archive "$2" | tar -xf - -C "$3"
    else
        tar --exclude=./build --exclude='./build-*' -cf - . | tar -xf - -C "$3"
    fi
}

# The build's own command with lld, an output $out and functions in an order by $seed. It exports its table of workloads and
# nothing else, binds to itself, bears no build id and nothing for debuggers.
prepare_link() {
    echo '{ global: pf_workloads_v1; local: *; };' >../exports
    ninja -t commands "$1" | tail -1 | sed "s| -o $1 | -o \"\$out\" \$merge -Wl,--build-id=none -Wl,-Bsymbolic -Wl,--strip-debug -fuse-ld=lld \
-Wl,--threads=1 -Wl,--shuffle-sections=.text.*=\$seed -Wl,--version-script=../exports |" >../linking
    grep -q shuffle-sections ../linking
    mv ../linking ../link
}

# Builds the shared libraries of a configured tree and no more; the command that links ours goes to ROOT/link.
build() {
    cd "$1/build"
    libraries=$(ninja -t targets all | sed -n 's/^\([^:]*\): C[XP]*_\(SHARED\|MODULE\)_LIBRARY_LINKER.*/\1/p')
    if [ -z "$libraries" ]; then echo 'no shared library is built here'; exit 1; fi
    # shellcheck disable=SC2086 # one word each
    ninja $libraries
    for library in $libraries; do
        if nm -D --defined-only "$library" | grep -q ' pf_workloads_v1$'; then
            echo "$library" >../library
            echo "$libraries" | grep -vxF "$library" >../beside || true
            prepare_link "$library"
            return
        fi
    done
    echo 'no shared library exports pf_workloads_v1'
    exit 1
}

# Seed 0 is for comparing bytes: equal strings are not merged then (-O0), which would put all of them in an order that the path
# of the tree decides.
link_one() {
    cd "$1/build"
    out=$3 seed=$2 merge=
    if [ "$seed" = 0 ]; then seed=1 merge=-Wl,-O0; fi
    export out seed merge
    sh ../link
    test -s "$out"
    if [ -e ../beside ]; then # what the library may load from beside itself
        while read -r beside; do ln -sf "$1/build/$beside" "$(dirname "$out")/"; done <../beside
    fi
}

link() {
    jobs=
    while [ $# -ge 3 ]; do
        (link_one "$1" "$2" "$3") &
        jobs="$jobs $!"
        shift 3
    done
    for job in $jobs; do wait "$job"; done
}

command=$1
shift
case $command in
    id) (id_by_git "$1") 2>/dev/null || id_by_sum "$1" ;;
    unpack | build | link) "$command" "$@" ;;
    *) exit 2 ;;
esac

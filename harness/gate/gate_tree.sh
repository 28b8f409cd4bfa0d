#!/bin/sh
# What the gate does with a tree of sources: by git, tar, ninja and the linker. Usage:
#   gate_tree.sh id DIR                      the identity of what is in a folder now: git's name of the tree, else a sum
#   gate_tree.sh unpack GIVEN ID TARGET      the tree ID (of git, or the folder GIVEN as it is) into TARGET
#   gate_tree.sh build ROOT                  shared libraries of ROOT/build; the one with workloads in ROOT/library
#   gate_tree.sh link ROOT LAYOUT            that library once more, into ROOT/layouts/LAYOUT/library.so
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
            ninja -t commands "$library" | tail -1 >../link
            return
        fi
    done
    echo 'no shared library exports pf_workloads_v1'
    exit 1
}

# By the build's own command, with another output and lld, functions in the order that the seed LAYOUT gives. It exports its
# table of workloads and nothing else, binds to itself, and bears no build id. Layout 0 is for comparing bytes: equal strings
# are not merged in it (-O0), which would put all of them in an order that the path of the tree decides.
link() {
    cd "$1/build"
    library=$(cat ../library)
    seed=$2 merge=
    if [ "$seed" = 0 ]; then seed=1 merge=-Wl,-O0; fi
    mkdir -p "../layouts/$2"
    echo '{ global: pf_workloads_v1; local: *; };' >"../layouts/$2/exports"
    out=../layouts/$2/linking.so
    sed "s| -o $library | -o $out $merge -Wl,--build-id=none -Wl,-Bsymbolic -fuse-ld=lld -Wl,--shuffle-sections=.text.*=$seed \
-Wl,--version-script=../layouts/$2/exports |" ../link >"../layouts/$2/command"
    grep -q shuffle-sections "../layouts/$2/command"
    sh "../layouts/$2/command"
    test -s "$out"
    mv "$out" "../layouts/$2/library.so"
}

command=$1
shift
case $command in
    id) (id_by_git "$1") 2>/dev/null || id_by_sum "$1" ;;
    unpack | build | link) "$command" "$@" ;;
    *) exit 2 ;;
esac

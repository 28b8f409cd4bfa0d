# shellcheck shell=bash
# Sourced before every case: run.py names this file in BASH_ENV.
unset BASH_ENV
capture=$(mktemp -d)
trap 'rm -rf "$capture"' EXIT

# run ARGUMENT...: the command line, its standard output, its standard error behind "! ", its exit status.
run() {
    printf '$ photofinish'
    [ $# -gt 0 ] && printf ' %q' "$@"
    echo
    photofinish "$@" >"$capture/out" 2>"$capture/err"
    local status=$?
    cat "$capture/out"
    sed 's/^/! /' "$capture/err"
    printf '= %d\n\n' "$status"
}

#!/bin/sh
# Runs fuzz targets with libFuzzer. usage: fuzz/run.sh short | long SECONDS [TARGET...]
#
# "short" goes once through the committed inputs and then makes the same number of new ones every
# time, with the default toolchain. "long" goes on for so many seconds per target, with
# AddressSanitizer where there is a nightly toolchain, and keeps what it finds in fuzz/findings.
set -eu
cd "$(dirname "$0")"

mode=${1:?short or long}
shift
if [ "$mode" = long ]; then
    seconds=${1:?seconds}
    shift
fi
[ $# -gt 0 ] || set -- messages ring session configuration scenario engine ncs

cargo=${CARGO:-cargo}
host=$(rustc -vV | sed -n 's/^host: //p')
# What cargo-fuzz passes as well. All of it is stable, except the sanitizer.
flags="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
target=target
if [ "$mode" = long ]; then
    if rustup run nightly rustc --version >/dev/null 2>&1; then
        cargo="rustup run nightly cargo"
        flags="$flags -Zsanitizer=address"
        target=target/address
    else
        echo "skipped: AddressSanitizer while fuzzing: no nightly toolchain"
    fi
fi
unset RUSTC RUSTDOC
RUSTFLAGS=$(echo $flags) $cargo build --quiet --release --target "$host" --target-dir $target

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
for name; do
    program=$target/$host/release/$name
    mkdir -p corpus/"$name" findings/"$name"
    case $name in
        # Each input boots a cluster or connects to one.
        session) runs=500 len=512 ;;
        engine | scenario) runs=2000 len=512 ;;
        *) runs=20000 len=1024 ;;
    esac
    common="-max_len=$len -rss_limit_mb=2048 -timeout=20 -artifact_prefix=findings/$name/"
    if [ "$mode" = short ]; then
        log=$("$program" -seed=1 -runs=$runs $common "$new" corpus/"$name" 2>&1) || {
            echo "$log" | tail -n 60
            exit 1
        }
        rm -f "$new"/*
    else
        log=$("$program" -max_total_time="$seconds" $common findings/"$name" corpus/"$name" 2>&1) || {
            echo "$log" | tail -n 60
            exit 1
        }
    fi
    # The last line of statistics: how far it has come.
    echo "$log" | awk -v name="$name" '/ cov: / { line = $0 } END {
        match(line, /#[0-9]+/); runs = substr(line, RSTART + 1, RLENGTH - 1)
        match(line, /cov: [0-9]+/); cov = substr(line, RSTART + 5, RLENGTH - 5)
        print name ": " runs " executions, " cov " edges" }'
done

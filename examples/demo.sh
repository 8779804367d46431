#!/bin/bash
# `make demo`: examples/watcher.c on node 1 of simulated clusters. Needs a C compiler and nothing
# else. The Makefile says where things are.
set -eu -o pipefail
cd "$(dirname "$0")/.."

watcher=$BUILD/watcher
$CC -Iinclude examples/watcher.c -o "$watcher" -L"$BUILD/lib" -lvotequorum -lcorosync_common
export LD_LIBRARY_PATH="$PWD/$BUILD/lib"

# Its lines stand out from those of the cluster. It is the shell's last command, so that its exit
# status is the one that counts.
watch() {
    scenario=$1
    shift
    "$QUORATE" run --scenario "examples/$scenario" --pace idle "$@" 2>&1 |
        sed -u -e '/^ *[0-9]*\.[0-9]\{6\}  /!s/^/                      the program on node 1: /'
}

echo "* Three nodes; node 3 dies, nodes 1 and 2 lose each other, all come back, node 1 dies."
echo "  (virtual time in seconds, who, what; the program is examples/watcher.c, on our library)"
watch split-brain.toml -- "$watcher" 1
echo
echo "* Three nodes with 200 votes each, and a corosync that keeps quorum in eight bits:"
echo "  cut off from each other, all three believe themselves quorate."
watch triple-split-brain.toml --stop-at-end -- "$watcher"
echo
echo "* Done; nothing is left behind."

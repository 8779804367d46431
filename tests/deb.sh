#!/bin/bash
# Installs the packages of build/deb on a fresh Debian, uses them, removes them, and looks that the
# original is back. Wants root and debootstrap; MIRROR names the archive to take Debian from.
set -eu
cd "$(dirname "$0")/.."
# What is mounted here is mounted for this script only, and goes with it.
[ "${MOUNTS:-}" = own ] || MOUNTS=own exec unshare --mount "$0" "$@"

root=$(mktemp -d)
chmod 755 "$root"
trap 'umount -R "$root/proc" "$root/dev" 2> /dev/null || true; rm -rf --one-file-system "$root"' EXIT
passed=0

inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }

# What a program is given as libvotequorum.so.8; /lib is /usr/lib.
library() {
    inside ldd /usr/sbin/corosync-quorumtool |
        sed -n 's/.*libvotequorum.so.8 => \(\/usr\)\{0,1\}\([^ ]*\) .*/\2/p'
}

expect() {
    if [ "$2" != "$3" ]; then
        echo "$1: expected '$3', found '$2'" >&2
        echo "$passed passed, 1 failed, 0 skipped"
        exit 1
    fi
    echo "ok: $1"
    passed=$((passed + 1))
}

debootstrap --variant=minbase --include=ca-certificates bookworm "$root" ${MIRROR:+"$MIRROR"} > /dev/null
# The way to the archive is this machine's.
: > "$root/etc/apt/sources.list"
for file in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/resolv.conf \
    /etc/hosts /etc/ssl/certs /usr/local/share/ca-certificates; do
    if [ -e "$file" ]; then
        mkdir -p "$root${file%/*}"
        cp -r "$file" "$root${file%/*}/"
    fi
done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
inside apt-get -qq update
inside apt-get -qq install --no-install-recommends corosync gcc libc6-dev pkg-config > /dev/null
original=$(library)
expect "the original is found" "${original##*/}" libvotequorum.so.8

mkdir "$root/deb"
cp build/deb/*.deb "$root/deb"
rm -f "$root"/deb/*-dbgsym_*
inside sh -c 'apt-get -qq install --no-install-recommends /deb/*.deb' > /dev/null
ours=$(library)
expect "programs get ours" "${ours%/*}" "${original%/*}/quorate"
expect "it answers in a simulated cluster" \
    "$(inside quorate run --nodes 3 -- corosync-quorumtool -s 2> /dev/null | grep -c '^Quorate: *Yes')" 1
cp tests/abi/program.c "$root/program.c"
inside sh -c 'gcc -o /program /program.c $(pkg-config --cflags --libs libvotequorum libcorosync_common)'
expect "a program compiles with its development files" "$(inside /program)" \
    "7 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9"
cp tests/abi/ncs_program.c "$root/ncs_program.c"
inside sh -c 'gcc -o /ncs_program /ncs_program.c $(pkg-config --cflags --libs ncssdk)'
expect "the SDK as well" "$(inside /ncs_program)" "2 9 9 9 9 9 9 9 9 9"

inside apt-get -qq remove libquorate-votequorum8 libquorate-votequorum-dev libncssdk1 libncssdk-dev quorate > /dev/null
expect "the original is back" "$(library)" "$original"
inside dpkg --purge libquorate-votequorum8 > /dev/null
expect "nothing is left" "$(find "$root/usr" "$root/etc" -name '*quorate*' -o -name '*ncssdk*' | wc -l)" 0
echo "$passed passed, 0 failed, 0 skipped"

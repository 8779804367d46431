#!/bin/sh
# Installs the Debian packages that the tests need, if it may; otherwise names
# those that are missing. The suites that need them say what they skip.
set -eu

list=$(sed 's/#.*//' "$(dirname "$0")/packages")
missing=
for package in $list; do
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "deps: this is not Debian; missing:$missing" >&2
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    root=
elif sudo -n true 2>/dev/null; then
    root=sudo
else
    echo "deps: neither root nor passwordless sudo; missing:$missing" >&2
    exit 0
fi

# A daemon that a package would start has no business on this machine.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null
    $root chmod +x $policy
    trap '$root rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
# An old package list names files that are gone: refresh it before giving up.
$root apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
    $root apt-get update -q
    $root apt-get install -y -q --no-install-recommends $missing
}

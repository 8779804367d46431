#!/bin/sh
# Runs Pacemaker on one node: tests/pacemaker.sh NODE DIRECTORY. What crm_mon says of the cluster is
# in DIRECTORY/monitor.NODE, and new every moment. It goes on until it is killed.
#
# To be run in mount, network and process namespaces of its own, in which it is root: there the
# user hacluster is root as well, for a user namespace may have no other one, and Pacemaker's files
# are in memory.
set -eu
node=$1
directory=$2

sed 's/^hacluster:[^:]*:[0-9]*:[0-9]*:/hacluster:x:0:0:/' /etc/passwd > "$directory/passwd.$node"
sed 's/^haclient:[^:]*:[0-9]*:/haclient:x:0:/' /etc/group > "$directory/group.$node"
mount --bind "$directory/passwd.$node" /etc/passwd
mount --bind "$directory/group.$node" /etc/group
for place in /var/lib/pacemaker /var/log /run; do
    mount -t tmpfs tmpfs "$place"
done
cd /var/lib/pacemaker
mkdir blackbox cib cores pengine /run/crm
ip link set lo up
# Without a fencing device Pacemaker tries for ever to fence whom it lost, and whether it takes a
# node back meanwhile is left to chance. A cluster's first speaker is chosen after dc-deadtime.
cibadmin --empty | sed 's|<crm_config/>|<crm_config><cluster_property_set id="set">\
    <nvpair id="fencing" name="stonith-enabled" value="false"/>\
    <nvpair id="deadtime" name="dc-deadtime" value="4s"/>\
    </cluster_property_set></crm_config>|' > cib/cib.xml
# What its daemons share among each other goes with them; only the simulated cluster is kept.
if [ -n "${QUORATE_RUN_DIR:-}" ]; then
    cluster=${QUORATE_RUN_DIR%/*}
    mkdir "$directory/cluster.$node"
    mount --bind "$cluster" "$directory/cluster.$node"
    mount -t tmpfs tmpfs /dev/shm
    mkdir "$cluster"
    mount --bind "$directory/cluster.$node" "$cluster"
fi

PCMK_logfile=none PCMK_stderr=yes pacemakerd -f &
while :; do
    if crm_mon -1 > "$directory/new.$node" 2>/dev/null; then
        mv "$directory/new.$node" "$directory/monitor.$node"
    fi
    sleep 0.2
done

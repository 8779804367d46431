/*
 * Watches quorum: says who is in the local node's partition and whether it is quorate, each time
 * that changes. Reconnects when corosync comes back.
 *
 *   cc watcher.c $(pkg-config --cflags --libs libvotequorum libcorosync_common) -o watcher
 *
 * With an argument it stops after so many seconds without corosync.
 */
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <corosync/votequorum.h>

static void on_nodes(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
                     uint32_t entries, uint32_t nodes[])
{
    (void)handle;
    (void)context;
    printf("members:");
    for (uint32_t i = 0; i < entries; i++) {
        printf(" %u", nodes[i]);
    }
    printf("  (ring %x.%llx)\n", ring.nodeid, (unsigned long long)ring.seq);
}

static void on_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
                      uint32_t entries, votequorum_node_t nodes[])
{
    struct votequorum_info info;

    (void)context;
    (void)entries;
    (void)nodes;
    /* A callback may call any function of the library. */
    if (votequorum_getinfo(handle, 0, &info) == CS_OK) {
        printf("%s: %u of %u votes, %u needed\n", quorate ? "QUORATE" : "NOT QUORATE",
               info.total_votes, info.highest_expected, info.quorum);
    }
}

static cs_error_t watch(void)
{
    votequorum_callbacks_t callbacks = {
        .votequorum_quorum_notify_fn = on_quorum,
        .votequorum_nodelist_notify_fn = on_nodes,
    };
    votequorum_handle_t handle;
    struct pollfd ready = {.events = POLLIN};
    cs_error_t result = votequorum_initialize(&handle, &callbacks);

    if (result != CS_OK) {
        return result;
    }
    result = votequorum_trackstart(handle, 0, CS_TRACK_CHANGES);
    if (result == CS_OK) {
        result = votequorum_fd_get(handle, &ready.fd);
    }
    while (result == CS_OK) {
        result = votequorum_dispatch(handle, CS_DISPATCH_ALL);
        fflush(stdout);
        if (result == CS_OK) {
            poll(&ready, 1, -1);
        }
    }
    votequorum_finalize(handle);
    return result;
}

int main(int count, char **arguments)
{
    int patience = count > 1 ? atoi(arguments[1]) : -1;

    for (int waited = 0; patience < 0 || waited < patience; waited++) {
        cs_error_t result = watch();

        /* CS_ERR_TRY_AGAIN: starting; CS_ERR_LIBRARY: not running. */
        if (result != CS_ERR_TRY_AGAIN && result != CS_ERR_LIBRARY) {
            fprintf(stderr, "votequorum: %s\n", cs_strerror(result));
            return 1;
        }
        printf("no corosync (%s)\n", cs_strerror(result));
        fflush(stdout);
        sleep(1);
    }
    return 0;
}

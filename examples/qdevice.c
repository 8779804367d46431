/*
 * The least that a quorum device does: it gives its node one more vote as long as a file exists,
 * a shared disk's for example. One process on each node that shall have a device.
 *
 *   cc qdevice.c $(pkg-config --cflags --libs libvotequorum libcorosync_common) -o qdevice
 *   ./qdevice /mnt/shared/vote
 *
 * corosync.conf needs "device { model: net; votes: 1 }" in its section quorum. The device must be
 * heard of at least every quorum.device.timeout (10 s), also while nothing happens.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <corosync/votequorum.h>

#define NAME "example"
#define EVERY_MS 1000

static volatile sig_atomic_t ends;
static votequorum_ring_id_t ring;
static bool has_ring;

static void end(int signal)
{
    (void)signal;
    ends = 1;
}

/* A vote counts for one ring only: corosync waits for the one about its new ring. */
static void on_nodes(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t now,
                     uint32_t entries, uint32_t nodes[])
{
    (void)handle;
    (void)context;
    (void)entries;
    (void)nodes;
    ring = now;
    has_ring = true;
}

static cs_error_t vote(votequorum_handle_t handle, const char *file)
{
    static int last = -1;
    int now = access(file, F_OK) == 0;
    cs_error_t result;

    if (!has_ring) {
        return CS_OK;
    }
    result = votequorum_qdevice_poll(handle, NAME, (unsigned)now, ring);
    /* A ring has formed that we have not been told of yet; or corosync is busy forming one. */
    if (result == CS_ERR_MESSAGE_ERROR || result == CS_ERR_TRY_AGAIN) {
        return CS_OK;
    }
    if (result == CS_OK && now != last) {
        printf("%s\n", now ? "votes" : "does not vote");
        fflush(stdout);
        last = now;
    }
    return result;
}

static cs_error_t serve(const char *file)
{
    votequorum_callbacks_t callbacks = {.votequorum_nodelist_notify_fn = on_nodes};
    votequorum_handle_t handle;
    struct pollfd ready = {.events = POLLIN};
    cs_error_t result = votequorum_initialize(&handle, &callbacks);

    has_ring = false;
    if (result != CS_OK) {
        return result;
    }
    result = votequorum_qdevice_register(handle, NAME);
    if (result == CS_OK) {
        result = votequorum_trackstart(handle, 0, CS_TRACK_CHANGES);
    }
    if (result == CS_OK) {
        result = votequorum_fd_get(handle, &ready.fd);
    }
    while (result == CS_OK && !ends) {
        result = votequorum_dispatch(handle, CS_DISPATCH_ALL);
        if (result == CS_OK) {
            result = vote(handle, file);
        }
        if (result == CS_OK) {
            poll(&ready, 1, EVERY_MS);
        }
    }
    if (ends) {
        votequorum_qdevice_unregister(handle, NAME);
    }
    votequorum_finalize(handle);
    return result;
}

int main(int count, char **arguments)
{
    /* Without SA_RESTART, so that poll() returns. */
    struct sigaction action = {.sa_handler = end};

    if (count != 2) {
        fprintf(stderr, "usage: qdevice FILE\n");
        return 2;
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    while (!ends) {
        cs_error_t result = serve(arguments[1]);

        /* CS_ERR_TRY_AGAIN: starting; CS_ERR_LIBRARY: not running. */
        if (result != CS_OK && result != CS_ERR_TRY_AGAIN && result != CS_ERR_LIBRARY) {
            fprintf(stderr, "votequorum: %s\n", cs_strerror(result));
            return 1;
        }
        poll(NULL, 0, ends ? 0 : EVERY_MS);
    }
    return 0;
}

/*
 * Keeps a service running while its node is in a quorate partition. It has a mistake, which
 * `quorate search` finds:
 *
 *   cc guard.c $(pkg-config --cflags --libs libvotequorum libcorosync_common) -o guard
 *   quorate search -- ./guard
 *
 * With -DCORRECTED it does not. When it is asked to end (SIGTERM) it looks whether it was right: it
 * ends with 1 if the service still runs although the node is not quorate.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ppoll */
#endif
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <corosync/votequorum.h>

static volatile sig_atomic_t asked_to_end;
static bool service_runs;

static bool is_quorate(votequorum_handle_t handle)
{
    struct votequorum_info info;

    return votequorum_getinfo(handle, 0, &info) == CS_OK &&
           (info.flags & VOTEQUORUM_INFO_QUORATE) != 0;
}

static void on_nodes(votequorum_handle_t handle, uint64_t context, votequorum_ring_id_t ring,
                     uint32_t entries, uint32_t nodes[])
{
    (void)context;
    (void)ring;
    (void)entries;
    (void)nodes;
#ifdef CORRECTED
    (void)handle;
#else
    /* The mistake: these nodes' votes have not been counted yet. What is asked here is whether
     * the members of before were quorate. */
    service_runs = is_quorate(handle);
#endif
}

static void on_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
                      uint32_t entries, votequorum_node_t nodes[])
{
    (void)handle;
    (void)context;
    (void)entries;
    (void)nodes;
#ifdef CORRECTED
    service_runs = quorate != 0;
#else
    (void)quorate;
#endif
}

static void on_signal(int number)
{
    (void)number;
    asked_to_end = 1;
}

/* Waits for events, or for a while if there is no corosync; no longer than until SIGTERM. */
static void wait_for(int fd, const struct timespec *limit, const sigset_t *unblocked)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    if (!asked_to_end) {
        ppoll(&ready, fd >= 0, limit, unblocked);
    }
}

/* Watches corosync until it is gone, or the end has come: then the result is CS_OK. */
static cs_error_t watch(const sigset_t *unblocked, bool *was_wrong)
{
    votequorum_callbacks_t callbacks = {
        .votequorum_quorum_notify_fn = on_quorum,
        .votequorum_nodelist_notify_fn = on_nodes,
    };
    votequorum_handle_t handle;
    int fd = -1;
    cs_error_t result = votequorum_initialize(&handle, &callbacks);

    if (result != CS_OK) {
        return result;
    }
    result = votequorum_trackstart(handle, 0, CS_TRACK_CHANGES);
    if (result == CS_OK) {
        result = votequorum_fd_get(handle, &fd);
    }
    while (result == CS_OK && !asked_to_end) {
        result = votequorum_dispatch(handle, CS_DISPATCH_ALL);
        if (result == CS_OK) {
            wait_for(fd, NULL, unblocked);
        }
    }
    if (result == CS_OK) {
        *was_wrong = service_runs && !is_quorate(handle);
    }
    votequorum_finalize(handle);
    return result;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct timespec pause = {.tv_nsec = 10000000};
    sigset_t blocked, unblocked;
    bool was_wrong = false;

    /* Only while it waits; in calls to corosync a signal would be lost. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &unblocked);
    sigdelset(&unblocked, SIGTERM);
    sigaction(SIGTERM, &action, NULL);
    while (!asked_to_end && watch(&unblocked, &was_wrong) != CS_OK) {
        /* Without corosync nobody knows who is quorate. */
        service_runs = false;
        wait_for(-1, &pause, &unblocked);
    }
    if (was_wrong) {
        printf("the service runs, and this node is not quorate\n");
    }
    return was_wrong;
}

/*
 * Watches quorum from GLib's main loop, as watcher.c does from poll(2): nothing blocks the loop,
 * and it connects again when corosync comes back.
 *
 *   cc glib_watcher.c $(pkg-config --cflags --libs glib-2.0 libvotequorum libcorosync_common) -o glib_watcher
 *
 * With an argument it stops after so many attempts to connect.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <corosync/votequorum.h>
#include <glib-unix.h>
#include <glib.h>

static GMainLoop *loop;
static int attempts_left = -1;
static int status;
static votequorum_handle_t handle;

static void on_nodes(votequorum_handle_t from, uint64_t context, votequorum_ring_id_t ring,
                     uint32_t entries, uint32_t nodes[])
{
    (void)from;
    (void)context;
    printf("members:");
    for (uint32_t i = 0; i < entries; i++) {
        printf(" %u", nodes[i]);
    }
    printf("  (ring %x.%llx)\n", ring.nodeid, (unsigned long long)ring.seq);
}

static void on_quorum(votequorum_handle_t from, uint64_t context, uint32_t quorate,
                      uint32_t entries, votequorum_node_t nodes[])
{
    struct votequorum_info info;

    (void)context;
    (void)entries;
    (void)nodes;
    if (votequorum_getinfo(from, 0, &info) == CS_OK) {
        printf("%s: %u of %u votes, %u needed\n", quorate ? "QUORATE" : "NOT QUORATE",
               info.total_votes, info.highest_expected, info.quorum);
    }
}

static gboolean on_time(gpointer unused);

/* No corosync, or not any more: another attempt in a second, unless there is no point. */
static void lost(cs_error_t why)
{
    if (why != CS_ERR_TRY_AGAIN && why != CS_ERR_LIBRARY) {
        fprintf(stderr, "votequorum: %s\n", cs_strerror(why));
        status = 1;
        g_main_loop_quit(loop);
        return;
    }
    printf("no corosync (%s)\n", cs_strerror(why));
    fflush(stdout);
    g_timeout_add_seconds(1, on_time, NULL);
}

/* The descriptor is readable, or has hung up: dispatch says which. */
static gboolean on_ready(gint fd, GIOCondition condition, gpointer unused)
{
    cs_error_t result = votequorum_dispatch(handle, CS_DISPATCH_ALL);

    (void)fd;
    (void)condition;
    (void)unused;
    fflush(stdout);
    if (result == CS_OK) {
        return G_SOURCE_CONTINUE;
    }
    votequorum_finalize(handle);
    lost(result);
    return G_SOURCE_REMOVE;
}

static cs_error_t begin(void)
{
    votequorum_callbacks_t callbacks = {
        .votequorum_quorum_notify_fn = on_quorum,
        .votequorum_nodelist_notify_fn = on_nodes,
    };
    cs_error_t result = votequorum_initialize(&handle, &callbacks);
    int fd;

    if (result != CS_OK) {
        return result;
    }
    result = votequorum_fd_get(handle, &fd);
    if (result == CS_OK) {
        result = votequorum_trackstart(handle, 0, CS_TRACK_CHANGES);
    }
    if (result != CS_OK) {
        votequorum_finalize(handle);
        return result;
    }
    g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_ready, NULL);
    return CS_OK;
}

static gboolean on_time(gpointer unused)
{
    cs_error_t result;

    (void)unused;
    if (attempts_left == 0) {
        g_main_loop_quit(loop);
        return G_SOURCE_REMOVE;
    }
    attempts_left -= attempts_left > 0;
    result = begin();
    if (result != CS_OK) {
        lost(result);
    }
    return G_SOURCE_REMOVE;
}

int main(int count, char **arguments)
{
    if (count > 1) {
        attempts_left = atoi(arguments[1]);
    }
    loop = g_main_loop_new(NULL, FALSE);
    g_idle_add(on_time, NULL);
    g_main_loop_run(loop);
    g_main_loop_unref(loop);
    return status;
}

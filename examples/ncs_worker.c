/*
 * Runs a job on one node of the cluster, and goes on with it on another one when the first is gone:
 * on the one that has the lock. The others ask for it once a second; nothing blocks.
 *
 *   cc ncs_worker.c $(pkg-config --cflags --libs ncssdk) -o ncs_worker
 *
 * Runs until SIGTERM or SIGINT.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include <ncssdk.h>

#define APPLICATION "example worker"
#define RETRY_MS 1000

static UINT8 job[] = "job";

static volatile sig_atomic_t ends;
static NCS_HANDLE here;
static UINT32 members;
static bool has_job;

static void end(int signal)
{
    (void)signal;
    ends = 1;
}

static void say(const char *what)
{
    printf("%s\n", what);
    fflush(stdout);
}

/* Never waits. Locks of programs and nodes that are gone are free. */
static void take_job(void)
{
    UINT32 holder;

    if (NCS_TryLock(here, job, sizeof(job) - 1, &holder) == NCS_SUCCESS) {
        has_job = true;
        say("has the job");
    }
}

/* Called by ncs_dispatch() below, on this program's only thread. */
static void epoch_changed(NCS_HANDLE handle, UINT32 epoch, UINT32 now, UINT32 failed, UINT32 master)
{
    (void)epoch;
    (void)failed;
    (void)master;
    if (handle != here) {
        return;
    }
    members = now;
    /* No quorum, or no corosync: others may have the lock as soon as this returns. */
    if (members == 0 && has_job) {
        has_job = false;
        say("stops");
    }
}

int main(void)
{
    /* Without SA_RESTART, so that poll() returns. */
    struct sigaction action = {.sa_handler = end};
    struct pollfd ready = {.events = POLLIN};
    bool registered = false;

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    /* Callbacks of all handles come by way of this descriptor, and not on another thread. */
    if (ncs_fd_get(0, &ready.fd) != NCS_SUCCESS) {
        return 1;
    }
    while (!ends) {
        if (!registered) {
            NCS_RETURN result = NCS_Register(APPLICATION, epoch_changed, &here);

            if (result != NCS_SUCCESS && result != NCS_NOT_MEMBER) {
                fprintf(stderr, "NCS_Register: %u\n", result);
                return 1;
            }
            registered = result == NCS_SUCCESS;
        }
        /* While this node is not in the cluster it is refused, and asks again. Never without a limit:
         * a signal just before would be forgotten. */
        poll(&ready, 1, RETRY_MS);
        ncs_dispatch(0, NCS_DISPATCH_ALL);
        if (registered && members == 0) {
            NCS_Deregister(here);
            registered = false;
        } else if (registered && !has_job) {
            take_job();
        }
    }
    if (has_job) {
        NCS_UnLock(here, job, sizeof(job) - 1);
    }
    if (registered) {
        NCS_Deregister(here);
    }
    return 0;
}

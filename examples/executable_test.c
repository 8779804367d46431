/*
 * Tests a program as it is, in clusters that fall apart: one that ends with 0 when it gets SIGTERM,
 * and with another status if it has made a mistake, as guard.c does. It has to connect again
 * after corosync was restarted.
 *
 *   cc executable_test.c $(pkg-config --cflags --libs quorate) -o executable_test
 *   ./executable_test ./guard
 *
 * With corosync's own libvotequorum: LD_PRELOAD=.../libquorate_preload.so ./executable_test ./guard
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* kill */
#endif
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <quorate.h>

#define LIMIT_MS 60000
#define LOOK_MS 1000

/* What is tested; 0 while it does not run. */
static pid_t program;

#define MUST(call) \
    do { \
        if ((call) != QUORATE_OK) { \
            give_up(quorate_error_text()); \
        } \
    } while (0)

static void give_up(const char *why)
{
    fprintf(stderr, "%s\n", why);
    if (program > 0) {
        kill(program, SIGKILL);
    }
    exit(2);
}

/* Waits until the program has connected, or ended: what follows would happen before it looks. */
static void connects(quorate_t *cluster)
{
    int status = 0;

    for (int ms = 0; quorate_wait_connected(cluster, 1, 1, LOOK_MS) != QUORATE_OK; ms += LOOK_MS) {
        if (waitpid(program, &status, WNOHANG) == program) {
            program = 0;
            fprintf(stderr, "it ended with %d\n",
                    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
            return;
        }
        if (ms >= LIMIT_MS) {
            give_up(quorate_error_text());
        }
    }
}

/* What happens to a cluster of three nodes while the program runs on node 1. */
static void peers_die(quorate_t *cluster)
{
    MUST(quorate_kill(cluster, 2));
    MUST(quorate_kill(cluster, 3));
}

static void cut_off(quorate_t *cluster)
{
    MUST(quorate_partition(cluster, "1 2,3"));
}

static void cut_off_for_a_while(quorate_t *cluster)
{
    cut_off(cluster);
    MUST(quorate_wait_idle(cluster, LIMIT_MS));
    MUST(quorate_heal(cluster));
}

static void corosync_restarts(quorate_t *cluster)
{
    MUST(quorate_restart(cluster, 1));
    connects(cluster);
}

static void start(quorate_t *cluster, char **words)
{
    MUST(quorate_use_node(cluster, 1));
    program = fork();
    if (program == 0) {
        execvp(words[0], words);
        perror(words[0]);
        _exit(127);
    }
    if (program < 0) {
        give_up("fork failed");
    }
    connects(cluster);
}

/* Says whether it still runs, and ends with 0 when it is asked to. */
static bool ends_well(const char *name)
{
    int status = 0;
    bool ended = program > 0 && kill(program, SIGTERM) == 0 && waitpid(program, &status, 0) > 0;
    bool well = ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;

    program = 0;
    printf("%s: %s\n", name, well ? "good" : "WRONG");
    return well;
}

int main(int count, char **words)
{
    const struct {
        const char *name;
        void (*happens)(quorate_t *cluster);
    } cases[] = {
        {"nothing happens", NULL},
        {"its peers die", peers_die},
        {"it is cut off", cut_off},
        {"it is cut off for a while", cut_off_for_a_while},
        {"corosync restarts", corosync_restarts},
    };
    bool good = true;

    if (count < 2) {
        fprintf(stderr, "usage: %s PROGRAM [ARGUMENT]...\n", words[0]);
        return 2;
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        quorate_t *cluster = quorate_start(3);

        if (!cluster) {
            give_up(quorate_error_text());
        }
        start(cluster, words + 1);
        if (cases[i].happens) {
            cases[i].happens(cluster);
        }
        /* It has heard of everything, and done what it does about that, when this returns. */
        MUST(quorate_wait_idle(cluster, LIMIT_MS));
        good = ends_well(cases[i].name) && good;
        MUST(quorate_stop(cluster));
    }
    return good ? 0 : 1;
}

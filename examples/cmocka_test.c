/*
 * A cmocka test of a program part that acts on quorum, in a cluster that falls apart.
 *
 *   cc cmocka_test.c $(pkg-config --cflags --libs quorate libvotequorum cmocka) -o cmocka_test
 *   ./cmocka_test
 *
 * With corosync's own libvotequorum: LD_PRELOAD=.../libquorate_preload.so ./cmocka_test
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <corosync/votequorum.h>
#include <quorate.h>

/* What is tested: a service that may run only while its node is quorate. */
struct service {
    votequorum_handle_t corosync;
    int running;
};

static void on_quorum(votequorum_handle_t handle, uint64_t context, uint32_t quorate,
                      uint32_t entries, votequorum_node_t nodes[])
{
    struct service *service;

    (void)context;
    (void)entries;
    (void)nodes;
    if (votequorum_context_get(handle, (void **)&service) == CS_OK) {
        service->running = quorate != 0;
    }
}

static cs_error_t service_start(struct service *service)
{
    votequorum_callbacks_t callbacks = {.votequorum_quorum_notify_fn = on_quorum};
    cs_error_t result = votequorum_initialize(&service->corosync, &callbacks);

    if (result == CS_OK) {
        votequorum_context_set(service->corosync, service);
        result = votequorum_trackstart(service->corosync, 0, CS_TRACK_CHANGES | CS_TRACK_CURRENT);
    }
    return result;
}

/* Without corosync nobody knows whether the service may run. */
static void service_poll(struct service *service)
{
    if (votequorum_dispatch(service->corosync, CS_DISPATCH_ALL) != CS_OK) {
        service->running = 0;
    }
}

/* The tests. Each has a cluster of three nodes of its own, and the service on node 1. */
struct fixture {
    quorate_t *cluster;
    struct service service;
};

#define DONE(call) \
    do { \
        if ((call) != QUORATE_OK) { \
            fail_msg("%s", quorate_error_text()); \
        } \
    } while (0)

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture.cluster = quorate_start(3);
    if (!fixture.cluster) {
        print_error("%s\n", quorate_error_text());
        return -1;
    }
    *state = &fixture;
    quorate_use_node(fixture.cluster, 1);
    return service_start(&fixture.service) == CS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    votequorum_finalize(fixture->service.corosync);
    return quorate_stop(fixture->cluster);
}

/* Lets happen what is bound to happen, and the service hear of it. */
static void settle(struct fixture *fixture)
{
    DONE(quorate_wait_idle(fixture->cluster, 60000));
    service_poll(&fixture->service);
}

static void runs_while_quorate(void **state)
{
    struct fixture *fixture = *state;

    settle(fixture);
    assert_true(fixture->service.running);
    DONE(quorate_kill(fixture->cluster, 3));
    settle(fixture);
    assert_true(fixture->service.running);
}

static void stops_when_cut_off(void **state)
{
    struct fixture *fixture = *state;

    DONE(quorate_partition(fixture->cluster, "1 2,3"));
    settle(fixture);
    assert_false(fixture->service.running);
    assert_int_equal(quorate_is_quorate(fixture->cluster, 2), 1);
    DONE(quorate_heal(fixture->cluster));
    settle(fixture);
    assert_true(fixture->service.running);
}

static void stops_without_corosync(void **state)
{
    struct fixture *fixture = *state;

    settle(fixture);
    assert_true(fixture->service.running);
    DONE(quorate_kill(fixture->cluster, 1));
    service_poll(&fixture->service);
    assert_false(fixture->service.running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_while_quorate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_when_cut_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stops_without_corosync, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Uses what quorate.h has, in every language version. */
#include <stdio.h>

#include <quorate.h>

int main(void)
{
    static const char *const options[] = {"--nodes", "3", 0};
    quorate_t *cluster = quorate_start_with(options);
    quorate_node_t node;
    quorate_error_t stopped;
    uint32_t members[3];
    size_t count = 0;

    if (!cluster) {
        fprintf(stderr, "%s\n", quorate_error_text());
        return 1;
    }
    if (quorate_get_node(cluster, 2, &node) != QUORATE_OK ||
        quorate_get_members(cluster, 2, members, 3, &count) != QUORATE_OK) {
        fprintf(stderr, "%s\n", quorate_error_text());
        return 1;
    }
    stopped = quorate_stop(cluster);
    printf("%u %d %u %u %d %d\n", (unsigned)count, node.running == QUORATE_UP, node.members,
           members[2], quorate_stop(cluster), quorate_is_quorate(cluster, 1) == -1 && !stopped);
    return 0;
}

/* Every number that the three functions of libcorosync_common can be given, near enough. */
#include <stdio.h>
#include <corosync/corotypes.h>

int main(void)
{
	for (int number = -300; number <= 300; number++) {
		printf("%d %d %d %s\n", number, qb_to_cs_error(number), hdb_error_to_cs(number),
		       cs_strerror((cs_error_t)number));
	}
	printf("%d %d\n", qb_to_cs_error(-2147483647 - 1), hdb_error_to_cs(-2147483647 - 1));
	return 0;
}

/*
 * One case per run: what a host program does to the library, and what comes of it. Each prints
 * one line or a few; the harness runs it with both libraries and knows what each is expected to do.
 */
#include "cases.h"

static const struct one_case *const all_cases[] = {
	argument_cases, thread_cases, callback_cases, fork_cases, system_cases, daemon_cases,
};

int main(int count, char **arguments)
{
	start();
	for (size_t i = 0; count == 3 && i < sizeof(all_cases) / sizeof(all_cases[0]); i++) {
		for (const struct one_case *one = all_cases[i]; one->name != NULL; one++) {
			if (strcmp(arguments[1], one->name) == 0) {
				/* The original hangs in some of them. */
				alarm((unsigned)atoi(arguments[2]));
				one->run();
				return 0;
			}
		}
	}
	fprintf(stderr, "usage: cases CASE SECONDS\n");
	return 64;
}

/* What the parts of the driver share. */
#ifndef QUORATE_BENCHES_DRIVER_H
#define QUORATE_BENCHES_DRIVER_H

#include <stdint.h>
#include <corosync/votequorum.h>

uint64_t now(void);

/* One measured number of this kind, on standard output. */
void sample(const char *kind, double value);

/* Ends the program when the result is not CS_OK. */
void must(const char *what, cs_error_t result);

/* A connection whose callbacks count in events_seen(). */
votequorum_handle_t open_handle(void);
unsigned long events_seen(void);
uint64_t last_event(void);

void measure_getinfo(long rounds);
void only_getinfo(long rounds);
void measure_cycles(long rounds);
void measure_queued(long events);
void measure_empty(long rounds);
void measure_trackstart(long rounds);
void measure_event(long rounds);
void measure_burst(long events);

/* In KiB: what is used of /dev/shm, and this process's share of the memory it uses. */
double tmpfs(void);
double own_memory(void);

void measure_memory(long connections);
void measure_stack(void);

void measure_scale(long connections, long calls);
void measure_threads(long threads, long handles, long locked, long calls);

#endif

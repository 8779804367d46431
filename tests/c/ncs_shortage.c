/*
 * Memory runs out for the library's own threads, while locks and callbacks go on.
 * Usage: ncs_shortage CASE; asks the harness for what it wants done to the cluster.
 */
#include "ncs_common.h"
#include "../behaviour/failing.h"
#include "../behaviour/ncs_rest.h"

#define LOCKS 3000

static sem_t told;
static UINT32 last_epoch, last_members, last_failed;

static void tell(NCS_HANDLE Handle, UINT32 GroupEpoch, UINT32 Members, UINT32 FailedMask,
		 UINT32 MasterMask)
{
	(void)Handle, (void)MasterMask;
	last_epoch = GroupEpoch;
	last_members = Members;
	last_failed = FailedMask;
	sem_post(&told);
}

static void wait_until_told(void)
{
	while (sem_wait(&told) != 0) {
	}
}

/* The program's own memory does not fail. */
static void *lock_with_second(void *unused)
{
	is_of_program = 1;
	announce_myself();
	answer = NCS_Lock(second, key, 3);
	return unused;
}

/* A lock is taken, waited for and given on; somebody registers and is called back. */
static int is_right(void)
{
	NCS_HANDLE handle = 0;
	NCS_RETURN result;
	UINT32 holder = 0;
	pthread_t thread;
	int right = NCS_Lock(first, key, 3) == NCS_SUCCESS;

	thread = started(lock_with_second, NULL);
	wait_until_it_sleeps();
	right &= NCS_UnLock(first, key, 3) == NCS_SUCCESS;
	pthread_join(thread, NULL);
	right &= answer == NCS_SUCCESS;
	right &= NCS_TryLock(first, key, 3, &holder) == NCS_TRYLOCK_HELD && holder == 1;
	right &= NCS_UnLock(second, key, 3) == NCS_SUCCESS;
	result = NCS_Register("shortage", tell, &handle);
	if (result == NCS_SUCCESS) {
		wait_until_told();
		right &= last_members == 1 && NCS_Deregister(handle) == NCS_SUCCESS;
	}
	return right && (result == NCS_SUCCESS || result == NCS_ALLOC_ERROR);
}

/* At each allocation of the library's threads. */
static void one_after_the_other(void)
{
	for (only_one = 0; only_one < 2; only_one++) {
		struct toll before;
		int rounds = 0, wrong = 0;

		NCS_Deregister(registered(ignore));
		before = at_rest(2);
		first = registered(ignore);
		second = registered(ignore);
		do {
			atomic_store(&failed_of_library, 0);
			atomic_store(&countdown_of_library, rounds++);
			wrong += !is_right();
			atomic_store(&countdown_of_library, -1);
		} while (atomic_load(&failed_of_library) > 0);
		wrong += !is_right();
		NCS_Deregister(first);
		NCS_Deregister(second);
		fprintf(stderr, "%d rounds\n", rounds);
		printf("rounds %d, wrong %d, ", rounds > 3, wrong);
		at_rest(2);
		print_lost(&before);
	}
}

/* For as long as a node dies, and another one, which costs the quorum. */
static void nodes_die(void)
{
	UINT32 epoch;
	NCS_RETURN result;

	first = registered(tell);
	wait_until_told();
	epoch = last_epoch;
	printf("members %u", last_members);
	printf(" lock %u\n", NCS_Lock(first, key, 3));
	atomic_store(&countdown_of_library, 0);
	order("node 3 dies");
	wait_until_told();
	printf("members %u failed %u epoch %u\n", last_members, last_failed, last_epoch - epoch);
	order("node 2 dies");
	wait_until_told();
	printf("members %u", last_members);
	printf(" lock %u\n", NCS_Lock(first, "another", 7));
	printf("memory failed %d\n", atomic_load(&failed_of_library) > 0);
	atomic_store(&countdown_of_library, -1);
	printf("deregister %u\n", NCS_Deregister(first));
	order("both come back");
	while ((result = NCS_Register("shortage", tell, &first)) == NCS_NOT_MEMBER) {
		usleep(10000);
	}
	wait_until_told();
	printf("register %u members %u", result, last_members);
	printf(" lock %u", NCS_Lock(first, key, 3));
	printf(" deregister %u\n", NCS_Deregister(first));
}

static void *memory_comes_back(void *unused)
{
	is_of_program = 1;
	/* The reader waits, and looks again and again. */
	while (atomic_load(&failed_of_library) < 50) {
		usleep(1000);
	}
	atomic_store(&countdown_of_library, -1);
	return unused;
}

static int over[2];

/* Another process of the group has so many locks that the state needs more than is in reserve. */
static void start_another(void)
{
	int ready[2];
	char byte;

	if (pipe(ready) != 0 || pipe(over) != 0) {
		exit(1);
	}
	if (fork() == 0) {
		alarm(LIMIT);
		close(over[1]);
		first = registered(ignore);
		for (int i = 0; i < LOCKS; i++) {
			NCS_Lock(first, &i, sizeof(i));
		}
		_exit(write(ready[1], "", 1) == 1 && read(over[0], &byte, 1) == 0 ? 0 : 1);
	}
	if (read(ready[0], &byte, 1) != 1) {
		exit(1);
	}
}

/* There is memory again, and the other's locks are known. */
static void finish_with_another(void)
{
	UINT32 holder = 0;

	first = registered(ignore);
	for (int i = 0; i < LOCKS; i += LOCKS - 1) {
		NCS_RETURN result = NCS_TryLock(first, &i, sizeof(i), &holder);

		printf("held %u by %u\n", result, holder);
	}
	printf("deregister %u\n", NCS_Deregister(first));
	close(over[1]);
	wait(NULL);
}

static void the_state_is_large(void)
{
	NCS_RETURN result;
	pthread_t thread;

	start_another();
	atomic_store(&countdown_of_library, 0);
	thread = started(memory_comes_back, NULL);
	result = NCS_Register("shortage", ignore, &first);
	pthread_join(thread, NULL);
	printf("register %u\n", result);
	finish_with_another();
}

/* The registration has a limit; what it leaves behind ends without memory. */
static void memory_does_not_come_in_time(void)
{
	start_another();
	atomic_store(&countdown_of_library, 0);
	printf("register %u\n", NCS_Register("shortage", ignore, &first));
	at_rest(2);
	printf("memory failed %d\n", atomic_load(&failed_of_library) > 0);
	atomic_store(&countdown_of_library, -1);
	finish_with_another();
}

/* A process of the group that does one thing when it is told to, and then stays to the end. */
static struct process {
	pid_t pid;
	int told[2], done[2];
} locker, newcomer;

static void wait_until_done(struct process *process)
{
	char byte;

	if (read(process->done[0], &byte, 1) != 1) {
		exit(1);
	}
}

static void start_process(struct process *process, void (*code)(void))
{
	char byte;

	if (pipe(process->told) != 0 || pipe(process->done) != 0) {
		exit(1);
	}
	process->pid = fork();
	if (process->pid == 0) {
		alarm(LIMIT);
		code();
		close(process->told[1]);
		_exit(write(process->done[1], "", 1) == 1 && read(process->told[0], &byte, 1) == 0
			      ? 0
			      : 1);
	}
}

static void wait_to_be_told(struct process *process)
{
	char byte;

	if (write(process->done[1], "", 1) != 1 || read(process->told[0], &byte, 1) != 1) {
		exit(1);
	}
}

static void take_many_and_one_more(void)
{
	first = registered(ignore);
	for (int i = 0; i < LOCKS; i++) {
		NCS_Lock(first, &i, sizeof(i));
	}
	wait_to_be_told(&locker);
	NCS_Lock(first, key, 3);
}

/* There is no memory for a lock that another one takes, and the reader waits for it. */
static void leave_no_memory(void)
{
	start_process(&locker, take_many_and_one_more);
	wait_until_done(&locker);
	least_of_library = 512 << 10;
	atomic_store(&countdown_of_library, 0);
	if (write(locker.told[1], "", 1) != 1) {
		exit(1);
	}
	wait_until_done(&locker);
	while (atomic_load(&failed_of_library) < 2) {
		usleep(1000);
	}
}

/* That it is lost is not to wait for memory behind the lock that came before. */
static void quorum_is_lost(void)
{
	first = registered(tell);
	wait_until_told();
	printf("members %u", last_members);
	printf(" lock %u\n", NCS_Lock(first, "mine", 4));
	leave_no_memory();
	order("node 3 dies");
	order("node 2 dies");
	do {
		wait_until_told();
	} while (last_members != 0);
	printf("members %u", last_members);
	printf(" unlock %u\n", NCS_UnLock(first, "mine", 4));
	printf("memory failed %d\n", atomic_load(&countdown_of_library) == 0);
	atomic_store(&countdown_of_library, -1);
	printf("deregister %u\n", NCS_Deregister(first));
	close(locker.told[1]);
	wait(NULL);
}

static void come_and_try(void)
{
	UINT32 holder = 0;

	atomic_store(&countdown_of_library, -1);
	first = registered(ignore);
	printf("held %u", NCS_TryLock(first, key, 3, &holder));
	printf(" by %u\n", holder);
}

/* Who goes while there is no memory for the last lock does not tell a newcomer that it is free. */
static void the_oldest_goes(void)
{
	first = registered(ignore);
	leave_no_memory();
	start_process(&newcomer, come_and_try);
	/* Its question is to be here by then; where it is late, this shows less. */
	usleep(300000);
	NCS_Deregister(first);
	only_one = 1;
	wait_until_done(&newcomer);
	printf("memory failed %d\n", atomic_load(&countdown_of_library) < 0);
	close(newcomer.told[1]);
	close(locker.told[1]);
	while (wait(NULL) > 0) {
	}
}

int main(int count, char *arguments[])
{
	static const struct test_case cases[] = {
		{"one_after_the_other", one_after_the_other},
		{"nodes_die", nodes_die},
		{"the_state_is_large", the_state_is_large},
		{"memory_does_not_come_in_time", memory_does_not_come_in_time},
		{"the_oldest_goes", the_oldest_goes},
		{"quorum_is_lost", quorum_is_lost},
		{NULL, NULL},
	};

	is_of_program = 1;
	sem_init(&told, 0, 0);
	return run_case(cases, count, arguments);
}

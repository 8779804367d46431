/*
 * Programs that drive a simulated cluster through quorate.h. The argument says which.
 */
#include <errno.h>
#include <pthread.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <quorate.h>

#include "common.h"

#define MUST(call)                                                                                 \
	do {                                                                                       \
		if ((call) != 0) {                                                                 \
			printf("%s:%d: %s\n", #call, __LINE__, quorate_error_text());              \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static quorate_t *three(void)
{
	quorate_t *cluster = quorate_start(3);

	if (cluster == NULL) {
		printf("%s\n", quorate_error_text());
		exit(1);
	}
	return cluster;
}

static void settle(quorate_t *cluster, votequorum_handle_t handle)
{
	MUST(quorate_wait_idle(cluster, 60000));
	printf("dispatch %d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
}

/* What the cluster says of a node is what votequorum says there. */
static void compare(quorate_t *cluster, votequorum_handle_t handle, uint32_t node)
{
	struct votequorum_info info;
	quorate_node_t state;

	printf("getinfo ");
	print_info(votequorum_getinfo(handle, 0, &info), &info);
	MUST(quorate_get_node(cluster, node, &state));
	printf("same %d\n", state.node_id == info.node_id && state.node_votes == info.node_votes &&
				    state.node_expected_votes == info.node_expected_votes &&
				    state.highest_expected == info.highest_expected &&
				    state.total_votes == info.total_votes &&
				    state.quorum == info.quorum && state.flags == info.flags &&
				    state.is_quorate == ((info.flags & VOTEQUORUM_INFO_QUORATE) != 0) &&
				    state.running == QUORATE_UP);
}

static votequorum_handle_t watch(quorate_t *cluster, uint32_t node)
{
	votequorum_handle_t handle;

	MUST(quorate_use_node(cluster, node));
	printf("initialize %d\n", votequorum_initialize(&handle, &all_callbacks));
	printf("trackstart %d\n", votequorum_trackstart(handle, node, CS_TRACK_CHANGES));
	return handle;
}

static void story(void)
{
	/* The original's libvotequorum does not know what newer daemons tell of a device. */
	static const char *const old[] = {"--nodes", "3", "--compat", "corosync-3.1", NULL};
	quorate_t *cluster = quorate_start_with(old);
	votequorum_handle_t handle = watch(cluster, 1);
	uint32_t members[3];
	size_t count;

	settle(cluster, handle);
	compare(cluster, handle, 1);
	MUST(quorate_partition(cluster, " 1 2,3 "));
	settle(cluster, handle);
	compare(cluster, handle, 1);
	printf("quorate %d %d\n", quorate_is_quorate(cluster, 1), quorate_is_quorate(cluster, 3));
	MUST(quorate_heal(cluster));
	MUST(quorate_set_votes(cluster, 2, 4));
	settle(cluster, handle);
	compare(cluster, handle, 1);
	MUST(quorate_pause(cluster, 3));
	MUST(quorate_advance_ms(cluster, 60000));
	settle(cluster, handle);
	MUST(quorate_resume(cluster, 3));
	MUST(quorate_qdevice_vote(cluster, 1, 1));
	settle(cluster, handle);
	compare(cluster, handle, 1);
	MUST(quorate_qdevice_unregister(cluster, 1));
	MUST(quorate_leave(cluster, 3));
	settle(cluster, handle);
	MUST(quorate_get_members(cluster, 1, members, 3, &count));
	printf("members %zu: %u %u\n", count, members[0], members[1]);
	MUST(quorate_kill(cluster, 1));
	printf("dispatch %d\n", votequorum_dispatch(handle, CS_DISPATCH_ALL));
	printf("finalize %d\n", votequorum_finalize(handle));
	handle = watch(cluster, 2);
	MUST(quorate_up(cluster, 1));
	MUST(quorate_up(cluster, 3));
	settle(cluster, handle);
	compare(cluster, handle, 2);
	votequorum_finalize(handle);
	MUST(quorate_stop(cluster));
	/* The next test of a program has a cluster of its own. */
	cluster = three();
	handle = watch(cluster, 3);
	settle(cluster, handle);
	compare(cluster, handle, 3);
	votequorum_finalize(handle);
	MUST(quorate_stop(cluster));
}

#define REFUSED(expected, call)                                                                    \
	do {                                                                                       \
		int number = (int)(call);                                                          \
		printf("%s: %d, %s\n", #call, number, quorate_error_text());                       \
		if (number != (int)(expected)) {                                                   \
			printf("  but expected %d\n", (int)(expected));                            \
			failed = 1;                                                                \
		}                                                                                  \
	} while (0)

static int misuse(void)
{
	static const char *const named[] = {"--nodes", "3", "--name", "mine", NULL};
	static const char *const unknown[] = {"--foo", NULL};
	static const char *const wrong[] = {"--nodes", "0", NULL};
	static const char *const absent[] = {"--config", "/nonexistent", NULL};
	int failed = 0;
	quorate_t *c = three();
	quorate_t *other = (quorate_t *)&failed;
	quorate_node_t node;
	uint32_t id;
	uint64_t us;
	size_t count;
	char buffer[512];

	REFUSED(1, quorate_start(0) == NULL);
	REFUSED(1, quorate_start(2001) == NULL);
	REFUSED(1, quorate_start_with(NULL) == NULL);
	REFUSED(1, quorate_start_with(named) == NULL);
	REFUSED(1, quorate_start_with(unknown) == NULL);
	REFUSED(1, quorate_start_with(wrong) == NULL);
	REFUSED(1, quorate_start_with(absent) == NULL);
	REFUSED(QUORATE_ERR_HANDLE, quorate_kill(NULL, 1));
	REFUSED(QUORATE_ERR_HANDLE, quorate_kill(other, 1));
	REFUSED(QUORATE_ERR_HANDLE, quorate_stop(NULL));
	REFUSED(-1, quorate_is_quorate(NULL, 1));
	REFUSED(-1, quorate_is_quorate(c, 4));
	REFUSED(QUORATE_ERR_INVALID, quorate_kill(c, 4));
	REFUSED(QUORATE_ERR_INVALID, quorate_kill(c, 0));
	REFUSED(QUORATE_ERR_STATE, quorate_up(c, 1));
	REFUSED(QUORATE_ERR_STATE, quorate_resume(c, 1));
	REFUSED(QUORATE_ERR_STATE, quorate_set_expected(c, 1, 1));
	REFUSED(QUORATE_ERR_STATE, quorate_qdevice_stop(c, 1));
	REFUSED(QUORATE_ERR_INVALID, quorate_partition(c, NULL));
	REFUSED(QUORATE_ERR_INVALID, quorate_partition(c, "1,x 2"));
	REFUSED(QUORATE_ERR_INVALID, quorate_partition(c, "1 1"));
	REFUSED(QUORATE_ERR_INVALID, quorate_partition(c, "\xff"));
	REFUSED(QUORATE_ERR_INVALID, quorate_reload(c, NULL));
	REFUSED(QUORATE_ERR_INVALID, quorate_reload(c, "/nonexistent"));
	REFUSED(QUORATE_ERR_INVALID, quorate_reload(c, "/etc/passwd"));
	REFUSED(QUORATE_ERR_INVALID, quorate_set_key(c, 1, NULL, "1"));
	REFUSED(QUORATE_ERR_INVALID, quorate_set_key(c, 1, "a \" }", "1"));
	REFUSED(QUORATE_ERR_STATE, quorate_set_key(c, 1, "totem.transport", "1"));
	REFUSED(QUORATE_ERR_INVALID, quorate_do(c, NULL));
	REFUSED(QUORATE_ERR_INVALID, quorate_do(c, "kill = 1\nup = 1"));
	REFUSED(QUORATE_ERR_INVALID, quorate_wait_connected(c, 4, 1, 1));
	REFUSED(QUORATE_ERR_TIMEOUT, quorate_wait_connected(c, 1, 1, 1));
	REFUSED(QUORATE_OK, quorate_wait_connected(c, 1, 0, 60000));
	REFUSED(QUORATE_ERR_INVALID, quorate_advance_ms(c, UINT64_MAX));
	REFUSED(QUORATE_ERR_INVALID, quorate_get_node(c, 1, NULL));
	REFUSED(QUORATE_ERR_INVALID, quorate_get_node(c, 9, &node));
	REFUSED(QUORATE_ERR_INVALID, quorate_get_members(c, 1, &id, 1, NULL));
	REFUSED(QUORATE_ERR_INVALID, quorate_get_members(c, 1, NULL, 1, &count));
	REFUSED(QUORATE_OK, quorate_get_members(c, 1, NULL, 0, &count));
	REFUSED(QUORATE_ERR_INVALID, quorate_get_time_us(c, NULL));
	REFUSED(QUORATE_ERR_INVALID, quorate_run_dir(c, 1, NULL, 10));
	REFUSED(QUORATE_ERR_INVALID, quorate_run_dir(c, 1, buffer, 10));
	REFUSED(QUORATE_ERR_INVALID, quorate_run_dir(c, 7, buffer, sizeof(buffer)));
	REFUSED(QUORATE_ERR_INVALID, quorate_use_node(c, 7));
	REFUSED(QUORATE_OK, quorate_get_time_us(c, &us));
	REFUSED(QUORATE_OK, quorate_run_dir(c, 1, buffer, sizeof(buffer)));
	/* Nothing of it has changed anything. */
	REFUSED(1, quorate_is_quorate(c, 1));
	REFUSED(QUORATE_OK, quorate_stop(c));
	REFUSED(QUORATE_ERR_HANDLE, quorate_stop(c));
	REFUSED(QUORATE_ERR_HANDLE, quorate_heal(c));
	return failed;
}

static pid_t server;

static void let_it_go_on(void)
{
	kill(server, SIGCONT);
}

/* One connection to a node's votequorum, and no word on it; -1 if there is no room at the door. */
static int knock(quorate_t *cluster)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char directory[80];
	int one = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (quorate_run_dir(cluster, 1, directory, sizeof(directory)) != QUORATE_OK) {
		printf("%s\n", quorate_error_text());
		exit(1);
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/votequorum", directory);
	if (connect(one, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(one);
		return -1;
	}
	return one;
}

static void stop_the_server(quorate_t *cluster)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);
	char path[64], state = 0;
	int one = knock(cluster);

	if (getsockopt(one, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
		perror("SO_PEERCRED");
		exit(1);
	}
	close(one);
	server = peer.pid;
	atexit(let_it_go_on);
	kill(server, SIGSTOP);
	snprintf(path, sizeof(path), "/proc/%d/stat", server);
	while (state != 'T') {
		FILE *file = fopen(path, "r");

		if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1) {
			perror(path);
			exit(1);
		}
		fclose(file);
	}
}

/* The cluster's control socket takes nobody any more. */
static void crowd_the_door(const char *directory)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int done;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/../control", directory);
	do {
		int one = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

		done = connect(one, (struct sockaddr *)&address, sizeof(address));
		if (done != 0 && errno != EAGAIN) {
			perror(address.sun_path);
			exit(1);
		}
		close(one);
	} while (done == 0);
}

static void nothing(int signal)
{
	(void)signal;
}

static void signal_all_the_time(int on)
{
	struct sigaction action = {.sa_handler = nothing};
	struct itimerval often = {{0, on ? 1000 : 0}, {0, on ? 1000 : 0}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static int stopped(void)
{
	static char long_step[4 << 20];
	int failed = 0;
	quorate_t *c = three();
	quorate_node_t node;
	char directory[80];

	MUST(quorate_run_dir(c, 1, directory, sizeof(directory)));
	stop_the_server(c);
	setenv("QUORATE_TIMEOUT_MS", "soon", 1);
	REFUSED(QUORATE_ERR_INVALID, quorate_heal(c));
	REFUSED(QUORATE_ERR_INVALID, quorate_stop(c));
	setenv("QUORATE_TIMEOUT_MS", "100", 1);
	REFUSED(QUORATE_ERR_TIMEOUT, quorate_heal(c));
	REFUSED(QUORATE_ERR_TIMEOUT, quorate_get_node(c, 1, &node));
	REFUSED(QUORATE_ERR_TIMEOUT, quorate_step(c));
	REFUSED(QUORATE_ERR_TIMEOUT, quorate_wait_idle(c, 50));
	REFUSED(-1, quorate_is_quorate(c, 1));
	REFUSED(QUORATE_ERR_TIMEOUT, quorate_stop(c));
	/* More than the socket takes. */
	memset(long_step, 'x', sizeof(long_step) - 1);
	signal_all_the_time(1);
	REFUSED(QUORATE_ERR_TIMEOUT, quorate_heal(c));
	REFUSED(QUORATE_ERR_TIMEOUT, quorate_do(c, long_step));
	signal_all_the_time(0);
	crowd_the_door(directory);
	REFUSED(QUORATE_ERR_TIMEOUT, quorate_heal(c));
	signal_all_the_time(1);
	REFUSED(QUORATE_ERR_TIMEOUT, quorate_heal(c));
	signal_all_the_time(0);
	unsetenv("QUORATE_TIMEOUT_MS");
	let_it_go_on();
	/* It may have heard that it was to stop: whoever asked has not waited for that. */
	REFUSED(1, quorate_stop(c) == QUORATE_OK || quorate_stop(c) == QUORATE_ERR_HANDLE);
	return failed;
}

static void *one_of_many(void *unused)
{
	quorate_t *cluster = three();
	size_t count = 0;

	(void)unused;
	for (int i = 0; i < 20; i++) {
		MUST(quorate_kill(cluster, 3));
		MUST(quorate_wait_idle(cluster, 60000));
		MUST(quorate_get_members(cluster, 1, NULL, 0, &count));
		if (count != 2) {
			printf("%zu members\n", count);
			exit(1);
		}
		MUST(quorate_up(cluster, 3));
		MUST(quorate_wait_idle(cluster, 60000));
	}
	MUST(quorate_stop(cluster));
	return NULL;
}

static void threads(void)
{
	pthread_t all[4];

	for (int i = 0; i < 4; i++) {
		pthread_create(&all[i], NULL, one_of_many, NULL);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(all[i], NULL);
	}
	printf("done\n");
}

/* As Check runs its tests: the cluster is the parent's, the test is in a child. */
static void forks(void)
{
	quorate_t *cluster = three();
	int status;

	if (fork() == 0) {
		MUST(quorate_kill(cluster, 3));
		MUST(quorate_wait_idle(cluster, 60000));
		_exit(quorate_is_quorate(cluster, 3) == 0 ? 7 : 1);
	}
	/* The cluster is no child: this would wait for it. */
	while (wait(&status) > 0 || errno == EINTR) {
		printf("child %d\n", WEXITSTATUS(status));
	}
	printf("errno %s\n", errno == ECHILD ? "ECHILD" : "other");
	printf("quorate %d\n", quorate_is_quorate(cluster, 3));
	MUST(quorate_stop(cluster));
}

/* Says where its cluster is, and ends in this way. */
static void ends(const char *way)
{
	quorate_t *cluster = three();
	char directory[512];

	if (strcmp(way, "ignoring") == 0) {
		signal(SIGCHLD, SIG_IGN);
		MUST(quorate_stop(cluster));
		cluster = three();
	}
	MUST(quorate_run_dir(cluster, 1, directory, sizeof(directory)));
	printf("%s\n", directory);
	fflush(stdout);
	if (strcmp(way, "abort") == 0) {
		abort();
	} else if (strcmp(way, "kill") == 0) {
		raise(SIGKILL);
	} else if (strcmp(way, "exec") == 0) {
		execlp("sh", "sh", "-c", "ls -d \"$0\"", directory, (char *)NULL);
	} else if (strcmp(way, "_exit") == 0) {
		_exit(0);
	}
}

int main(int count, char **arguments)
{
	const char *which = count > 1 ? arguments[1] : "";

	start();
	if (strcmp(which, "story") == 0) {
		story();
	} else if (strcmp(which, "misuse") == 0) {
		return misuse();
	} else if (strcmp(which, "stopped") == 0) {
		return stopped();
	} else if (strcmp(which, "threads") == 0) {
		threads();
	} else if (strcmp(which, "forks") == 0) {
		forks();
	} else {
		ends(which);
	}
	return 0;
}

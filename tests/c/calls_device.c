/* The part of `calls` that plays a quorum device. */
#include "calls.h"

/* The daemon answers before it has done what these two ask for. */
static cs_error_t wait_name(cs_error_t result, const char *name)
{
	struct votequorum_info info;

	do {
		if (votequorum_getinfo(handle, 0, &info) != CS_OK) {
			break;
		}
	} while (result == CS_OK && strcmp(info.qdevice_name, name) != 0);
	return result;
}

static cs_error_t rename_device(const char *old, const char *new)
{
	return wait_name(votequorum_qdevice_update(handle, old, new), new);
}

cs_error_t remove_device(const char *name)
{
	return wait_name(votequorum_qdevice_unregister(handle, name), "");
}

static char *name_of(char *buffer, unsigned length)
{
	memset(buffer, 'n', length);
	buffer[length] = '\0';
	return buffer;
}

static void unregistered_device(const char *name)
{
	votequorum_ring_id_t ring = last_ring;

	printf("unregister = %d\n", remove_device(name));
	printf("update = %d\n", rename_device(name, "other"));
	printf("poll = %d\n", votequorum_qdevice_poll(handle, name, 1, ring));
	printf("master_wins = %d\n", votequorum_qdevice_master_wins(handle, name, 1));
}

static void device_names(void)
{
	static const unsigned lengths[] = { 0, 1, 253, 254, 255, 256, 1000 };
	char name[1001];

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		name_of(name, lengths[i]);
		printf("name of %u bytes:\n", lengths[i]);
		unregistered_device(name);
		printf("register = %d\n", votequorum_qdevice_register(handle, name));
		ask(0);
		printf("update = %d\n", rename_device(name, "short"));
		printf("update = %d\n", rename_device("short", name));
		printf("unregister = %d\n", remove_device(name));
	}
}

static void device_polls(const char *name)
{
	votequorum_ring_id_t good = last_ring, late = last_ring, foreign = last_ring;

	late.seq += 4;
	foreign.nodeid += 1;
	printf("poll = %d\n", votequorum_qdevice_poll(handle, name, 0, good));
	ask(0);
	printf("poll = %d\n", votequorum_qdevice_poll(handle, name, 1, good));
	ask(0);
	printf("poll late ring = %d\n", votequorum_qdevice_poll(handle, name, 1, late));
	printf("poll foreign ring = %d\n", votequorum_qdevice_poll(handle, name, 1, foreign));
	printf("poll wrong name = %d\n", votequorum_qdevice_poll(handle, "wrong", 1, good));
	printf("poll empty name = %d\n", votequorum_qdevice_poll(handle, "", 1, good));
	printf("poll vote 2 = %d\n", votequorum_qdevice_poll(handle, name, 2, good));
	ask(0);
}

void device(void)
{
	votequorum_handle_t tracker = open_handle(&all_callbacks);

	votequorum_trackstart(tracker, 11, CS_TRACK_CHANGES);
	printf("dispatch(ALL) = %d\n", votequorum_dispatch(tracker, CS_DISPATCH_ALL));
	device_names();
	printf("register = %d\n", votequorum_qdevice_register(handle, "one"));
	printf("register again = %d\n", votequorum_qdevice_register(handle, "one"));
	printf("register other = %d\n", votequorum_qdevice_register(handle, "two"));
	printf("register elsewhere = %d\n", votequorum_qdevice_register(tracker, "one"));
	ask(0);
	device_polls("one");
	printf("master_wins wrong = %d\n", votequorum_qdevice_master_wins(handle, "two", 1));
	printf("master_wins = %d\n", votequorum_qdevice_master_wins(handle, "one", 1));
	ask(0);
	printf("master_wins off = %d\n", votequorum_qdevice_master_wins(handle, "one", 0));
	printf("update wrong = %d\n", rename_device("two", "three"));
	printf("update = %d\n", rename_device("one", "three"));
	printf("poll old name = %d\n", votequorum_qdevice_poll(handle, "one", 1, last_ring));
	printf("poll new name = %d\n", votequorum_qdevice_poll(handle, "three", 1, last_ring));
	ask(0);
	printf("dispatch(ALL) = %d\n", votequorum_dispatch(tracker, CS_DISPATCH_ALL));
	printf("unregister wrong = %d\n", remove_device("one"));
	printf("unregister = %d\n", remove_device("three"));
	printf("unregister again = %d\n", remove_device("three"));
	ask(0);
	printf("dispatch(ALL) = %d\n", votequorum_dispatch(tracker, CS_DISPATCH_ALL));
	votequorum_finalize(tracker);
}

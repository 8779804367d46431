#include <corosync/corotypes.h>
#include <corosync/cmap.h>
#include <stdio.h>
#include <stdlib.h>

static void value(const char *what, struct cmap_notify_value v)
{
	printf(" %s %d/%zu", what, (int)v.type, v.len);
	if (v.type == CMAP_VALUETYPE_UINT32)
		printf(" %u", *(const uint32_t *)v.data);
	if (v.type == CMAP_VALUETYPE_STRING)
		printf(" '%s'", (const char *)v.data);
}

static void on_change(cmap_handle_t handle, cmap_track_handle_t track, int32_t event,
		      const char *key, struct cmap_notify_value new_value,
		      struct cmap_notify_value old_value, void *user_data)
{
	printf("%s: %s event %d", (const char *)user_data, key, event);
	value("new", new_value);
	value("old", old_value);
	printf("\n");
	(void)handle;
	(void)track;
}

int main(void)
{
	cmap_handle_t handle;
	cmap_iter_handle_t iter;
	cmap_track_handle_t track;
	cmap_value_types_t type;
	char key[CMAP_KEYNAME_MAXLEN + 1], small[3];
	size_t len;
	char *text;
	uint32_t number = 0;
	int error;

	printf("initialize %d\n", cmap_initialize(&handle));
	error = cmap_get_uint32(handle, "runtime.votequorum.this_node_id", &number);
	printf("this node %d %u\n", error, number);
	error = cmap_get_string(handle, "quorum.provider", &text);
	printf("provider %d '%s'\n", error, text);
	free(text);
	len = sizeof(small);
	error = cmap_get(handle, "quorum.provider", small, &len, &type);
	printf("too small %d\n", error);
	printf("missing %d\n", cmap_get_uint32(handle, "no.such.key", &number));
	printf("track %d\n", cmap_track_add(handle, "test.", CMAP_TRACK_ADD | CMAP_TRACK_DELETE |
					    CMAP_TRACK_MODIFY | CMAP_TRACK_PREFIX, on_change,
					    "tracked", &track));
	printf("set %d\n", cmap_set_uint32(handle, "test.number", 41));
	printf("inc %d\n", cmap_inc(handle, "test.number"));
	printf("set %d\n", cmap_set_string(handle, "test.text", "hello"));
	printf("delete %d\n", cmap_delete(handle, "test.number"));
	printf("dispatch %d\n", cmap_dispatch(handle, CS_DISPATCH_ALL));
	printf("untrack %d\n", cmap_track_delete(handle, track));
	printf("set %d\n", cmap_set_string(handle, "test.text", "nobody hears"));
	printf("nothing %d\n", cmap_dispatch(handle, CS_DISPATCH_ONE_NONBLOCKING));
	printf("list %d\n", cmap_iter_init(handle, "nodelist.", &iter));
	while ((error = cmap_iter_next(handle, iter, key, &len, &type)) == CS_OK)
		printf("%s %zu %d\n", key, len, (int)type);
	printf("end %d %d\n", error, cmap_iter_finalize(handle, iter));
	printf("finalize %d\n", cmap_finalize(handle));
	printf("map %d\n", cmap_initialize_map(&handle, CMAP_MAP_STATS));
	printf("finalize %d\n", cmap_finalize(handle));
	return 0;
}

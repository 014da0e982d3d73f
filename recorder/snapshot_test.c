/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the state at the start: processes from an iterator's records, translations from real
 * conntrack tables.
 */
#include "recorder/lab_test.h"
#include "recorder/snapshot.h"
#include "schema/scratch_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

/* --- processes --- */

/* Field 22 of /proc/PID/stat in nanoseconds. */
static uint64_t start_ns_of(pid_t pid)
{
	unsigned long long ticks = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(
		fscanf(file,
		       "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
		       "%*d %*d %*d %*d %*d %*d %llu",
		       &ticks),
		1);
	fclose(file);
	return ticks * (1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK));
}

struct feed {
	int file;
	const char *bytes;
	size_t size, step;
};

static void *write_all(void *argument)
{
	struct feed *feed = argument;

	for (size_t at = 0, step; at < feed->size; at += step) {
		step = feed->size - at < feed->step ? feed->size - at : feed->step;
		if (write(feed->file, feed->bytes + at, step) != (ssize_t)step)
			break;
	}
	close(feed->file);
	return NULL;
}

/* Let the snapshot read the bytes from a pipe, so many at a time. */
static int snapshot_bytes(const void *bytes, size_t size, size_t step,
			  struct delivery *delivery)
{
	struct process_table *table = process_table_new(1, 0, COMMAND_LINE_FULL);
	struct feed feed = {.bytes = bytes, .size = size, .step = step};
	pthread_t thread;
	int ends[2], error;

	assert_non_null(table);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	feed.file = ends[1];
	assert_int_equal(pthread_create(&thread, NULL, write_all, &feed), 0);
	error = snapshot_processes(ends[0], table, delivery);
	pthread_join(thread, NULL);
	close(ends[0]);
	process_table_free(table);
	return error;
}

static const char *text(const struct delivery *delivery, uint32_t row, const char *column)
{
	const struct batch *batch = delivery->first[STREAM_PROCESS];
	int index = stream_column(stream_get(STREAM_PROCESS), column);

	assert_non_null(batch);
	assert_true(row < batch->row_count);
	return dictionary_text(batch->texts,
			       (uint32_t)batch_integer(batch, (unsigned int)index, row), NULL);
}

static struct process_event exists(pid_t pid, uint64_t start_ns, const char *command)
{
	struct process_event event = {
		.header = {.kind = EVENT_PROCESS_EXISTS, .time_ns = start_ns + 1},
		.start_ns = start_ns,
		.pid = (uint32_t)pid,
	};

	strncpy(event.command, command, sizeof(event.command) - 1);
	return event;
}

static void a_living_process_gets_its_path_and_arguments(void **state)
{
	struct delivery *delivery = delivery_new();
	struct process_event events[3];
	char *const arguments[] = {"sleep", "1234", NULL};
	char name[16] = "";
	int comm;
	pid_t child = fork();

	if (!child) {
		execv("/bin/sleep", arguments);
		_exit(127);
	}
	/* Until the child is what it was made for. */
	while (strcmp(name, "sleep")) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/comm", (int)child);
		comm = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(comm >= 0);
		assert_true(read(comm, name, sizeof(name) - 1) > 0);
		close(comm);
		name[strcspn(name, "\n")] = 0;
		usleep(1000);
	}
	events[0] = exists(child, start_ns_of(child) + 4321, "sleep");
	events[1] = exists(child, start_ns_of(child) - 1000000000, "before");
	events[2] = exists(4194305, 5, "nobody");
	assert_int_equal(snapshot_bytes(events, sizeof(events), sizeof(events), delivery), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);

	assert_int_equal(delivery->row_count, 3);
	assert_string_equal(text(delivery, 0, "event_action"), "exists");
	assert_string_equal(text(delivery, 0, "process_executable_name"), "sleep");
	assert_non_null(strstr(text(delivery, 0, "process_executable_path"), "bin/"));
	assert_string_equal(text(delivery, 0, "process_command_line"), "sleep 1234");
	/* Another process had this pid before: what /proc says now is not about that one. */
	assert_string_equal(text(delivery, 1, "process_executable_name"), "before");
	assert_null(text(delivery, 1, "process_command_line"));
	assert_null(text(delivery, 2, "process_executable_path"));
	delivery_free(delivery);
}

static void records_are_read_whatever_the_pieces(void **state)
{
	struct process_event events[200];

	for (int i = 0; i < 200; i++)
		events[i] = exists(4194305 + i, 5, "nobody");
	for (size_t step = 1; step < sizeof(events); step = step * 3 + 1) {
		struct delivery *delivery = delivery_new();

		assert_int_equal(snapshot_bytes(events, sizeof(events), step, delivery), 0);
		assert_int_equal(delivery->row_count, 200);
		delivery_free(delivery);
	}
}

static void a_cut_record_is_noticed(void **state)
{
	struct process_event event = exists(4194305, 5, "nobody");

	assert_int_equal(snapshot_bytes(&event, sizeof(event) - 1, 4096, NULL), -EBADMSG);
}

/* --- translations --- */

#define EVENTS_MOST 64

struct collection {
	const struct lab *lab;
	struct nat_event events[EVENTS_MOST];
	int count;
};

static int collect(const struct nat_event *event, void *context)
{
	struct collection *collection = context;

	if (event->network_namespace == collection->lab->far_inode &&
	    collection->count < EVENTS_MOST)
		collection->events[collection->count++] = *event;
	return 0;
}

static struct address address_of(const char *text)
{
	struct address address;
	char mapped[64];

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(text, ':') ? "" : "::ffff:", text);
	assert_int_equal(inet_pton(AF_INET6, mapped, &address), 1);
	return address;
}

/* The one event of that protocol and original destination. */
static const struct nat_event *find(const struct collection *collection, int protocol,
				    const char *destination)
{
	struct address address = address_of(destination);
	const struct nat_event *found = NULL;

	for (int i = 0; i < collection->count; i++) {
		const struct nat_event *event = &collection->events[i];

		if (event->original.protocol != protocol ||
		    memcmp(&event->original.destination, &address, sizeof(address)))
			continue;
		assert_null(found);
		found = event;
	}
	assert_non_null(found);
	return found;
}

static void assert_address(struct address got, const char *expected)
{
	struct address address = address_of(expected);

	assert_memory_equal(&got, &address, sizeof(address));
}

static int make_traffic(const struct lab *lab)
{
	return lab_run("ip -n %s addr add 10.77.0.1/24 dev veth-near &&"
		       "ip -n %s addr add fd77::1/64 dev veth-near nodad &&"
		       "ip -n %s link set veth-near up",
		       lab->near, lab->near, lab->near) ||
	       lab_run("ip -n %s addr add 10.77.0.2/24 dev veth-far &&"
		       "ip -n %s addr add 10.77.0.3/24 dev veth-far &&"
		       "ip -n %s addr add fd77::2/64 dev veth-far nodad &&"
		       "ip -n %s link set veth-far up",
		       lab->far, lab->far, lab->far, lab->far) ||
	       lab_run("echo 'table inet n { chain p { type nat hook prerouting priority -100; "
		       "udp dport 8080 ct mark set 7 redirect to :9090; "
		       "ip daddr 10.77.0.3 icmp type echo-request dnat ip to 10.77.0.2; }; }' | "
		       "ip netns exec %s nft -f -",
		       lab->far) ||
	       /* The first ping waits until IPv6 neighbours have found each other. */
	       lab_run("ip netns exec %s ping -c 1 -w 20 fd77::2 >/dev/null &&"
		       "ip netns exec %s ping -c 1 -w 20 -e 4242 10.77.0.3 >/dev/null &&"
		       "ip netns exec %s bash -c 'echo x >/dev/udp/10.77.0.2/8080;"
		       "echo x >/dev/udp/10.77.0.2/7070; echo x >/dev/udp/fd77::2/8080'",
		       lab->near, lab->near, lab->near);
}

static int has_conntrack(const struct lab *lab)
{
	return !lab_run("echo 'table inet probe { chain p { type nat hook prerouting priority "
			"-100; }; }' | ip netns exec %s nft -f - 2>/dev/null",
			lab->far);
}

static void translations_of_every_namespace_are_told(void **state)
{
	struct inventory *inventory;
	struct lab lab;
	struct collection collection = {.lab = &lab};
	const struct nat_event *event;
	uint64_t incomplete;
	int failed;

	if (lab_make(&lab) || !has_conntrack(&lab)) {
		lab_remove(&lab);
		print_message("SKIPPED: namespaces with NAT cannot be made here\n");
		skip();
	}
	inventory = inventory_new(0, "test");
	failed = make_traffic(&lab) ||
		 snapshot_conntrack(collect, &collection, inventory, &incomplete);
	lab_remove(&lab);
	inventory_free(inventory);
	assert_int_equal(failed, 0);
	assert_int_equal(collection.count, 3); /* without the one to port 7070 */

	event = find(&collection, IPPROTO_UDP, "10.77.0.2");
	assert_int_equal(event->header.kind, EVENT_NAT);
	assert_int_equal(event->is_new, 0);
	assert_int_equal(event->mark, 7);
	assert_int_equal(event->zone, 0);
	assert_address(event->original.source, "10.77.0.1");
	assert_int_equal(event->original.destination_port, 8080);
	assert_address(event->reply.source, "10.77.0.2");
	assert_address(event->reply.destination, "10.77.0.1");
	assert_int_equal(event->reply.source_port, 9090);
	assert_int_equal(event->reply.destination_port, event->original.source_port);

	event = find(&collection, IPPROTO_UDP, "fd77::2");
	assert_address(event->original.source, "fd77::1");
	assert_int_equal(event->original.destination_port, 8080);
	assert_int_equal(event->reply.source_port, 9090);

	event = find(&collection, IPPROTO_ICMP, "10.77.0.3");
	assert_address(event->reply.source, "10.77.0.2");
	assert_int_equal(event->original.icmp_type, 8);
	assert_int_equal(event->reply.icmp_type, 0);
	assert_int_equal(event->original.source_port, event->original.destination_port);
	assert_int_equal(event->original.source_port, 4242);
}

static int refuse(const struct nat_event *event, void *context)
{
	return -ECANCELED;
}

static void a_taker_that_refuses_ends_the_walk(void **state)
{
	struct inventory *inventory;
	struct lab lab;
	uint64_t incomplete;
	int failed, error = 0;

	if (lab_make(&lab) || !has_conntrack(&lab)) {
		lab_remove(&lab);
		print_message("SKIPPED: namespaces with NAT cannot be made here\n");
		skip();
	}
	inventory = inventory_new(0, "test");
	failed = make_traffic(&lab);
	if (!failed)
		error = snapshot_conntrack(refuse, NULL, inventory, &incomplete);
	lab_remove(&lab);
	inventory_free(inventory);
	assert_int_equal(failed, 0);
	assert_int_equal(error, -ECANCELED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_living_process_gets_its_path_and_arguments),
		cmocka_unit_test(records_are_read_whatever_the_pieces),
		cmocka_unit_test(a_cut_record_is_noticed),
		cmocka_unit_test(translations_of_every_namespace_are_told),
		cmocka_unit_test(a_taker_that_refuses_ends_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

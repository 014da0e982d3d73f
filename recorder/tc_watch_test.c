/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of TC programs on every interface, on real ones: a veth pair between two namespaces,
 * whose indexes no other interface has. The programs count what passes there, so that their
 * counts can be held against those of the interfaces.
 */
#include "recorder/lab_test.h"
#include "recorder/tc_watch.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define PATIENCE_S 60

struct counted {
	struct lab lab;
	int index; /* of veth-near; veth-far has the next */
	int map;   /* packets, by enum io_direction */
	struct tc_watch_side sides[2];
	struct tc_watch *watch;
};

/* Counts packets of one interface, and lets all pass to whoever else is there. */
static int count_program(int map, uint32_t key, int index)
{
	const struct bpf_insn code[] = {
		{BPF_LDX | BPF_MEM | BPF_W, 2, 1, offsetof(struct __sk_buff, ifindex), 0},
		{BPF_JMP | BPF_JNE | BPF_K, 2, 0, 9, index},
		{BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, (int)key},
		{BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_FD, 0, map},
		{0, 0, 0, 0, 0},
		{BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0},
		{BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4},
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem},
		{BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2, 0},
		{BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 1},
		{BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 0, BPF_ADD},
		{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, -1},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "count", "GPL", code,
			     sizeof(code) / sizeof(code[0]), NULL);
}

static int make_pair(struct counted *counted)
{
	counted->index = 1000000 + (int)getpid() * 2;
	return lab_run(
		"ip -n %s link del veth-near 2>/dev/null; "
		"ip link add veth-near netns %s index %d type veth peer veth-far netns %s "
		"index %d",
		counted->lab.near, counted->lab.near, counted->index, counted->lab.far,
		counted->index + 1);
}

/* No packets but those that are asked for. */
static int raise_pair(const struct counted *counted)
{
	return lab_run(
		"for end in '%s veth-near 1' '%s veth-far 2'; do set -- $end; "
		"ip netns exec $1 sh -c \"echo 1 >/proc/sys/net/ipv6/conf/$2/disable_ipv6\""
		" && ip -n $1 addr add 192.0.2.$3/24 dev $2 && ip -n $1 link set $2 up ||"
		" exit 1; done",
		counted->lab.near, counted->lab.far);
}

static int setup(void **state)
{
	struct counted *counted = calloc(1, sizeof(*counted));

	*state = counted;
	counted->map = -1;
	counted->sides[0].program = counted->sides[1].program = -1;
	return 0;
}

/* Skips the test where this machine does not let us. */
static struct counted *begin(void **state, enum tc_kind kind)
{
	struct counted *counted = *state;
	struct tc_hook trial;

	if (lab_make(&counted->lab) || make_pair(counted)) {
		print_message("SKIPPED: network namespaces cannot be made here\n");
		skip();
	}
	counted->map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "counts", 4, 8, 2, NULL);
	for (uint32_t i = 0; i < 2; i++) {
		counted->sides[i].kind = kind;
		counted->sides[i].program = count_program(counted->map, i, counted->index);
	}
	if (counted->sides[0].program < 0 ||
	    tc_hook_attach(&trial, kind, IO_RECEIVE, 1, counted->sides[0].program)) {
		print_message("SKIPPED: this kernel takes no such TC programs\n");
		skip();
	}
	tc_hook_detach(&trial);
	return counted;
}

static int teardown(void **state)
{
	struct counted *counted = *state;

	tc_watch_close(counted->watch);
	for (int i = 0; i < 2; i++)
		if (counted->sides[i].program >= 0)
			close(counted->sides[i].program);
	if (counted->map >= 0)
		close(counted->map);
	if (counted->lab.near[0])
		lab_remove(&counted->lab);
	free(counted);
	return 0;
}

static uint64_t packets(const struct counted *counted, uint32_t direction)
{
	uint64_t count = 0;

	assert_int_equal(bpf_map_lookup_elem(counted->map, &direction, &count), 0);
	return count;
}

static long interface_packets(const struct counted *counted, const char *which)
{
	char command[256];
	long count = -1;
	FILE *out;

	snprintf(command, sizeof(command),
		 "ip netns exec %s cat /sys/class/net/veth-near/statistics/%s_packets",
		 counted->lab.near, which);
	out = popen(command, "r");
	assert_non_null(out);
	assert_int_equal(fscanf(out, "%ld", &count), 1);
	pclose(out);
	return count;
}

static void ping(const struct counted *counted, int times)
{
	assert_int_equal(lab_run("ip netns exec %s ping -q -c %d -i 0.01 192.0.2.2 >/dev/null",
				 counted->lab.near, times),
			 0);
}

/* Wait until a member of the status has that value. */
static void await(struct counted *counted, size_t offset, unsigned int least)
{
	struct tc_watch_status status;
	time_t begin = time(NULL);

	do {
		assert_true(time(NULL) - begin < PATIENCE_S);
		usleep(5000);
		tc_watch_status(counted->watch, &status);
	} while (*(unsigned int *)((char *)&status + offset) < least);
}

static void count_every_packet(void **state, enum tc_kind kind)
{
	struct counted *counted = begin(state, kind);

	assert_int_equal(tc_watch_open(counted->sides, &counted->watch), 0);
	assert_int_equal(raise_pair(counted), 0);
	ping(counted, 7);
	assert_true(packets(counted, IO_RECEIVE) >= 7);
	assert_int_equal(packets(counted, IO_RECEIVE), interface_packets(counted, "rx"));
	assert_int_equal(packets(counted, IO_TRANSMIT), interface_packets(counted, "tx"));
	tc_watch_close(counted->watch);
	counted->watch = NULL;
	ping(counted, 3);
	assert_true(interface_packets(counted, "rx") > (long)packets(counted, IO_RECEIVE));
}

static void tcx_counts_every_packet_once_in_each_direction(void **state)
{
	count_every_packet(state, TC_TCX);
}

static void clsact_counts_every_packet_once_in_each_direction(void **state)
{
	count_every_packet(state, TC_CLSACT);
}

static void follow(void **state, enum tc_kind kind)
{
	struct counted *counted = begin(state, kind);
	struct tc_watch_status before, after;
	uint64_t late, received, transmitted;

	assert_int_equal(lab_run("ip -n %s link del veth-near", counted->lab.near), 0);
	assert_int_equal(tc_watch_open(counted->sides, &counted->watch), 0);
	tc_watch_status(counted->watch, &before);
	assert_int_equal(make_pair(counted), 0);
	assert_int_equal(raise_pair(counted), 0);
	ping(counted, 5);
	/* Both ends of the pair; other interfaces may come at the same time. */
	await(counted, offsetof(struct tc_watch_status, late), before.late + 2);
	received = interface_packets(counted, "rx");
	transmitted = interface_packets(counted, "tx");
	late = received + transmitted - packets(counted, IO_RECEIVE) -
	       packets(counted, IO_TRANSMIT);
	tc_watch_status(counted->watch, &after);
	assert_true(after.unwatched_packets - before.unwatched_packets >= late);
	ping(counted, 3);
	assert_true(packets(counted, IO_RECEIVE) >= 3);
	received += 3;
	assert_true(interface_packets(counted, "rx") >= (long)received);
	assert_int_equal(packets(counted, IO_RECEIVE) + packets(counted, IO_TRANSMIT),
			 interface_packets(counted, "rx") + interface_packets(counted, "tx") -
				 (long)late);
}

static void tcx_follows_new_interfaces(void **state)
{
	follow(state, TC_TCX);
}

static void clsact_follows_new_interfaces(void **state)
{
	follow(state, TC_CLSACT);
}

static void an_interface_that_moves_is_watched_on(void **state)
{
	struct counted *counted = begin(state, TC_TCX);
	struct tc_watch_status before, after;

	assert_int_equal(tc_watch_open(counted->sides, &counted->watch), 0);
	tc_watch_status(counted->watch, &before);
	assert_int_equal(lab_run("ip netns add %s-3 && ip -n %s link set veth-near netns %s-3",
				 counted->lab.near, counted->lab.near, counted->lab.near),
			 0);
	await(counted, offsetof(struct tc_watch_status, late), before.late + 2); /* lo, too */
	assert_int_equal(lab_run("ip netns del %s && ip netns add %s && ip -n %s-3 link set "
				 "veth-near netns %s",
				 counted->lab.near, counted->lab.near, counted->lab.near,
				 counted->lab.near),
			 0);
	await(counted, offsetof(struct tc_watch_status, late), before.late + 4);
	assert_int_equal(raise_pair(counted), 0);
	ping(counted, 4);
	tc_watch_status(counted->watch, &after);
	assert_int_equal(packets(counted, IO_RECEIVE), interface_packets(counted, "rx"));
	assert_int_equal(packets(counted, IO_TRANSMIT), interface_packets(counted, "tx"));
	assert_int_equal(after.refused, before.refused);
	assert_int_equal(after.unwatched_packets, before.unwatched_packets);
	assert_int_equal(lab_run("ip netns del %s-3", counted->lab.near), 0);
}

static int has_clsact(const struct counted *counted)
{
	return !lab_run("tc -n %s qdisc show dev veth-near | grep -q clsact",
			counted->lab.near);
}

/* Another filter beside ours, or away with it again, in the namespace of veth-near. */
static void with_filter_of_others(const struct counted *counted, struct tc_hook *other)
{
	char path[64];
	int own = open("/proc/self/ns/net", O_RDONLY), near;

	snprintf(path, sizeof(path), "/run/netns/%s", counted->lab.near);
	near = open(path, O_RDONLY);
	assert_int_equal(setns(near, CLONE_NEWNET), 0);
	if (other->kind == TC_NONE)
		tc_hook_attach(other, TC_CLSACT, IO_TRANSMIT, counted->index,
			       counted->sides[0].program);
	else
		tc_hook_detach(other);
	assert_int_equal(setns(own, CLONE_NEWNET), 0);
	close(near);
	close(own);
}

static int count_filters(const struct counted *counted)
{
	int count;
	char command[128];
	FILE *out;

	snprintf(command, sizeof(command),
		 "tc -n %s filter show dev veth-near egress | grep -c handle",
		 counted->lab.near);
	out = popen(command, "r");
	assert_non_null(out);
	assert_int_equal(fscanf(out, "%d", &count), 1);
	pclose(out);
	return count;
}

static void a_qdisc_that_was_made_goes_again(void **state)
{
	struct counted *counted = begin(state, TC_CLSACT);

	assert_int_equal(tc_watch_open(counted->sides, &counted->watch), 0);
	assert_true(has_clsact(counted));
	tc_watch_close(counted->watch);
	counted->watch = NULL;
	assert_false(has_clsact(counted));
}

static void a_qdisc_and_filters_of_others_stay(void **state)
{
	struct counted *counted = begin(state, TC_CLSACT);
	struct tc_hook other = {.kind = TC_NONE};

	assert_int_equal(lab_run("tc -n %s qdisc add dev veth-near clsact", counted->lab.near),
			 0);
	assert_int_equal(tc_watch_open(counted->sides, &counted->watch), 0);
	tc_watch_close(counted->watch);
	assert_true(has_clsact(counted));
	assert_int_equal(lab_run("tc -n %s qdisc del dev veth-near clsact", counted->lab.near),
			 0);

	assert_int_equal(tc_watch_open(counted->sides, &counted->watch), 0);
	with_filter_of_others(counted, &other);
	assert_int_equal(other.kind, TC_CLSACT);
	assert_int_equal(count_filters(counted), 2);
	tc_watch_close(counted->watch);
	counted->watch = NULL;
	assert_true(has_clsact(counted));
	assert_int_equal(count_filters(counted), 1);
	with_filter_of_others(counted, &other);
	assert_int_equal(count_filters(counted), 0);
}

static void what_others_take_away_is_put_back_and_counted(void **state)
{
	struct counted *counted = begin(state, TC_CLSACT);
	struct tc_watch_status before;
	uint64_t received;

	assert_int_equal(tc_watch_open(counted->sides, &counted->watch), 0);
	tc_watch_status(counted->watch, &before);
	assert_int_equal(raise_pair(counted), 0);
	assert_int_equal(lab_run("tc -n %s qdisc del dev veth-near clsact", counted->lab.near),
			 0);
	await(counted, offsetof(struct tc_watch_status, lost), before.lost + 2);
	/* They were counted when they were found missing; a moment later they are back. */
	while (!has_clsact(counted))
		usleep(5000);
	received = packets(counted, IO_RECEIVE);
	ping(counted, 2);
	assert_true(packets(counted, IO_RECEIVE) >= received);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tcx_counts_every_packet_once_in_each_direction,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			clsact_counts_every_packet_once_in_each_direction, setup, teardown),
		cmocka_unit_test_setup_teardown(tcx_follows_new_interfaces, setup, teardown),
		cmocka_unit_test_setup_teardown(clsact_follows_new_interfaces, setup, teardown),
		cmocka_unit_test_setup_teardown(an_interface_that_moves_is_watched_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_qdisc_that_was_made_goes_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_qdisc_and_filters_of_others_stay, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_others_take_away_is_put_back_and_counted,
						setup, teardown),
	};

	lab_alone();
	libbpf_set_print(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads the yardsticks and the programs that do nothing, attaches them, and tells their run
 * times.
 */
#include "testdata/bench/kernel/yardstick_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct floor {
	struct yardsticks *skeleton;
	struct bpf_program *programs[FLOORS][HOOKS];
	struct bpf_link *links[HOOKS];
	const struct place *places;
	size_t place_count;
};

/* --- attaching --- */

static int here(void)
{
	int network_namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (network_namespace < 0)
		fail("network namespace");
	return network_namespace;
}

/*
 * By clsact, which every kernel has that Flowtape runs on; that costs a packet the same as tcx
 * (which the kernel's statistics of the program do not show anyway).
 */
static void attach(const struct place *places, size_t place_count,
		   struct bpf_program *const programs[HOOKS], unsigned int priority)
{
	struct place home = {.network_namespace = here()};

	for (size_t i = 0; i < place_count; i++) {
		LIBBPF_OPTS(bpf_tc_hook, where, .ifindex = (int)places[i].interface,
			    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
		int error;

		place_enter(&places[i]);
		error = bpf_tc_hook_create(&where);
		if (error == -EEXIST)
			error = 0;
		for (int hook = 0; hook < HOOKS && !error; hook++) {
			LIBBPF_OPTS(bpf_tc_opts, what,
				    .prog_fd = bpf_program__fd(programs[hook]), .handle = 1,
				    .priority = priority);

			where.attach_point = hook == RECEIVE ? BPF_TC_INGRESS : BPF_TC_EGRESS;
			error = bpf_tc_attach(&where, &what);
		}
		errno = -error;
		if (error)
			fail("cannot attach to TC");
	}
	place_enter(&home);
	close(home.network_namespace);
}

static void detach(const struct place *places, size_t place_count, unsigned int priority)
{
	struct place home = {.network_namespace = here()};

	for (size_t i = 0; i < place_count; i++) {
		place_enter(&places[i]);
		for (int hook = 0; hook < HOOKS; hook++) {
			LIBBPF_OPTS(bpf_tc_hook, where, .ifindex = (int)places[i].interface,
				    .attach_point =
					    hook == RECEIVE ? BPF_TC_INGRESS : BPF_TC_EGRESS);
			LIBBPF_OPTS(bpf_tc_opts, what, .handle = 1, .priority = priority);

			if (bpf_tc_detach(&where, &what))
				fail("cannot detach from TC");
		}
	}
	place_enter(&home);
	close(home.network_namespace);
}

/* --- loading --- */

static struct yardsticks *open_none(void)
{
	struct yardsticks *skeleton = yardsticks__open();
	struct bpf_program *program;
	struct bpf_map *map;

	if (!skeleton)
		fail("cannot open the yardsticks");
	bpf_object__for_each_program(program, skeleton->obj)
		bpf_program__set_autoload(program, false);
	bpf_object__for_each_map(map, skeleton->obj)
		bpf_map__set_autocreate(map, map == skeleton->maps.losses);
	return skeleton;
}

static void load(struct yardsticks *skeleton)
{
	int error = yardsticks__load(skeleton);

	errno = -error;
	if (error)
		fail("cannot load the yardsticks");
}

static void instance_open(struct instance *instance, enum design_kind kind, uint32_t entries)
{
	struct yardsticks *skeleton = open_none();

	instance->skeleton = skeleton;
	switch (kind) {
	case SEVEN_TUPLE_LOCK:
		instance->programs[RECEIVE] = skeleton->progs.lock_ingress;
		instance->programs[TRANSMIT] = skeleton->progs.lock_egress;
		instance->table = skeleton->maps.seven_lock;
		break;
	case SEVEN_TUPLE_LOCK_PREALLOC:
		instance->programs[RECEIVE] = skeleton->progs.prealloc_ingress;
		instance->programs[TRANSMIT] = skeleton->progs.prealloc_egress;
		instance->table = skeleton->maps.seven_prealloc;
		break;
	default:
		instance->programs[RECEIVE] = skeleton->progs.percpu_ingress;
		instance->programs[TRANSMIT] = skeleton->progs.percpu_egress;
		instance->table = skeleton->maps.twelve_percpu;
	}
	for (int hook = 0; hook < HOOKS; hook++)
		bpf_program__set_autoload(instance->programs[hook], true);
	bpf_map__set_autocreate(instance->table, true);
	bpf_map__set_max_entries(instance->table, entries);
	load(skeleton);
	attach(instance->places, instance->place_count, instance->programs, 1);
}

struct yardstick *yardstick_open(enum design_kind kind, enum tables tables, uint32_t entries,
				 const struct place *places, size_t place_count)
{
	struct yardstick *yardstick = calloc(1, sizeof(*yardstick));

	if (!yardstick)
		fail("memory");
	yardstick->kind = kind;
	yardstick->count = tables == TABLE_EACH ? place_count : 1;
	for (size_t i = 0; i < yardstick->count; i++) {
		struct instance *instance = &yardstick->instances[i];

		instance->places = places + i;
		instance->place_count = tables == TABLE_EACH ? 1 : place_count;
		instance_open(instance, kind, entries);
	}
	return yardstick;
}

void yardstick_close(struct yardstick *yardstick)
{
	for (size_t i = 0; i < yardstick->count; i++) {
		struct instance *instance = &yardstick->instances[i];

		detach(instance->places, instance->place_count, 1);
		yardsticks__destroy(instance->skeleton);
	}
	free(yardstick);
}

struct floor *floor_open(const struct place *places, size_t place_count)
{
	struct floor *floor = calloc(1, sizeof(*floor));
	struct yardsticks *skeleton = open_none();

	if (!floor)
		fail("memory");
	*floor = (struct floor){
		.skeleton = skeleton,
		.places = places,
		.place_count = place_count,
		.programs = {{skeleton->progs.nothing_ingress, skeleton->progs.nothing_egress},
			     {skeleton->progs.nothing_receive,
			      skeleton->progs.nothing_transmit}},
	};
	for (int kind = 0; kind < FLOORS; kind++)
		for (int hook = 0; hook < HOOKS; hook++)
			bpf_program__set_autoload(floor->programs[kind][hook], true);
	load(skeleton);
	attach(places, place_count, floor->programs[FLOOR_TC], 2);
	for (int hook = 0; hook < HOOKS; hook++) {
		floor->links[hook] =
			bpf_program__attach(floor->programs[FLOOR_TRACEPOINT][hook]);
		if (!floor->links[hook])
			fail("cannot attach to a tracepoint");
	}
	return floor;
}

void floor_close(struct floor *floor)
{
	for (int hook = 0; hook < HOOKS; hook++)
		bpf_link__destroy(floor->links[hook]);
	detach(floor->places, floor->place_count, 2);
	yardsticks__destroy(floor->skeleton);
	free(floor);
}

/* --- what it costs --- */

static void add_runs(struct bpf_program *const programs[HOOKS], struct runs runs[HOOKS])
{
	for (int hook = 0; hook < HOOKS; hook++) {
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(programs[hook]), &info, &size))
			fail("program statistics");
		runs[hook].count += info.run_cnt;
		runs[hook].time_ns += info.run_time_ns;
	}
}

void yardstick_runs(const struct yardstick *yardstick, struct runs runs[HOOKS])
{
	memset(runs, 0, HOOKS * sizeof(*runs));
	for (size_t i = 0; i < yardstick->count; i++)
		add_runs(yardstick->instances[i].programs, runs);
}

void floor_runs(const struct floor *floor, enum floor_kind kind, struct runs runs[HOOKS])
{
	memset(runs, 0, HOOKS * sizeof(*runs));
	add_runs(floor->programs[kind], runs);
}

/* A TCP packet with an acknowledgement and 46 bytes, 10.0.0.1 port 12345 to 10.0.0.2 port 8080.
 */
static double test_run_ns(const struct bpf_program *program, unsigned int times)
{
	static const uint8_t packet[100] = {
		0x02, 0,    0,	  0,	0, 1,  0x02, 0, 0, 0,  0, 2, 0x08, 0x00, 0x45, 0,   0,
		86,   0x12, 0x34, 0x40, 0, 64, 6,    0, 0, 10, 0, 0, 1,	   10,	 0,    0,   2,
		0x30, 0x39, 0x1f, 0x90, 0, 0,  0,    1, 0, 0,  0, 1, 0x50, 0x10, 0xff, 0xff};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet,
		    .data_size_in = sizeof(packet), .repeat = (int)times);

	if (bpf_prog_test_run_opts(bpf_program__fd(program), &options))
		fail("BPF_PROG_TEST_RUN");
	return options.duration;
}

double yardstick_test_run_ns(const struct yardstick *yardstick, unsigned int times)
{
	return test_run_ns(yardstick->instances[0].programs[RECEIVE], times);
}

double floor_test_run_ns(const struct floor *floor, unsigned int times)
{
	return test_run_ns(floor->programs[FLOOR_TC][RECEIVE], times);
}

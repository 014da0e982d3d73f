/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a packet's sighting costs in each design, workload by workload.
 *
 * A round gives every design one turn: attach it alone with empty tables, send the same packets
 * as in any other turn, take the run-time statistics of the part that is measured, detach. Each
 * round begins with the next design. Designs are not attached together: each would throw the
 * others' entries out of the caches and pay for memory that the others made the kernel
 * allocate, and on a host there is one. What slows the machine for a while is in a whole round
 * or in few of them, and the median of the rounds' ratios leaves it out.
 *
 * Flowtape's key has the namespace: at each end of the cable a connection is another flow. The
 * 7-tuple yardsticks have a table for each end, too, as on two hosts, so that a sighting is
 * compared with its like. seven_tuple_lock_shared is one host that watches both ends: the far
 * end finds what the near end made or fetched a microsecond ago. The 12-tuple has the interface
 * in its key, so there one table is as good as two.
 *
 * Programs that do nothing are attached behind each design; what they cost in the same turn, at
 * the same kind of hook, is the floor that is taken off.
 */
#include "testdata/bench/kernel/datagrams.h"
#include "testdata/bench/kernel/design.h"
#include "testdata/bench/kernel/requests.h"

#include <bpf/bpf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TABLE_ENTRIES 131072U
#define MANY_FLOWS    20000U
#define TEST_RUNS     200000U
#define FOREIGN_MOST  0.02
#define TRIES_MOST    3

static const struct contender {
	const char *name;
	enum design_kind kind;
	enum tables tables;
} contenders[] = {
	{"flowtape", FLOWTAPE, TABLE_SHARED},
	{"seven_tuple_lock", SEVEN_TUPLE_LOCK, TABLE_EACH},
	{"seven_tuple_lock_shared", SEVEN_TUPLE_LOCK, TABLE_SHARED},
	{"seven_tuple_lock_prealloc", SEVEN_TUPLE_LOCK_PREALLOC, TABLE_EACH},
	{"percpu_twelve_tuple", PERCPU_TWELVE_TUPLE, TABLE_SHARED},
	{"flowtape_with_packets", FLOWTAPE_PACKETS, TABLE_SHARED},
};

#define CONTENDERS ((int)(sizeof(contenders) / sizeof(contenders[0])))

/* The far end routes this to nobody: datagrams are seen there, and not answered. */
#define DATAGRAM_ADDRESS "198.18.0.2"
#define SERVER_ADDRESS	 "198.18.1.2"

struct load {
	struct datagrams *datagrams;
	struct server *server;
};

/* Datagrams, or requests. */
struct traffic {
	uint32_t datagrams, flows;
	enum flow_order order;
	struct requests requests;
};

static const struct workload {
	const char *name;
	struct traffic warm, measured;
} workloads[] = {
	{"one_flow", {.datagrams = 1000, .flows = 1}, {.datagrams = 30000, .flows = 1}},
	{"many_flows",
	 {.datagrams = MANY_FLOWS, .flows = MANY_FLOWS},
	 {.datagrams = 30000, .flows = MANY_FLOWS, .order = AT_RANDOM}},
	{"new_flow", {.datagrams = 1000, .flows = 1}, {.datagrams = 20000, .flows = 20000}},
	{"keep_alive", {.requests = {1, 100, 100, 1000}}, {.requests = {8, 750, 100, 1000}}},
	{"connections", {.requests = {1, 100, 100, 1000}}, {.requests = {1500, 1, 100, 1000}}},
	{"bulk", {.requests = {1, 100, 100, 1000}}, {.requests = {1, 200, 1 << 20, 1}}},
};

#define WORKLOADS (sizeof(workloads) / sizeof(workloads[0]))

/* Of a turn, or of several: each hook, and the mean of all sightings. */
enum figure { COMBINED = HOOKS, FIGURES };

static const char *const figure_names[FIGURES] = {"receive", "transmit", "combined"};

struct turn {
	double cost_ns[FIGURES]; /* above the floor */
	double floor_ns[FIGURES];
	double sightings;
	double foreign; /* sightings of other packets, for each of ours */
	uint64_t losses;
};

struct results {
	struct samples cost_ns[CONTENDERS][FIGURES];
	struct samples floor_ns[CONTENDERS][FIGURES];
	struct samples ratio[CONTENDERS][FIGURES]; /* Flowtape's to this one's */
	struct samples test_run_ns[CONTENDERS];
	struct samples foreign[CONTENDERS];
	uint64_t losses[CONTENDERS];
};

struct snapshot {
	struct runs design[HOOKS], floors[FLOORS][HOOKS];
};

static void snapshot(const struct design *design, const struct floor *floor,
		     struct snapshot *snapshot)
{
	design_runs(design, snapshot->design);
	for (int kind = 0; kind < FLOORS; kind++)
		floor_runs(floor, kind, snapshot->floors[kind]);
}

static double mean_ns(const struct runs *before, const struct runs *after)
{
	if (after->count == before->count)
		fail("no packet was seen");
	return (double)(after->time_ns - before->time_ns) /
	       (double)(after->count - before->count);
}

static void compare(const struct snapshot *before, const struct snapshot *after,
		    enum floor_kind kind, struct turn *turn)
{
	double own = 0;

	*turn = (struct turn){0};
	for (int hook = 0; hook < HOOKS; hook++) {
		double runs = (double)(after->design[hook].count - before->design[hook].count);

		own += (double)(after->floors[FLOOR_TC][hook].count -
				before->floors[FLOOR_TC][hook].count);
		turn->floor_ns[hook] =
			mean_ns(&before->floors[kind][hook], &after->floors[kind][hook]);
		turn->cost_ns[hook] = mean_ns(&before->design[hook], &after->design[hook]) -
				      turn->floor_ns[hook];
		turn->sightings += runs;
		turn->cost_ns[COMBINED] += turn->cost_ns[hook] * runs;
		turn->floor_ns[COMBINED] += turn->floor_ns[hook] * runs;
	}
	turn->cost_ns[COMBINED] /= turn->sightings;
	turn->floor_ns[COMBINED] /= turn->sightings;
	turn->foreign = turn->sightings / own - 1;
}

static void send_traffic(struct load *load, const struct traffic *traffic)
{
	if (traffic->datagrams)
		datagrams_send(load->datagrams, traffic->datagrams, traffic->flows,
			       traffic->order);
	else
		requests_ask(load->server, &traffic->requests);
}

static void take_turn(const struct contender *contender, const struct workload *workload,
		      struct load *load, const struct place places[2], struct turn *turn)
{
	enum floor_kind kind = is_flowtape(contender->kind) ? FLOOR_TRACEPOINT : FLOOR_TC;
	struct design *design =
		design_open(contender->kind, contender->tables, TABLE_ENTRIES, places, 2);
	struct floor *floor = floor_open(places, 2);
	struct snapshot before, after;

	send_traffic(load, &workload->warm);
	snapshot(design, floor, &before);
	send_traffic(load, &workload->measured);
	snapshot(design, floor, &after);
	compare(&before, &after, kind, turn);
	turn->losses = design_losses(design);
	floor_close(floor);
	design_close(design);
}

/* Flowtape sees all namespaces; when there was much else to see, its turn is taken again. */
static void take_quiet_turn(const struct contender *contender, const struct workload *workload,
			    struct load *load, const struct place places[2], struct turn *turn)
{
	struct turn other;

	take_turn(contender, workload, load, places, turn);
	for (int tries = 1; tries < TRIES_MOST && turn->foreign > FOREIGN_MOST; tries++) {
		take_turn(contender, workload, load, places, &other);
		if (other.foreign < turn->foreign)
			*turn = other;
	}
}

static void add_round(struct results *results, const struct turn turns[CONTENDERS])
{
	for (int who = 0; who < CONTENDERS; who++) {
		const struct turn *turn = &turns[who];

		samples_add(&results->foreign[who], turn->foreign);
		results->losses[who] += turn->losses;
		for (int i = 0; i < FIGURES; i++) {
			samples_add(&results->cost_ns[who][i], turn->cost_ns[i]);
			samples_add(&results->floor_ns[who][i], turn->floor_ns[i]);
			samples_add(&results->ratio[who][i],
				    turns[0].cost_ns[i] / turn->cost_ns[i]);
		}
	}
}

/* The second opinion that the kernel gives of programs at TC: one packet again and again. */
static void test_run(struct results *results, const struct place places[2])
{
	struct floor *floor = floor_open(places, 2);

	for (int who = 0; who < CONTENDERS; who++) {
		const struct contender *contender = &contenders[who];
		struct design *design;

		if (is_flowtape(contender->kind))
			continue;
		design = design_open(contender->kind, contender->tables, TABLE_ENTRIES, places,
				     2);
		samples_add(&results->test_run_ns[who],
			    design_test_run_ns(design, TEST_RUNS) -
				    floor_test_run_ns(floor, TEST_RUNS));
		design_close(design);
	}
	floor_close(floor);
}

static void print(const char *what, int who, const char *hook, const struct samples *samples)
{
	struct summary summary = samples_summary(samples);

	printf("%s\t%s\t%s\t%.4f\t%.4f\t%.4f\n", what, contenders[who].name, hook,
	       summary.median, summary.low, summary.high);
}

static void print_results(const struct results *results)
{
	for (int who = 0; who < CONTENDERS; who++) {
		printf("design\t%s\t%.4f\t%" PRIu64 "\n", contenders[who].name,
		       samples_summary(&results->foreign[who]).median, results->losses[who]);
		for (int i = 0; i < FIGURES; i++) {
			print("cost", who, figure_names[i], &results->cost_ns[who][i]);
			print("ratio", who, figure_names[i], &results->ratio[who][i]);
			print("floor", who, figure_names[i], &results->floor_ns[who][i]);
		}
		if (results->test_run_ns[who].count)
			print("test_run", who, "", &results->test_run_ns[who]);
	}
}

int flows_part(const char *name, int rounds, const struct place *near, const struct place *far)
{
	const struct place places[2] = {*near, *far};
	const struct workload *workload = NULL;
	struct results *results = calloc(1, sizeof(*results));
	struct load load;
	double began_s = now_s();
	int done = 0, statistics;

	for (size_t i = 0; i < WORKLOADS; i++)
		if (!strcmp(workloads[i].name, name))
			workload = &workloads[i];
	if (!workload || !results)
		return -1;
	place_on_one_cpu();
	statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (statistics < 0)
		fail("run-time statistics");
	load.server = server_open(near, far, SERVER_ADDRESS);
	load.datagrams = datagrams_open(DATAGRAM_ADDRESS);
	for (; rounds_go_on(done, rounds, began_s); done++) {
		struct turn turns[CONTENDERS];

		for (int i = 0; i < CONTENDERS; i++) {
			int who = (done + i) % CONTENDERS;

			take_quiet_turn(&contenders[who], workload, &load, places, &turns[who]);
		}
		add_round(results, turns);
		if (workload == workloads)
			test_run(results, places);
	}
	printf("rounds\t%d\n", done);
	print_results(results);
	datagrams_close(load.datagrams);
	server_close(load.server);
	close(statistics);
	free(results);
	return 0;
}

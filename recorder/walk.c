/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks through the kernel's conntrack table.
 */
#include "recorder/walk.h"
#include "recorder/probes_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS    1000000000ULL
#define CHAINS	     65536U /* walked by one run, when they are empty */
#define TABLE_CHAINS (1U << 30)
#define LOOKED_AT    4096U /* translations at once */

/* A walk that took so long is followed by the next one after so many times that. */
static const unsigned int patience[] = {
	[WALK_AT_LEISURE] = 500, [WALK_SOON] = 20, [WALK_NOW] = 0};

struct walk {
	struct flowtape_bpf *skeleton;
	uint64_t *translations; /* how many there are, for the probes */
	int is_planned;
	void (*take_events)(void *context);
	void *context;
	uint64_t begun_ns, cost_ns; /* of the last one */
	uint64_t keys[LOOKED_AT];
	struct living_nat values[LOOKED_AT];
};

struct walk *walk_new(struct probes *probes, void (*take_events)(void *context), void *context)
{
	const struct probe *chosen = plan_chosen(&probes->plan, FEATURE_NAT_END);
	struct walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return NULL;
	walk->is_planned = chosen && chosen->alternative->hook == HOOK_WALK;
	walk->skeleton = probes->skeleton;
	walk->translations = &probes->entries[KNOWN_TRANSLATIONS];
	walk->take_events = take_events;
	walk->context = context;
	return walk;
}

void walk_free(struct walk *walk)
{
	free(walk);
}

void walk_start_is_told(struct walk *walk, uint64_t now_ns)
{
	if (!walk->skeleton)
		return;
	walk->skeleton->bss->walk_since_ns = now_ns;
	walk->skeleton->bss->start_is_told = 1;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* What a program returned, or UINT32_MAX when it could not be run. */
static uint32_t run(struct bpf_program *program, uint64_t first, uint64_t second)
{
	uint64_t arguments[2] = {first, second};
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = arguments,
		    .ctx_size_in = sizeof(arguments));

	return bpf_prog_test_run_opts(bpf_program__fd(program), &options) ? UINT32_MAX
									  : options.retval;
}

/* How many chains the table has; 0 where there is none. */
static uint32_t count_chains(void)
{
	int file = open("/proc/sys/net/netfilter/nf_conntrack_buckets", O_RDONLY | O_CLOEXEC);
	char text[32] = "";
	unsigned long chains = 0;

	if (file < 0)
		return 0;
	if (read(file, text, sizeof(text) - 1) > 0)
		chains = strtoul(text, NULL, 10);
	close(file);
	return chains < TABLE_CHAINS ? (uint32_t)chains : 0;
}

/* Whether there is a table, and where it is; it moves when its size is changed. */
static int find_table(struct walk *walk)
{
	struct flowtape_bpf__bss *shared = walk->skeleton->bss;

	shared->walk_chains = count_chains();
	return shared->walk_chains &&
	       run(walk->skeleton->progs.find_conntrack_table, 0, 0) == 1;
}

/* Returns whether every chain was walked to its end. */
static int walk_chains(struct walk *walk, uint32_t chains)
{
	for (uint32_t at = 0, got; at < chains; at = got) {
		uint32_t end = chains - at > CHAINS ? at + CHAINS : chains;

		got = run(walk->skeleton->progs.walk_conntrack, at, end);
		if (got <= at || got > end)
			return 0;
	}
	return 1;
}

/* End what the walk has not come by, of the translations that were just read. */
static void end_gone(struct walk *walk, uint32_t count)
{
	struct flowtape_bpf__bss *shared = walk->skeleton->bss;
	const uint32_t most = sizeof(shared->gone) / sizeof(shared->gone[0]);
	uint32_t gone = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (walk->values[i].walk != shared->walk_number)
			shared->gone[gone++] = walk->keys[i];
		if (!gone || (gone < most && i + 1 < count))
			continue;
		run(walk->skeleton->progs.end_gone, gone, 0);
		walk->take_events(walk->context);
		gone = 0;
	}
}

static void look_for_gone(struct walk *walk)
{
	int map = bpf_map__fd(walk->skeleton->maps.translations);
	uint64_t position[8]; /* opaque to us; a hash map uses 4 bytes of it */
	uint64_t seen = 0;
	void *from = NULL;
	int ended = 0;

	while (!ended) {
		uint32_t count = LOOKED_AT;

		ended = bpf_map_lookup_batch(map, from, position, walk->keys, walk->values,
					     &count, NULL);
		if (ended && ended != -ENOENT)
			return;
		end_gone(walk, count);
		from = position;
		seen += count;
	}
	*walk->translations = seen;
}

static int is_due(const struct walk *walk, uint64_t now_ns, enum walk_need need)
{
	uint64_t wait_ns = walk->cost_ns * patience[need];

	if (need == WALK_AT_LEISURE && wait_ns < PERIOD_NS)
		wait_ns = PERIOD_NS;
	return now_ns >= walk->begun_ns + wait_ns;
}

void walk_when_due(struct walk *walk, uint64_t now_ns, enum walk_need need)
{
	uint64_t before_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	struct flowtape_bpf__bss *shared;

	if (!walk->is_planned || !is_due(walk, now_ns, need) || !find_table(walk))
		return;
	shared = walk->skeleton->bss;
	__atomic_add_fetch(&shared->walk_number, 1, __ATOMIC_SEQ_CST);
	if (walk_chains(walk, shared->walk_chains)) {
		look_for_gone(walk);
		shared->walk_since_ns = now_ns;
	}
	walk->begun_ns = now_ns;
	walk->cost_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before_ns;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses, loads and attaches the programs in the kernel.
 *
 * Facts that cost nothing come first. What they leave is loaded as one object; only where the
 * kernel refuses that is each program tried alone, to learn which it was. The next alternative
 * then takes its place, and all of it begins anew.
 */
#include "recorder/probes.h"
#include "recorder/probes_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Only this thread's last words of libbpf are kept; it has no other way to return them. */
static _Thread_local char last_words[512];

static int keep_words(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[512];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = 0;
	if (line[0])
		memcpy(last_words, line, sizeof(last_words));
	return 0;
}

static struct bpf_program *program_of(const struct flowtape_bpf *skeleton,
				      const struct alternative *alternative, int i)
{
	return alternative->programs[i]
		       ? bpf_object__find_program_by_name(skeleton->obj,
							  alternative->programs[i])
		       : NULL;
}

/* Load nothing but the programs of what is chosen, or of one alternative alone. */
static void select_programs(struct flowtape_bpf *skeleton, const struct plan *plan,
			    const struct alternative *alone)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, skeleton->obj)
		bpf_program__set_autoload(program, false);
	for (size_t i = 0; i < plan->count; i++) {
		const struct alternative *one = plan->probes[i].alternative;

		if (alone ? one != alone : plan->probes[i].state != PROBE_CHOSEN)
			continue;
		for (int j = 0; j < ALTERNATIVE_PROGRAMS; j++)
			if (program_of(skeleton, one, j))
				bpf_program__set_autoload(program_of(skeleton, one, j), true);
	}
}

/* What a trial needs no room for. */
static void shrink_maps(struct flowtape_bpf *skeleton)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, skeleton->obj)
	{
		if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
			bpf_map__set_max_entries(map, (uint32_t)sysconf(_SC_PAGESIZE));
		else if (bpf_map__type(map) != BPF_MAP_TYPE_SK_STORAGE)
			bpf_map__set_max_entries(map, 1);
	}
}

/* Load the programs of one alternative in an object of its own, which is thrown away. */
static int try_alone(const struct plan *plan, const struct alternative *alternative)
{
	struct flowtape_bpf *skeleton = flowtape_bpf__open();
	int error;

	if (!skeleton)
		return -ENOMEM;
	select_programs(skeleton, plan, alternative);
	shrink_maps(skeleton);
	error = flowtape_bpf__load(skeleton);
	flowtape_bpf__destroy(skeleton);
	return error;
}

/*
 * Find out which of the chosen are to blame that the object does not load, of those only that
 * others could take the place of, or of all. Returns how many.
 */
static int find_refused(struct plan *plan, int only_replaceable)
{
	int count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		struct probe *probe = &plan->probes[i];
		int error;

		if (probe->state != PROBE_CHOSEN || !probe->alternative->programs[0] ||
		    (only_replaceable && !plan_has_spare(plan, probe)))
			continue;
		error = try_alone(plan, probe->alternative);
		if (!error)
			continue;
		plan_refuse(plan, probe, "the kernel refused to load it: %s",
			    strerrorname_np(-error));
		count++;
	}
	return count;
}

static void check_facts(struct plan *plan, struct kernel_facts *facts)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct probe *probe = &plan->probes[i];
		const char *against;

		if (probe->state != PROBE_CHOSEN)
			continue;
		against = kernel_facts_against(facts, probe->alternative);
		if (against)
			plan_refuse(plan, probe, "%s", against);
	}
}

/* Choose until the facts say no to nothing that is chosen. */
static void choose(struct plan *plan, struct kernel_facts *facts)
{
	struct plan before;

	do {
		before = *plan;
		plan_choose(plan);
		check_facts(plan, facts);
	} while (memcmp(&before, plan, sizeof(before)));
}

static int say(char **problem, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(problem, format, arguments) < 0)
		*problem = NULL;
	va_end(arguments);
	return error;
}

/* The first required feature that has no alternative left, told as the problem; 0: all have. */
static int find_missing(struct probes *probes, int error, char **problem)
{
	const struct plan *plan = &probes->plan;

	for (int feature = 0; feature < FEATURE_COUNT; feature++) {
		const struct probe *last = NULL;

		if (!plan_is_required(feature) || plan_chosen(&probes->plan, feature))
			continue;
		for (size_t i = 0; i < plan->count; i++)
			if (plan->probes[i].alternative->feature == (enum feature)feature)
				last = &plan->probes[i];
		if (error == -EPERM)
			return say(problem, error,
				   "the kernel allows no BPF here: run as root, or with "
				   "CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN");
		return say(problem, error ? error : -ENOENT, "no way to record: %s, %s: %s",
			   last->feature, last->variant,
			   last->state == PROBE_LEFT_OUT ? "left out by --without"
							 : last->explanation);
	}
	return 0;
}

static int open_object(struct probes *probes, const struct probes_options *options)
{
	const struct probe *nat;

	flowtape_bpf__destroy(probes->skeleton);
	probes->skeleton = flowtape_bpf__open();
	if (!probes->skeleton)
		return -ENOMEM;
	if (options->flow_entries) {
		bpf_map__set_max_entries(probes->skeleton->maps.flows_0, options->flow_entries);
		bpf_map__set_max_entries(probes->skeleton->maps.flows_1, options->flow_entries);
	}
	select_programs(probes->skeleton, &probes->plan, NULL);
	nat = plan_chosen(&probes->plan, FEATURE_NAT);
	probes->skeleton->rodata->nat_from_packets =
		nat && nat->alternative->hook != HOOK_NETLINK;
	return 0;
}

/* Load all that is chosen; where the kernel refuses that, choose again. */
static int load(struct probes *probes, const struct probes_options *options,
		struct kernel_facts *facts, char **problem)
{
	int error, missing;

	for (;;) {
		error = open_object(probes, options);
		if (error)
			return error;
		error = flowtape_bpf__load(probes->skeleton);
		if (!error)
			return 0;
		if (!find_refused(&probes->plan, 1) && !find_refused(&probes->plan, 0))
			return say(problem, error, "cannot load the BPF programs: %s (%s)",
				   strerror(-error), last_words);
		choose(&probes->plan, facts);
		missing = find_missing(probes, error, problem);
		if (missing)
			return missing;
	}
}

static int listen_to(struct probes *probes, enum feature feature)
{
	int error = probes->notices ? 0 : notices_open(&probes->notices);

	return error ? error
		     : notices_join(probes->notices,
				    feature == FEATURE_NAT ? NOTICES_NEW : NOTICES_END);
}

static int attach_probe(struct probes *probes, size_t i, struct kernel_facts *facts)
{
	const struct alternative *alternative = probes->plan.probes[i].alternative;

	if (alternative->hook == HOOK_NETLINK)
		return listen_to(probes, alternative->feature);
	for (int j = 0; j < ALTERNATIVE_PROGRAMS; j++) {
		struct bpf_program *program = program_of(probes->skeleton, alternative, j);

		if (!program || alternative->hook == HOOK_WALK)
			continue;
		probes->links[i][j] = attach_program(program, alternative, facts);
		if (!probes->links[i][j])
			return errno ? -errno : -EIO;
	}
	return 0;
}

static void detach_probe(struct probes *probes, size_t i)
{
	for (int j = 0; j < ALTERNATIVE_PROGRAMS; j++) {
		bpf_link__destroy(probes->links[i][j]);
		probes->links[i][j] = NULL;
	}
}

/* Attach what is chosen. Returns how many were refused that others could take the place of. */
static int attach(struct probes *probes, struct kernel_facts *facts)
{
	int replaceable = 0, error;

	for (size_t i = 0; i < probes->plan.count; i++) {
		struct probe *probe = &probes->plan.probes[i];

		if (probe->state != PROBE_CHOSEN)
			continue;
		error = attach_probe(probes, i, facts);
		if (!error)
			continue;
		detach_probe(probes, i);
		plan_refuse(&probes->plan, probe, "the kernel refused to attach it: %s",
			    strerrorname_np(-error));
		replaceable += plan_has_spare(&probes->plan, probe);
	}
	return replaceable;
}

static int load_and_attach(struct probes *probes, const struct probes_options *options,
			   struct kernel_facts *facts, char **problem)
{
	int error, replaceable;

	do {
		choose(&probes->plan, facts);
		error = find_missing(probes, 0, problem);
		if (!error)
			error = load(probes, options, facts, problem);
		if (error)
			return error;
		replaceable = attach(probes, facts);
		if (replaceable)
			probes_detach(probes);
	} while (replaceable);
	return find_missing(probes, 0, problem);
}

static int leave_out(struct plan *plan, const char *words)
{
	char *copy = strdup(words ? words : ""), *rest;

	if (!copy)
		return -ENOMEM;
	for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
		plan_leave_out(plan, word);
	free(copy);
	return 0;
}

int probes_open(const struct probes_options *options, struct probes **out, char **problem)
{
	struct probes *probes = calloc(1, sizeof(*probes));
	struct kernel_facts *facts = kernel_facts_read();
	const struct probe *nat;
	int error = -ENOMEM;

	*problem = NULL;
	if (!probes || !facts)
		goto fail;
	libbpf_set_print(keep_words);
	probes->stats = -1;
	probes->keys = malloc(DRAIN_ENTRIES * sizeof(*probes->keys));
	probes->values = malloc(DRAIN_ENTRIES * sizeof(*probes->values));
	probes->cpu_count = (unsigned int)libbpf_num_possible_cpus();
	probes->counters = calloc(probes->cpu_count, STAGE_COUNTERS * sizeof(uint64_t));
	if (!probes->keys || !probes->values || !probes->counters)
		goto fail;
	plan_begin(&probes->plan);
	error = leave_out(&probes->plan, options->without);
	if (!error)
		error = load_and_attach(probes, options, facts, problem);
	if (error)
		goto fail;
	plan_explain(&probes->plan);
	nat = plan_chosen(&probes->plan, FEATURE_NAT);
	probes->skeleton->bss->inserts_are_seen = nat && nat->alternative->hook != HOOK_SKB;
	/* Only for as long as the descriptor is open; where it is refused, run times stay zero.
	 */
	probes->stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	kernel_facts_free(facts);
	*out = probes;
	return 0;
fail:
	kernel_facts_free(facts);
	probes_close(probes);
	return error;
}

void probes_detach(struct probes *probes)
{
	for (size_t i = 0; i < probes->plan.count; i++)
		detach_probe(probes, i);
}

void probes_close(struct probes *probes)
{
	if (!probes)
		return;
	probes_detach(probes);
	if (probes->stats >= 0)
		close(probes->stats);
	notices_close(probes->notices);
	ring_buffer__free(probes->ring);
	flowtape_bpf__destroy(probes->skeleton);
	free(probes->keys);
	free(probes->values);
	free(probes->counters);
	free(probes);
}

const struct probe *probes_plan(const struct probes *probes, size_t *count)
{
	*count = probes->plan.count;
	return probes->plan.probes;
}

int probes_have(struct probes *probes, enum feature feature)
{
	return plan_chosen(&probes->plan, feature) != NULL;
}

struct notices *probes_notices(const struct probes *probes)
{
	return probes->notices;
}

static int iterate(struct probes *probes, enum feature feature)
{
	const struct probe *chosen = plan_chosen(&probes->plan, feature);

	return chosen ? bpf_iter_create(
				bpf_link__fd(probes->links[chosen - probes->plan.probes][0]))
		      : -ENOENT;
}

int probes_processes(struct probes *probes)
{
	return iterate(probes, FEATURE_STATE_PROCESSES);
}

int probes_own_sockets(struct probes *probes)
{
	int file = iterate(probes, FEATURE_STATE_SOCKETS);
	char nothing[256];
	ssize_t got;

	if (file < 0)
		return file;
	do
		got = read(file, nothing, sizeof(nothing));
	while (got > 0 || (got < 0 && errno == EAGAIN));
	close(file);
	return got < 0 ? -errno : 0;
}

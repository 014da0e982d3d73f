/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses the programs and loads them.
 *
 * Facts that cost nothing come first. What they leave is loaded as one object; only where the
 * kernel refuses that is each program tried alone, to learn which it was. The next alternative
 * then takes its place, and all of it begins anew.
 */
#include "recorder/filter_maps.h"
#include "recorder/probes_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLOW_ENTRIES 65536U
#define TRANSLATIONS (4U << 20) /* at most; empty, the table takes 16 bytes for each */

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

struct bpf_program *loader_program(const struct flowtape_bpf *skeleton,
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
			if (loader_program(skeleton, one, j))
				bpf_program__set_autoload(loader_program(skeleton, one, j),
							  true);
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

static int load_alone(const struct plan *plan, const struct alternative *alternative)
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
 * Load the programs of one alternative in an object of its own, which is thrown away. Returns 1
 * when the kernel refuses that, else 0.
 */
static int is_refused(struct plan *plan, struct probe *probe)
{
	int error;

	if (probe->is_proven || !probe->alternative->programs[0])
		return 0;
	error = load_alone(plan, probe->alternative);
	probe->is_proven = !error;
	if (error)
		plan_refuse(plan, probe, "the kernel refused to load it: %s",
			    strerrorname_np(-error));
	return error != 0;
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

		if (probe->state == PROBE_CHOSEN &&
		    (!only_replaceable || plan_has_spare(plan, probe)))
			count += is_refused(plan, probe);
	}
	return count;
}

static int programs_see_packets(struct plan *plan)
{
	const struct probe *chosen = plan_chosen(plan, FEATURE_FLOW_TRANSMIT);

	return chosen && chosen->alternative->programs[0];
}

/* Kernels that have the function often refuse the hook all the same. */
static int is_doubtful(enum hook_kind hook)
{
	return hook == HOOK_FENTRY || hook == HOOK_FEXIT || hook == HOOK_KPROBE ||
	       hook == HOOK_KRETPROBE;
}

static void check(struct probes *probes, struct kernel_facts *facts)
{
	struct plan *plan = &probes->plan;

	for (size_t i = 0; i < plan->count; i++) {
		struct probe *probe = &plan->probes[i];
		const char *against;

		if (probe->state != PROBE_CHOSEN)
			continue;
		against = kernel_facts_against(facts, probe->alternative);
		if (probe->alternative->hook == HOOK_SKB && !programs_see_packets(plan))
			against = "no program sees the packets that leave";
		if (probe->alternative->hook == HOOK_LIBPCAP && probes->filter &&
		    probes->filter->settings.kinds & ~FILTER_OF_CAPTURES)
			against =
				"it cannot tell namespaces, interfaces and processes, which rules "
				"ask for";
		if (against)
			plan_refuse(plan, probe, "%s", against);
		else if (is_doubtful(probe->alternative->hook))
			is_refused(plan, probe);
	}
}

/* Choose until there is nothing against what is chosen. */
static void choose(struct probes *probes, struct kernel_facts *facts)
{
	struct plan *plan = &probes->plan;
	struct plan before;

	do {
		before = *plan;
		plan_choose(plan);
		check(probes, facts);
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

int loader_find_missing(struct probes *probes, char **problem)
{
	int error = probes->load_error;
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

void loader_close(struct probes *probes)
{
	flow_table_close(probes->flows);
	flowtape_bpf__destroy(probes->skeleton);
	probes->flows = NULL;
	probes->skeleton = NULL;
}

/* Room for as many translations as conntrack has for entries. */
static void size_translations(struct flowtape_bpf *skeleton)
{
	struct bpf_map *map = skeleton->maps.translations;
	FILE *file = fopen("/proc/sys/net/netfilter/nf_conntrack_max", "re");
	unsigned int most;

	if (file && fscanf(file, "%u", &most) == 1 && most > bpf_map__max_entries(map))
		bpf_map__set_max_entries(map, most < TRANSLATIONS ? most : TRANSLATIONS);
	if (file)
		fclose(file);
}

/* Tables that only sightings need take no room where those are not asked for. */
static void prepare_sightings(const struct probes *probes,
			      const struct sighting_options *options,
			      struct flowtape_bpf *skeleton)
{
	struct bpf_map *const tables[] = {
		skeleton->maps.known_packets,  skeleton->maps.known_heads,
		skeleton->maps.known_contents, skeleton->maps.carried_by,
		skeleton->maps.carried_groups, skeleton->maps.sighted,
	};

	if (options->are_wanted) {
		skeleton->rodata->tell_sightings = 1;
		skeleton->rodata->sighting_cpus = probes->cpu_count;
		skeleton->rodata->sighting_seed = probes->seed;
		if (options->sampling_rate > 1)
			skeleton->rodata->sighting_limit = UINT64_MAX / options->sampling_rate;
		if (options->budget_bytes)
			skeleton->rodata->sighting_budget = options->budget_bytes;
		if (options->ring_bytes)
			bpf_map__set_max_entries(skeleton->maps.sightings, options->ring_bytes);
		return;
	}
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		bpf_map__set_max_entries(tables[i], 1);
	bpf_map__set_max_entries(skeleton->maps.sightings, (uint32_t)sysconf(_SC_PAGESIZE));
}

static int open_object(struct probes *probes, const struct probes_options *options,
		       struct kernel_facts *facts)
{
	const struct probe *nat;

	loader_close(probes);
	probes->skeleton = flowtape_bpf__open();
	if (!probes->skeleton)
		return -ENOMEM;
	flow_table_size(probes->skeleton,
			options->flow_entries ? options->flow_entries : FLOW_ENTRIES);
	if (options->ring_bytes)
		bpf_map__set_max_entries(probes->skeleton->maps.events, options->ring_bytes);
	probes->skeleton->rodata->flow_seed = probes->seed;
	probes->skeleton->rodata->tell_packets = !options->count_only;
	probes->skeleton->rodata->kernel_has_casts =
		kernel_facts_have_function(facts, "bpf_rdonly_cast");
	probes->skeleton->rodata->drop_tells_receiver =
		kernel_facts_arguments(facts, "kfree_skb") > 3;
	size_translations(probes->skeleton);
	prepare_sightings(probes, &options->sightings, probes->skeleton);
	select_programs(probes->skeleton, &probes->plan, NULL);
	filter_maps_prepare(options->filter, probes->skeleton);
	nat = plan_chosen(&probes->plan, FEATURE_NAT);
	probes->skeleton->rodata->nat_from_packets =
		nat && nat->alternative->hook != HOOK_NETLINK;
	return 0;
}

/* What an object that is loaded needs before it is attached. */
static int make_ready(struct probes *probes, char **problem)
{
	int error = filter_maps_fill(probes->filter, probes->skeleton);

	if (error)
		return say(problem, error, "cannot give the filter to the kernel: %s",
			   strerror(-error));
	return flow_table_open(probes->skeleton, &probes->flows);
}

static int has_programs(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->probes[i].state == PROBE_CHOSEN &&
		    plan->probes[i].alternative->programs[0])
			return 1;
	return 0;
}

/* Load all that is chosen; where the kernel refuses that, choose again. */
static int load(struct probes *probes, const struct probes_options *options,
		struct kernel_facts *facts, char **problem)
{
	int error = 0;

	while (!error && has_programs(&probes->plan)) {
		error = open_object(probes, options, facts);
		if (error)
			return error;
		error = flowtape_bpf__load(probes->skeleton);
		if (!error)
			return make_ready(probes, problem);
		probes->load_error = error;
		if (!find_refused(&probes->plan, 1) && !find_refused(&probes->plan, 0))
			return say(problem, error, "cannot load the BPF programs: %s (%s)",
				   strerror(-error), last_words);
		choose(probes, facts);
		error = loader_find_missing(probes, problem);
	}
	loader_close(probes);
	return error;
}

int loader_load(struct probes *probes, const struct probes_options *options,
		struct kernel_facts *facts, char **problem)
{
	int error;

	libbpf_set_print(keep_words);
	choose(probes, facts);
	error = loader_find_missing(probes, problem);
	return error ? error : load(probes, options, facts, problem);
}

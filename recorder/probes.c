/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs in the kernel, from their choice to their end.
 */
#include "recorder/filter_maps.h"
#include "recorder/probes.h"
#include "recorder/probes_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static int load_and_attach(struct probes *probes, const struct probes_options *options,
			   struct kernel_facts *facts, char **problem)
{
	int error, replaceable;

	do {
		error = loader_load(probes, options, facts, problem);
		if (error)
			return error;
		replaceable = attach_chosen(probes, facts);
		if (replaceable)
			probes_detach(probes);
	} while (replaceable);
	error = loader_find_missing(probes, problem);
	return error ? error : attach_tc(probes);
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

static int plant_seed(struct flow_hash_seed *seed)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	flow_hash_plant(number, seed);
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
	probes->statistics = -1;
	probes->filter = options->filter;
	probes->cpu_count = (unsigned int)libbpf_num_possible_cpus();
	probes->counters = calloc(probes->cpu_count, STAGE_COUNTERS * sizeof(uint64_t));
	probes->row = calloc(probes->cpu_count, STAGE_COUNTERS * sizeof(uint64_t));
	if (!probes->counters || !probes->row)
		goto fail;
	probes->drop_reasons = drop_reasons_read(facts);
	if (!probes->drop_reasons)
		goto fail;
	error = plant_seed(&probes->seed);
	if (error)
		goto fail;
	plan_begin(&probes->plan);
	error = leave_out(&probes->plan, options->without);
	if (!error)
		error = load_and_attach(probes, options, facts, problem);
	if (error)
		goto fail;
	plan_explain(&probes->plan);
	attach_explain(probes);
	nat = plan_chosen(&probes->plan, FEATURE_NAT);
	if (probes->skeleton) {
		probes->skeleton->bss->inserts_are_seen =
			nat && nat->alternative->programs[0] != NULL;
		probes->skeleton->bss->tcp_has_table =
			probes_have(probes, FEATURE_OWNER_STATE) &&
			probes_have(probes, FEATURE_OWNER_SEND) &&
			probes_have(probes, FEATURE_OWNER_RECEIVE);
	}
	redirects_follow(probes->redirects);
	kernel_facts_free(facts);
	*out = probes;
	return 0;
fail:
	kernel_facts_free(facts);
	probes_close(probes);
	return error;
}

int probes_follow(struct probes *probes)
{
	redirects_follow(probes->redirects);
	return probes->skeleton ? filter_maps_follow(probes->filter, probes->skeleton) : 0;
}

void probes_close(struct probes *probes)
{
	if (!probes)
		return;
	probes_detach(probes);
	probes_keep_statistics(probes, 0);
	for (int i = 0; i < RINGS; i++)
		ring_level_close(probes->levels[i]);
	ring_buffer__free(probes->ring);
	ring_buffer__free(probes->sighting_ring);
	redirects_close(probes->redirects);
	loader_close(probes);
	live_capture_close(probes->capture);
	notices_close(probes->notices);
	drop_reasons_free(probes->drop_reasons);
	kernel_facts_free(probes->facts);
	free(probes->counters);
	free(probes->row);
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

int probes_capture(const struct probes *probes)
{
	return probes->capture != NULL;
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

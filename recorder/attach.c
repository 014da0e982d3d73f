/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaches what is chosen to its hooks.
 */
#include "recorder/cgroup.h"
#include "recorder/probes_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOPBACK_INDEX 1 /* of every network namespace */

static struct bpf_link *attach_to_cgroups(struct bpf_program *program)
{
	int root = cgroup_open_root();
	struct bpf_link *link = NULL;

	if (root >= 0) {
		link = bpf_program__attach_cgroup(program, root);
		close(root);
	} else
		errno = -root;
	return link;
}

static struct bpf_link *attach_to_function(struct bpf_program *program, const char *function,
					   struct kernel_facts *facts)
{
	const char *symbol = kernel_facts_symbol(facts, function);
	int at_return = !strncmp(bpf_program__section_name(program), "kretprobe/", 10);

	return bpf_program__attach_kprobe(program, at_return, symbol ? symbol : function);
}

static enum tc_kind tc_kind_of(const struct alternative *alternative)
{
	return alternative->hook == HOOK_TCX	  ? TC_TCX
	       : alternative->hook == HOOK_CLSACT ? TC_CLSACT
						  : TC_NONE;
}

/* Whether the kernel takes a TC program at all: at this namespace's loopback, for a moment. */
static int try_tc(struct bpf_program *program, const struct alternative *alternative)
{
	enum io_direction direction =
		alternative->feature == FEATURE_FLOW_RECEIVE ? IO_RECEIVE : IO_TRANSMIT;
	struct tc_hook trial;
	int error = tc_hook_attach(&trial, tc_kind_of(alternative), direction, LOOPBACK_INDEX,
				   bpf_program__fd(program));

	if (!error)
		tc_hook_detach(&trial);
	return error;
}

int attach_tc(struct probes *probes)
{
	static const enum feature features[2] = {
		[IO_RECEIVE] = FEATURE_FLOW_RECEIVE,
		[IO_TRANSMIT] = FEATURE_FLOW_TRANSMIT,
	};
	struct tc_watch_side sides[2] = {0};

	for (int i = 0; i < 2; i++) {
		const struct probe *chosen = plan_chosen(&probes->plan, features[i]);

		sides[i].kind = tc_kind_of(chosen->alternative);
		if (sides[i].kind != TC_NONE)
			sides[i].program = bpf_program__fd(bpf_object__find_program_by_name(
				probes->skeleton->obj, chosen->alternative->programs[0]));
	}
	if (sides[0].kind == TC_NONE && sides[1].kind == TC_NONE)
		return 0;
	return tc_watch_open(sides, &probes->tc);
}

static struct bpf_link *attach_program(struct bpf_program *program,
				       const struct alternative *alternative,
				       struct kernel_facts *facts)
{
	errno = 0;
	switch (alternative->hook) {
	case HOOK_CGROUP:
		return attach_to_cgroups(program);
	case HOOK_KPROBE:
	case HOOK_KRETPROBE:
		return attach_to_function(program, alternative->name, facts);
	default:
		return bpf_program__attach(program);
	}
}

static int is_captured(struct plan *plan, enum feature feature)
{
	const struct probe *chosen = plan_chosen(plan, feature);

	return chosen && chosen->alternative->hook == HOOK_LIBPCAP;
}

/* One capture for both directions. */
static int start_capture(struct probes *probes)
{
	if (probes->capture)
		return 0;
	return live_capture_open(is_captured(&probes->plan, FEATURE_FLOW_RECEIVE),
				 is_captured(&probes->plan, FEATURE_FLOW_TRANSMIT),
				 &probes->capture);
}

static int listen_to(struct probes *probes, enum feature feature)
{
	int error = probes->notices ? 0 : notices_open(&probes->notices);

	return error ? error
		     : notices_join(probes->notices,
				    feature == FEATURE_NAT ? NOTICES_NEW : NOTICES_END);
}

/* The programs of a line of the plan that have a hook for all of the kernel. */
static int attach_programs(struct probes *probes, size_t i, struct kernel_facts *facts)
{
	const struct alternative *alternative = probes->plan.probes[i].alternative;

	for (int j = 0; j < ALTERNATIVE_PROGRAMS; j++) {
		struct bpf_program *program = loader_program(probes->skeleton, alternative, j);

		if (!program)
			continue;
		probes->links[i][j] = attach_program(program, alternative, facts);
		if (!probes->links[i][j])
			return errno ? -errno : -EIO;
	}
	return 0;
}

static int is_tc(const struct alternative *alternative)
{
	return tc_kind_of(alternative) != TC_NONE;
}

static int attach_probe(struct probes *probes, size_t i, struct kernel_facts *facts)
{
	const struct alternative *alternative = probes->plan.probes[i].alternative;

	if (alternative->hook == HOOK_WALK)
		return 0;
	if (alternative->feature == FEATURE_NAT_SOCKET)
		return redirects_open(probes->skeleton, alternative, &probes->redirects);
	if (alternative->hook == HOOK_NETLINK)
		return listen_to(probes, alternative->feature);
	if (alternative->hook == HOOK_LIBPCAP)
		return start_capture(probes);
	if (is_tc(alternative))
		return try_tc(loader_program(probes->skeleton, alternative, 0), alternative);
	return attach_programs(probes, i, facts);
}

static void detach_probe(struct probes *probes, size_t i)
{
	for (int j = 0; j < ALTERNATIVE_PROGRAMS; j++) {
		bpf_link__destroy(probes->links[i][j]);
		probes->links[i][j] = NULL;
	}
}

int attach_chosen(struct probes *probes, struct kernel_facts *facts)
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

int probes_attach(struct probes *probes)
{
	int error = 0;

	if (!probes->facts)
		probes->facts = kernel_facts_read();
	if (!probes->facts)
		return -ENOMEM;
	for (size_t i = 0; i < probes->plan.count && !error; i++) {
		const struct alternative *one = probes->plan.probes[i].alternative;

		if (probes->plan.probes[i].state == PROBE_CHOSEN && one->hook != HOOK_WALK &&
		    one->feature != FEATURE_NAT_SOCKET && !is_tc(one))
			error = attach_programs(probes, i, probes->facts);
	}
	if (!error)
		error = attach_tc(probes);
	if (error)
		probes_detach(probes);
	else
		redirects_follow(probes->redirects);
	return error;
}

void probes_detach(struct probes *probes)
{
	struct tc_watch_status status;

	redirects_detach(probes->redirects);
	for (size_t i = 0; i < probes->plan.count; i++)
		detach_probe(probes, i);
	if (!probes->tc)
		return;
	tc_watch_status(probes->tc, &status);
	probes->unwatched_packets += status.unwatched_packets;
	tc_watch_close(probes->tc);
	probes->tc = NULL;
}

void attach_explain(struct probes *probes)
{
	struct probe *drop = plan_chosen(&probes->plan, FEATURE_DROP);
	struct tc_watch_status status;

	if (drop && probes->skeleton && !probes->skeleton->rodata->drop_tells_receiver)
		snprintf(drop->explanation, sizeof(drop->explanation),
			 "what a TCP socket drops is counted from Linux 6.11 on");
	if (!probes->tc)
		return;
	tc_watch_status(probes->tc, &status);
	for (size_t i = 0; i < probes->plan.count; i++) {
		struct probe *probe = &probes->plan.probes[i];
		size_t used = strlen(probe->explanation);

		if (probe->state == PROBE_CHOSEN && tc_kind_of(probe->alternative) != TC_NONE)
			snprintf(probe->explanation + used, sizeof(probe->explanation) - used,
				 "; on %u interfaces, %u refused it", status.interfaces,
				 status.refused);
	}
}

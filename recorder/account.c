/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel, libpcap and the process table counted themselves, as differences from one
 * look to the next.
 */
#include "recorder/account.h"
#include "recorder/filter.h"

#include <stdlib.h>
#include <time.h>

struct account {
	struct account_options options;
	uint64_t *counted; /* the kernel's counters at the last look, for each CPU */
	uint64_t missed[FEATURE_COUNT], unwatched_packets;
	struct live_capture_counts captured;
	uint64_t capture_excluded; /* by the filter, since the last look */
	struct process_table_counts resolved;
	uint64_t looked_ns; /* when the last look began */
};

static uint64_t epoch_now(const struct account *account)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec +
	       (uint64_t)account->options.epoch_offset_ns;
}

/* A counter says that they were lost since the last look. */
static void lose(const struct account *account, const char *stage, const char *stream,
		 const char *reason, int cpu, uint64_t count)
{
	if (count)
		ledger_loss(account->options.ledger, stage, stream, reason, cpu,
			    account->looked_ns, epoch_now(account), count);
}

struct account *account_new(const struct account_options *options)
{
	struct account *account = calloc(1, sizeof(*account));
	unsigned int cpu_count;

	if (!account)
		return NULL;
	account->options = *options;
	account->looked_ns = epoch_now(account);
	probes_counters(options->probes, &cpu_count);
	account->counted = calloc(cpu_count, STAGE_COUNTERS * sizeof(uint64_t));
	if (!account->counted) {
		free(account);
		return NULL;
	}
	return account;
}

void account_free(struct account *account)
{
	if (!account)
		return;
	free(account->counted);
	free(account);
}

void account_exclude(struct account *account, uint32_t kind, const char *stream, uint64_t count)
{
	ledger_stage(account->options.ledger, filter_stage(kind), stream, count, 0, count);
}

void account_exclude_captured(struct account *account, uint32_t kind)
{
	account_exclude(account, kind, "flow", 1);
	account->capture_excluded++;
}

static const char drop_stage[] = "kernel drop";
static const char retransmit_stage[] = "kernel retransmit";
static const char unwatched_reason[] = "interface not watched yet";

static const struct loss_line {
	enum stage_counter counter;
	const char *stage, *stream, *reason;
} losses[] = {
	{COUNT_PACKET_TRUNCATED, "kernel", "flow", "truncated header"},
	{COUNT_PACKET_MALFORMED, "kernel", "flow", "malformed header"},
	{COUNT_PACKET_UNREADABLE, "kernel", "flow", "header not readable"},
	{COUNT_PACKET_MAP_FULL, "kernel", "flow", "flow table full"},
	{COUNT_PROCESS_RING_FULL, "kernel", "process", "ring buffer full"},
	{COUNT_NAT_RING_FULL, "kernel", "nat", "ring buffer full"},
	{COUNT_NAT_UNKEPT, "translations", "nat", "table full: its end is not seen"},
	{COUNT_RATE_MAP_FULL, "kernel", "conntrack_rate", "rate table full"},
	{COUNT_CGROUP_RING_FULL, "kernel cgroup", "process", "ring buffer full"},
	{COUNT_SIGHTING_RING_FULL, "kernel", "packet", "ring buffer full"},
	{COUNT_SIGHTING_OVER_BUDGET, "kernel", "packet", "over the budget"},
	{COUNT_DROP_UNREADABLE, drop_stage, "flow", "header not readable"},
	{COUNT_DROP_MAP_FULL, drop_stage, "flow", "flow table full"},
	{COUNT_RETRANSMIT_MAP_FULL, retransmit_stage, "flow", "flow table full"},
};

/* What the filter left out, by the counters of enum stage_counter. */
static const struct exclusion_line {
	enum stage_counter counter;
	uint32_t kind;
	enum stream_id stream;
} exclusions[] = {
	{COUNT_PACKET_NETNS_RULE, RULES_NETNS, STREAM_FLOW},
	{COUNT_PACKET_CGROUP_RULE, RULES_CGROUP, STREAM_FLOW},
	{COUNT_PACKET_EXECUTABLE_RULE, RULES_EXECUTABLE, STREAM_FLOW},
	{COUNT_PACKET_INTERFACE_RULE, RULES_INTERFACE, STREAM_FLOW},
	{COUNT_PACKET_PROTOCOL_RULE, RULES_PROTOCOL, STREAM_FLOW},
	{COUNT_PACKET_PORT_RULE, RULES_PORT, STREAM_FLOW},
	{COUNT_PACKET_NET_RULE, RULES_NET, STREAM_FLOW},
	{COUNT_PACKET_NOT_SAMPLED, RULES_SAMPLE, STREAM_FLOW},
	{COUNT_PROCESS_NETNS_RULE, RULES_NETNS, STREAM_PROCESS},
	{COUNT_PROCESS_CGROUP_RULE, RULES_CGROUP, STREAM_PROCESS},
	{COUNT_PROCESS_EXECUTABLE_RULE, RULES_EXECUTABLE, STREAM_PROCESS},
	{COUNT_NAT_NETNS_RULE, RULES_NETNS, STREAM_NAT},
	{COUNT_NAT_PROTOCOL_RULE, RULES_PROTOCOL, STREAM_NAT},
	{COUNT_NAT_PORT_RULE, RULES_PORT, STREAM_NAT},
	{COUNT_NAT_NET_RULE, RULES_NET, STREAM_NAT},
	{COUNT_NAT_NOT_SAMPLED, RULES_SAMPLE, STREAM_NAT},
};

/* Put what the filter left out into its accounts; excluded gets the sums by stream. */
static void look_at_filter(struct account *account, const uint64_t *added, uint64_t *excluded)
{
	for (size_t i = 0; i < sizeof(exclusions) / sizeof(exclusions[0]); i++) {
		const struct exclusion_line *line = &exclusions[i];

		account_exclude(account, line->kind, stream_get(line->stream)->name,
				added[line->counter]);
		excluded[line->stream] += added[line->counter];
	}
}

/* What the process table found out on its own about cgroups and executables. */
static void look_at_processes(struct account *account)
{
	struct process_table_counts now = process_table_counts(account->options.processes);
	const struct process_table_counts *before = &account->resolved;
	struct ledger *ledger = account->options.ledger;
	const struct build_id_counts *ids = &now.build_ids;

	ledger_stage(ledger, "cgroup", "process", now.cgroups.asked - before->cgroups.asked,
		     now.cgroups.known - before->cgroups.known,
		     now.cgroups.not_mounted - before->cgroups.not_mounted);
	lose(account, "cgroup", "process", "gone before it was looked up", -1,
	     now.cgroups.gone - before->cgroups.gone);
	/* A row without a build id is a whole row: what was not found is not lost. */
	ledger_stage(ledger, "build id", "process",
		     ids->found + ids->none + ids->unreadable + ids->refused -
			     before->build_ids.found - before->build_ids.none -
			     before->build_ids.unreadable - before->build_ids.refused,
		     ids->found - before->build_ids.found,
		     ids->none + ids->unreadable + ids->refused - before->build_ids.none -
			     before->build_ids.unreadable - before->build_ids.refused);
	account->resolved = now;
}

/* How often a program has not been run since the last look, because it was busy: a loss. */
static uint64_t look_at_missed(struct account *account, enum feature feature, const char *stage)
{
	uint64_t all = probes_missed(account->options.probes, feature);
	uint64_t missed = all - account->missed[feature];

	account->missed[feature] = all;
	lose(account, stage, "flow", "program busy", -1, missed);
	return missed;
}

/* Records of what happens to few packets: one for each drop and each segment sent again. */
static void look_at_trouble(struct account *account, const uint64_t *added)
{
	uint64_t missed = look_at_missed(account, FEATURE_DROP, drop_stage);
	uint64_t excluded = added[COUNT_DROP_NOT_IP] + added[COUNT_DROP_EXCLUDED];

	ledger_stage(account->options.ledger, drop_stage, "flow",
		     added[COUNT_DROP_ATTEMPTED] + missed,
		     added[COUNT_DROP_ATTEMPTED] - excluded - added[COUNT_DROP_UNREADABLE] -
			     added[COUNT_DROP_MAP_FULL],
		     excluded);
	missed = look_at_missed(account, FEATURE_RETRANSMIT, retransmit_stage);
	ledger_stage(account->options.ledger, retransmit_stage, "flow",
		     added[COUNT_RETRANSMIT_ATTEMPTED] + missed,
		     added[COUNT_RETRANSMIT_ATTEMPTED] - added[COUNT_RETRANSMIT_EXCLUDED] -
			     added[COUNT_RETRANSMIT_MAP_FULL],
		     added[COUNT_RETRANSMIT_EXCLUDED]);
}

/*
 * Of the packets that flows count, those that are told singly, too. No sighting is made of what
 * no program was run for, and of what cannot be read.
 */
static void look_at_sightings(struct account *account, const uint64_t *added, uint64_t missed,
			      uint64_t unwatched)
{
	static const struct {
		enum stage_counter counter;
		const char *reason;
	} unread[] = {
		{COUNT_PACKET_TRUNCATED, "truncated header"},
		{COUNT_PACKET_MALFORMED, "malformed header"},
		{COUNT_PACKET_UNREADABLE, "header not readable"},
	};
	struct ledger *ledger = account->options.ledger;
	uint64_t told = added[COUNT_SIGHTING_ATTEMPTED], untold = missed + unwatched;
	uint64_t not_sampled = added[COUNT_SIGHTING_NOT_SAMPLED];

	if (!account->options.has_sightings)
		return;
	lose(account, "kernel", "packet", "program busy", -1, missed);
	lose(account, "kernel", "packet", unwatched_reason, -1, unwatched);
	for (size_t i = 0; i < sizeof(unread) / sizeof(unread[0]); i++) {
		lose(account, "kernel", "packet", unread[i].reason, -1,
		     added[unread[i].counter]);
		untold += added[unread[i].counter];
	}
	ledger_stage(ledger, filter_stage(RULES_SAMPLE), "packet", not_sampled, 0, not_sampled);
	ledger_stage(ledger, "kernel", "packet", told + untold,
		     told - not_sampled - added[COUNT_SIGHTING_RING_FULL] -
			     added[COUNT_SIGHTING_OVER_BUDGET],
		     not_sampled);
}

static void look_at_kernel(struct account *account)
{
	struct ledger *ledger = account->options.ledger;
	uint64_t added[STAGE_COUNTERS] = {0}, lost[STREAM_COUNT] = {0};
	uint64_t excluded[STREAM_COUNT] = {0};
	unsigned int cpu_count;
	const uint64_t *counters = probes_counters(account->options.probes, &cpu_count);
	uint64_t missed = 0;
	uint64_t unwatched =
		probes_unwatched_packets(account->options.probes) - account->unwatched_packets;

	if (!counters)
		return;
	account->unwatched_packets += unwatched;
	lose(account, "kernel", "flow", unwatched_reason, -1, unwatched);
	missed += look_at_missed(account, FEATURE_FLOW_RECEIVE, "kernel");
	missed += look_at_missed(account, FEATURE_FLOW_TRANSMIT, "kernel");
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
		for (unsigned int i = 0; i < STAGE_COUNTERS; i++) {
			uint64_t *before = &account->counted[cpu * STAGE_COUNTERS + i];
			uint64_t difference = counters[cpu * STAGE_COUNTERS + i] - *before;

			*before += difference;
			added[i] += difference;
			for (size_t j = 0; difference && j < sizeof(losses) / sizeof(losses[0]);
			     j++)
				if (losses[j].counter == i) {
					lose(account, losses[j].stage, losses[j].stream,
					     losses[j].reason, (int)cpu, difference);
					lost[stream_find(losses[j].stream)] += difference;
				}
		}
	look_at_filter(account, added, excluded);
	look_at_trouble(account, added);
	ledger_stage(ledger, "kernel", "flow",
		     added[COUNT_RECEIVE_ATTEMPTED] + added[COUNT_TRANSMIT_ATTEMPTED] + missed +
			     unwatched,
		     added[COUNT_PACKET_STORED] + added[COUNT_PACKET_RING],
		     added[COUNT_PACKET_NOT_IP] + excluded[STREAM_FLOW]);
	look_at_sightings(account, added, missed, unwatched);
	ledger_stage(ledger, "kernel", "process", added[COUNT_PROCESS_ATTEMPTED],
		     added[COUNT_PROCESS_ATTEMPTED] - added[COUNT_PROCESS_RING_FULL] -
			     excluded[STREAM_PROCESS],
		     excluded[STREAM_PROCESS]);
	ledger_stage(ledger, "kernel cgroup", "process", added[COUNT_CGROUP_ATTEMPTED],
		     added[COUNT_CGROUP_ATTEMPTED] - added[COUNT_CGROUP_RING_FULL], 0);
	look_at_processes(account);
	ledger_stage(ledger, "kernel", "nat", added[COUNT_NAT_ATTEMPTED],
		     added[COUNT_NAT_ATTEMPTED] - added[COUNT_NAT_RING_FULL] -
			     excluded[STREAM_NAT],
		     excluded[STREAM_NAT]);
	ledger_stage(ledger, "translations", "nat", added[COUNT_NAT_KEEP_ATTEMPTED],
		     added[COUNT_NAT_KEEP_ATTEMPTED] - added[COUNT_NAT_UNKEPT], 0);
	ledger_stage(ledger, "kernel", "conntrack_rate", added[COUNT_RATE_ATTEMPTED],
		     added[COUNT_RATE_ATTEMPTED] - lost[STREAM_CONNTRACK_RATE], 0);
}

/* And libpcap's. */
static void look_at_capture(struct account *account)
{
	struct ledger *ledger = account->options.ledger;
	uint64_t attempted = 0;
	struct live_capture_counts all, *before = &account->captured;

	if (probes_count_packets(account->options.probes, &all))
		return;
	for (int i = 0; i < PACKET_VERDICTS; i++) {
		uint64_t added = all.verdicts[i] - before->verdicts[i];

		attempted += added;
		if (added && i != PACKET_COUNTED && i != PACKET_NOT_IP)
			lose(account, "capture", "flow", packet_verdict_name(i), -1, added);
	}
	lose(account, "capture", "flow", "buffer full", -1, all.dropped - before->dropped);
	ledger_stage(ledger, "capture", "flow", attempted + all.dropped - before->dropped,
		     all.verdicts[PACKET_COUNTED] - before->verdicts[PACKET_COUNTED] -
			     account->capture_excluded,
		     all.verdicts[PACKET_NOT_IP] - before->verdicts[PACKET_NOT_IP] +
			     account->capture_excluded);
	account->capture_excluded = 0;
	*before = all;
}

void account_look(struct account *account)
{
	uint64_t began_ns = epoch_now(account);

	look_at_kernel(account);
	look_at_capture(account);
	account->looked_ns = began_ns;
}

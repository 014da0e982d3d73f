/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intake thread.
 */
#include "recorder/intake.h"
#include "recorder/connection.h"
#include "recorder/cost.h"
#include "recorder/filter.h"
#include "recorder/namespaces.h"
#include "recorder/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS		400000000ULL /* between two deliveries, and between two drains */
#define GLANCE_NS	50000000ULL /* between two looks at how full the flow table is */
#define SECOND_NS	1000000000ULL
#define INTERFACES_NS	(2 * SECOND_NS) /* between two looks at the interfaces */
#define EXITED_KEPT_NS	(60 * SECOND_NS)
#define EVENT_ROWS_MOST 1000000U /* that wait for room at the writer */

struct intake {
	struct intake_options options;
	pthread_t thread;
	atomic_int stop;
	atomic_ulong events, alive;
	struct connections *connections;
	struct process_table *processes;
	struct cost *cost;
	struct delivery *pending; /* the next delivery */
	uint64_t slice;		  /* number of the open slice */
	uint64_t slice_end_ns, interfaces_ns;
	uint64_t delivered_ns; /* the last delivery */
	int provisional;   /* rows of the open slice have been handed over */
	uint64_t *counted; /* the kernel's counters at the last look, for each CPU */
	uint64_t missed[FEATURE_COUNT], unwatched_packets;
	struct live_capture_counts captured;
	uint64_t capture_excluded; /* by the filter, since the last account */
	uint32_t network_namespace; /* the recorder's own */
	struct process_table_counts resolved; /* at the last look */
	int error;
};

static uint64_t boot_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static uint64_t epoch(const struct intake *intake, uint64_t boot_ns)
{
	return boot_ns + (uint64_t)intake->options.epoch_offset_ns;
}

static int wanted(const struct intake *intake, enum stream_id stream)
{
	return (intake->options.streams >> stream & 1) != 0;
}

/* --- events --- */

/* Room for one more event row; where there is none, the row is a loss and counted. */
static int room_for(struct intake *intake, const char *stream)
{
	uint64_t now = epoch(intake, boot_now());
	int room = intake->pending->row_count < EVENT_ROWS_MOST;

	ledger_stage(intake->options.ledger, "intake", stream, 1, room ? 1 : 0, 0);
	if (!room)
		ledger_loss(intake->options.ledger, "intake", stream, "queue full", -1, now,
			    now, 1);
	return room;
}

static int is_ipv4(const struct address *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(address, mapped, sizeof(mapped));
}

/* What a kind of rule leaves out has an account of its own. */
static void exclude(struct intake *intake, uint32_t kind, const char *stream, uint64_t count)
{
	ledger_stage(intake->options.ledger, filter_stage(kind), stream, count, 0, count);
}

static int take_nat(struct intake *intake, const struct nat_event *event, const char *probe)
{
	static const char *const actions[] = {"exists", "create"};
	struct nat_row row = {
		.time_ns = epoch(intake, event->header.time_ns),
		.nat_event = is_ipv4(&event->original.source) ? 4 : 0,
		.event_action = actions[event->is_new != 0],
		.network_iana_number = event->original.protocol,
		.source_address = event->original.source,
		.source_port = event->original.source_port,
		.destination_address = event->original.destination,
		.destination_port = event->original.destination_port,
		.source_nat_address = event->reply.destination,
		.source_nat_port = event->reply.destination_port,
		.destination_nat_address = event->reply.source,
		.destination_nat_port = event->reply.source_port,
		.network_namespace = event->network_namespace,
		.conntrack_zone = event->zone,
		.conntrack_mark = event->mark,
		.probe = probe,
	};
	int known = connections_translate(intake->connections, event, &row.flow_id);

	if (known < 0)
		return known;
	if (known == TRANSLATE_NOT_SAMPLED) {
		exclude(intake, RULES_SAMPLE, "nat", 1);
		return 0;
	}
	/* The walk at the start and the first packet may both tell of an old entry. */
	if (known == TRANSLATE_KNOWN && !event->is_new) {
		ledger_stage(intake->options.ledger, "intake", "nat", 1, 0, 1);
		return 0;
	}
	if (!wanted(intake, STREAM_NAT) || !room_for(intake, "nat"))
		return 0;
	return delivery_row(intake->pending, STREAM_NAT, &row);
}

/* A packet that the table had no room for. */
static int take_packet(struct intake *intake, const struct packet_event *event)
{
	unsigned int direction = event->id & 1;
	struct flow_value value = {
		.start_ns = event->header.time_ns,
		.end_ns = event->header.time_ns,
		.tcp_flags = {event->facts & 255, event->facts >> 8 & 255},
		.seen = event->facts >> 16 & 0x3ff,
	};

	value.hop[0].id = event->id | 1;
	value.hop[0].packets[direction] = event->packets;
	value.hop[0].bytes[direction] = event->bytes;
	value.hop[0].first_ns[direction] = 1;
	value.dscp[direction] = (uint8_t)(event->facts >> 26);
	return connections_add(intake->connections, &event->key, &value);
}

static int take_process(struct intake *intake, const void *record, size_t size)
{
	struct delivery *rows = NULL;
	uint64_t before = intake->pending->row_count;
	int error;

	if (wanted(intake, STREAM_PROCESS) && room_for(intake, "process"))
		rows = intake->pending;
	error = process_table_event(intake->processes, record, size, rows);
	/* What the table knew already gets no row. */
	if (rows && rows->row_count == before)
		ledger_stage(intake->options.ledger, "intake", "process", 0, UINT64_MAX, 1);
	return error;
}

static int take_event(void *context, void *record, size_t size)
{
	struct intake *intake = context;
	const struct event_header *header = record;

	atomic_fetch_add(&intake->events, 1);
	if (size >= sizeof(struct packet_event) && header->kind == EVENT_PACKET)
		intake->error = take_packet(intake, record);
	else if (size >= sizeof(struct nat_event) && header->kind == EVENT_NAT)
		intake->error = take_nat(intake, record, "net_dev_queue");
	else if (size >= sizeof(struct cgroup_event) && header->kind == EVENT_CGROUP_MADE)
		intake->error = process_table_cgroup(intake->processes, record, size);
	else
		intake->error = take_process(intake, record, size);
	return intake->error == -ENOMEM ? intake->error : 0;
}

static int take_existing_nat(const struct nat_event *event, void *context)
{
	const struct intake *intake = context;
	const struct filter *filter = intake->options.filter;
	uint32_t kind = filter ? filter_excludes_translation(filter, event) : 0;

	if (kind) {
		exclude(context, kind, "nat", 1);
		return 0;
	}
	return take_nat(context, event, "conntrack dump");
}

static int take_flow(void *context, const struct flow_key *key, const struct flow_value *value)
{
	struct intake *intake = context;

	return connections_add(intake->connections, key, value);
}

/* Of this namespace, where there is no program to count. */
static int take_captured(void *context, const struct packet *packet, uint64_t time_ns)
{
	struct intake *intake = context;
	struct packet counted = *packet;
	const struct filter *filter = intake->options.filter;
	uint32_t kind = filter ? filter_excludes(filter, &packet->key) : 0;

	atomic_fetch_add(&intake->events, 1);
	if (kind) {
		exclude(intake, kind, "flow", 1);
		intake->capture_excluded++;
		return 0;
	}
	counted.key.network_namespace = intake->network_namespace;
	return connections_packet(intake->connections, &counted,
				  time_ns - (uint64_t)intake->options.epoch_offset_ns);
}

static void take_rate(void *context, const struct rate_key *key, const struct rate_value *value)
{
	struct intake *intake = context;
	const struct conntrack_rate_row row = {
		.time_ns = epoch(intake, key->bucket * RATE_BUCKET_NS),
		.network_namespace = key->network_namespace,
		.inserts = value->inserts,
		.nat_inserts = value->nat_inserts,
	};

	if (wanted(intake, STREAM_CONNTRACK_RATE) && room_for(intake, "conntrack_rate"))
		intake->error = delivery_row(intake->pending, STREAM_CONNTRACK_RATE, &row);
}

/* --- the kernel's own account --- */

static const char drop_stage[] = "kernel drop";
static const char retransmit_stage[] = "kernel retransmit";

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
	{COUNT_RATE_MAP_FULL, "kernel", "conntrack_rate", "rate table full"},
	{COUNT_CGROUP_RING_FULL, "kernel cgroup", "process", "ring buffer full"},
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
static void account_exclusions(struct intake *intake, const uint64_t *added, uint64_t *excluded)
{
	for (size_t i = 0; i < sizeof(exclusions) / sizeof(exclusions[0]); i++) {
		const struct exclusion_line *line = &exclusions[i];

		exclude(intake, line->kind, stream_get(line->stream)->name,
			added[line->counter]);
		excluded[line->stream] += added[line->counter];
	}
	exclude(intake, RULES_SAMPLE, "flow", connections_not_sampled(intake->connections));
}

/* What the process table found out on its own about cgroups and executables. */
static void account_resolved(struct intake *intake, uint64_t last)
{
	struct process_table_counts now = process_table_counts(intake->processes);
	const struct process_table_counts *before = &intake->resolved;
	struct ledger *ledger = intake->options.ledger;
	const struct build_id_counts *ids = &now.build_ids;

	ledger_stage(ledger, "cgroup", "process", now.cgroups.asked - before->cgroups.asked,
		     now.cgroups.known - before->cgroups.known,
		     now.cgroups.not_mounted - before->cgroups.not_mounted);
	ledger_loss(ledger, "cgroup", "process", "gone before it was looked up", -1,
		    last - intake->options.tick_ns, last, now.cgroups.gone - before->cgroups.gone);
	/* A row without a build id is a whole row: what was not found is not lost. */
	ledger_stage(ledger, "build id", "process",
		     ids->found + ids->none + ids->unreadable + ids->refused -
			     before->build_ids.found - before->build_ids.none -
			     before->build_ids.unreadable - before->build_ids.refused,
		     ids->found - before->build_ids.found,
		     ids->none + ids->unreadable + ids->refused - before->build_ids.none -
			     before->build_ids.unreadable - before->build_ids.refused);
	intake->resolved = now;
}

/* How often a program has not been run since the last account, because it was busy: a loss. */
static uint64_t account_missed(struct intake *intake, enum feature feature, const char *stage,
			       uint64_t last)
{
	uint64_t all = probes_missed(intake->options.probes, feature);
	uint64_t missed = all - intake->missed[feature];

	intake->missed[feature] = all;
	if (missed)
		ledger_loss(intake->options.ledger, stage, "flow", "program busy", -1,
			    last - intake->options.tick_ns, last, missed);
	return missed;
}

/* Records of what happens to few packets: one for each drop and each segment sent again. */
static void account_trouble(struct intake *intake, const uint64_t *added, uint64_t last)
{
	uint64_t missed = account_missed(intake, FEATURE_DROP, drop_stage, last);
	uint64_t excluded = added[COUNT_DROP_NOT_IP] + added[COUNT_DROP_EXCLUDED];

	ledger_stage(intake->options.ledger, drop_stage, "flow",
		     added[COUNT_DROP_ATTEMPTED] + missed,
		     added[COUNT_DROP_ATTEMPTED] - excluded - added[COUNT_DROP_UNREADABLE] -
			     added[COUNT_DROP_MAP_FULL],
		     excluded);
	missed = account_missed(intake, FEATURE_RETRANSMIT, retransmit_stage, last);
	ledger_stage(intake->options.ledger, retransmit_stage, "flow",
		     added[COUNT_RETRANSMIT_ATTEMPTED] + missed,
		     added[COUNT_RETRANSMIT_ATTEMPTED] - added[COUNT_RETRANSMIT_EXCLUDED] -
			     added[COUNT_RETRANSMIT_MAP_FULL],
		     added[COUNT_RETRANSMIT_EXCLUDED]);
}

static void account(struct intake *intake, uint64_t now)
{
	struct ledger *ledger = intake->options.ledger;
	uint64_t added[STAGE_COUNTERS] = {0}, lost[STREAM_COUNT] = {0};
	uint64_t excluded[STREAM_COUNT] = {0};
	unsigned int cpu_count;
	const uint64_t *counters = probes_counters(intake->options.probes, &cpu_count);
	uint64_t missed = 0;
	uint64_t unwatched = probes_unwatched_packets(intake->options.probes) -
			     intake->unwatched_packets;
	uint64_t last = epoch(intake, now);

	if (!counters)
		return;
	intake->unwatched_packets += unwatched;
	if (unwatched)
		ledger_loss(ledger, "kernel", "flow", "interface not watched yet", -1,
			    last - intake->options.tick_ns, last, unwatched);
	missed += account_missed(intake, FEATURE_FLOW_RECEIVE, "kernel", last);
	missed += account_missed(intake, FEATURE_FLOW_TRANSMIT, "kernel", last);
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
		for (unsigned int i = 0; i < STAGE_COUNTERS; i++) {
			uint64_t *before = &intake->counted[cpu * STAGE_COUNTERS + i];
			uint64_t difference = counters[cpu * STAGE_COUNTERS + i] - *before;

			*before += difference;
			added[i] += difference;
			for (size_t j = 0; difference && j < sizeof(losses) / sizeof(losses[0]);
			     j++)
				if (losses[j].counter == i) {
					ledger_loss(ledger, losses[j].stage, losses[j].stream,
						    losses[j].reason, (int)cpu, last - intake->options.tick_ns,
						    last, difference);
					lost[stream_find(losses[j].stream)] += difference;
				}
		}
	account_exclusions(intake, added, excluded);
	ledger_stage(ledger, "kernel", "flow",
		     added[COUNT_RECEIVE_ATTEMPTED] + added[COUNT_TRANSMIT_ATTEMPTED] + missed +
			     unwatched,
		     added[COUNT_PACKET_STORED] + added[COUNT_PACKET_RING],
		     added[COUNT_PACKET_NOT_IP] + excluded[STREAM_FLOW]);
	ledger_stage(ledger, "kernel", "process", added[COUNT_PROCESS_ATTEMPTED],
		     added[COUNT_PROCESS_ATTEMPTED] - added[COUNT_PROCESS_RING_FULL] -
			     excluded[STREAM_PROCESS],
		     excluded[STREAM_PROCESS]);
	ledger_stage(ledger, "kernel cgroup", "process", added[COUNT_CGROUP_ATTEMPTED],
		     added[COUNT_CGROUP_ATTEMPTED] - added[COUNT_CGROUP_RING_FULL], 0);
	account_resolved(intake, last);
	account_trouble(intake, added, last);
	ledger_stage(ledger, "kernel", "nat", added[COUNT_NAT_ATTEMPTED],
		     added[COUNT_NAT_ATTEMPTED] - lost[STREAM_NAT] - excluded[STREAM_NAT],
		     excluded[STREAM_NAT]);
	ledger_stage(ledger, "kernel", "conntrack_rate", added[COUNT_RATE_ATTEMPTED],
		     added[COUNT_RATE_ATTEMPTED] - lost[STREAM_CONNTRACK_RATE], 0);
}

/* And libpcap's. */
static void account_captured(struct intake *intake, uint64_t now)
{
	struct ledger *ledger = intake->options.ledger;
	uint64_t last = epoch(intake, now), attempted = 0;
	struct live_capture_counts all, *before = &intake->captured;

	if (probes_count_packets(intake->options.probes, &all))
		return;
	for (int i = 0; i < PACKET_VERDICTS; i++) {
		uint64_t added = all.verdicts[i] - before->verdicts[i];

		attempted += added;
		if (added && i != PACKET_COUNTED && i != PACKET_NOT_IP)
			ledger_loss(ledger, "capture", "flow", packet_verdict_name(i), -1,
				    last - intake->options.tick_ns, last, added);
	}
	if (all.dropped != before->dropped)
		ledger_loss(ledger, "capture", "flow", "buffer full", -1, last - intake->options.tick_ns, last,
			    all.dropped - before->dropped);
	ledger_stage(ledger, "capture", "flow", attempted + all.dropped - before->dropped,
		     all.verdicts[PACKET_COUNTED] - before->verdicts[PACKET_COUNTED] -
			     intake->capture_excluded,
		     all.verdicts[PACKET_NOT_IP] - before->verdicts[PACKET_NOT_IP] +
			     intake->capture_excluded);
	intake->capture_excluded = 0;
	*before = all;
}

/* --- ticks --- */

/* Put the rows of the slice into the pending delivery and hand it over. */
static int hand_over(struct intake *intake, enum slice_end end, uint64_t now)
{
	struct delivery *delivery = intake->pending, *next;
	int error = 0;

	if (end != SLICE_FORCED && !writer_has_room(intake->options.writer))
		return 0;
	next = delivery_new();
	if (!next)
		return -ENOMEM;
	error = process_table_settle(intake->processes);
	if (!error)
		error = connections_emit(intake->connections, end, delivery);
	delivery->slice = end == SLICE_OPEN ? intake->slice : 0;
	delivery->drop_slice = end != SLICE_OPEN && intake->provisional ? intake->slice : 0;
	delivery->covered_ns = epoch(intake, now);
	intake->provisional = end == SLICE_OPEN;
	if (end != SLICE_OPEN) {
		intake->slice++;
		intake->slice_end_ns = now + intake->options.slice_ns;
	}
	/* This thread alone adds to the queue, so the room that was there still is. */
	writer_deliver(intake->options.writer, delivery, end == SLICE_FORCED);
	intake->pending = next;
	return error;
}

static int tick(struct intake *intake, int last)
{
	uint64_t now = boot_now();
	size_t drained = 0;
	int error = probes_turn(intake->options.probes);

	if (!error)
		error = probes_follow(intake->options.probes);
	if (!error) {
		probes_poll(intake->options.probes, 0, take_event, intake);
		error = probes_drain_flows(intake->options.probes, take_flow, intake, &drained);
	}
	if (!error)
		error = probes_read_packets(intake->options.probes, take_captured, intake);
	atomic_fetch_add(&intake->events, drained);
	probes_drain_rates(intake->options.probes, last ? UINT64_MAX : now, take_rate, intake);
	account(intake, now);
	account_captured(intake, now);
	if (wanted(intake, STREAM_COST))
		cost_sample(intake->cost, epoch(intake, now), drained, last, intake->pending);
	if (now - intake->interfaces_ns > INTERFACES_NS || last) {
		intake->interfaces_ns = now;
		namespaces_snapshot(intake->options.inventory, epoch(intake, now));
	}
	/* In a host's first minute there is nothing to forget yet. */
	if (now > EXITED_KEPT_NS)
		process_table_expire(intake->processes, now - EXITED_KEPT_NS);
	atomic_store(&intake->alive, connections_count(intake->connections));
	/* More drains than deliveries are only for want of room in the kernel. */
	if (error || (!last && now < intake->slice_end_ns && now < intake->delivered_ns + TICK_NS))
		return error;
	intake->delivered_ns = now;
	return hand_over(intake,
			 last			       ? SLICE_FORCED
			 : now >= intake->slice_end_ns ? SLICE_ENDED
						       : SLICE_OPEN,
			 now);
}

static void *run(void *context)
{
	struct intake *intake = context;
	uint64_t next = boot_now() + intake->options.tick_ns;
	int error = 0;

	pthread_setname_np(pthread_self(), "intake");
	while (!atomic_load(&intake->stop) && !error) {
		uint64_t now = boot_now(), wait_ns = next > now ? next - now : 0;

		if (wait_ns && !probes_are_filling(intake->options.probes)) {
			if (wait_ns > GLANCE_NS)
				wait_ns = GLANCE_NS;
			probes_poll(intake->options.probes, (int)(wait_ns / 1000000) + 1,
				    take_event, intake);
			error = probes_read_packets(intake->options.probes, take_captured,
						    intake);
			continue;
		}
		next = now + intake->options.tick_ns;
		error = tick(intake, 0);
	}
	/* Nothing is counted any more; one table each for the two turns. */
	probes_detach(intake->options.probes);
	if (!error)
		error = tick(intake, 0);
	if (!error)
		error = tick(intake, 1);
	intake->error = error;
	return NULL;
}

static void take_start_state(struct intake *intake)
{
	struct probes *probes = intake->options.probes;
	int processes;

	probes_own_sockets(probes);
	processes = probes_processes(probes);
	if (processes >= 0) {
		snapshot_processes(processes, intake->processes,
				   wanted(intake, STREAM_PROCESS) ? intake->pending : NULL);
		close(processes);
	}
	namespaces_snapshot(intake->options.inventory, epoch(intake, boot_now()));
	if (probes_have(probes, FEATURE_STATE_NAT))
		snapshot_conntrack(take_existing_nat, intake, intake->options.inventory);
}

static void free_intake(struct intake *intake)
{
	connections_free(intake->connections);
	process_table_free(intake->processes);
	cost_free(intake->cost);
	delivery_free(intake->pending);
	free(intake->counted);
	free(intake);
}

int intake_start(const struct intake_options *options, struct intake **out)
{
	struct intake *intake = calloc(1, sizeof(*intake));
	struct connections_options connections = {
		.idle_ns = options->idle_ns,
		.find_port_owner = probes_find_port_owner,
		.drop_reason = probes_drop_reason,
		.context = options->probes,
		.epoch_offset_ns = options->epoch_offset_ns,
		.no_flows = !(options->streams >> STREAM_FLOW & 1),
		.no_hops = !(options->streams >> STREAM_HOP & 1),
		.filter = options->filter,
	};
	unsigned int cpu_count;
	struct stat own;
	int error;

	if (!intake)
		return -ENOMEM;
	probes_counters(options->probes, &cpu_count);
	intake->options = *options;
	if (!intake->options.tick_ns)
		intake->options.tick_ns = TICK_NS;
	intake->processes = process_table_new(options->boot_digest, options->epoch_offset_ns,
					      options->command_line);
	connections.processes = intake->processes;
	intake->connections = connections_new(&connections);
	intake->cost = cost_new(options->probes);
	intake->pending = delivery_new();
	intake->counted = calloc(cpu_count, STAGE_COUNTERS * sizeof(uint64_t));
	intake->slice = 1;
	if (!stat("/proc/self/ns/net", &own))
		intake->network_namespace = (uint32_t)own.st_ino;
	if (!intake->processes || !intake->connections || !intake->cost || !intake->pending ||
	    !intake->counted) {
		free_intake(intake);
		return -ENOMEM;
	}
	take_start_state(intake);
	intake->interfaces_ns = boot_now();
	intake->slice_end_ns = intake->interfaces_ns + options->slice_ns;
	error = -pthread_create(&intake->thread, NULL, run, intake);
	if (error) {
		free_intake(intake);
		return error;
	}
	*out = intake;
	return 0;
}

void intake_status(struct intake *intake, struct intake_status *status)
{
	status->events = atomic_load(&intake->events);
	status->connections = atomic_load(&intake->alive);
}

int intake_stop(struct intake *intake)
{
	int error;

	atomic_store(&intake->stop, 1);
	pthread_join(intake->thread, NULL);
	error = intake->error;
	free_intake(intake);
	return error;
}

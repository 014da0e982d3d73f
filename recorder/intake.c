/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intake thread.
 */
#include "recorder/intake.h"
#include "recorder/account.h"
#include "recorder/connection.h"
#include "recorder/filter.h"
#include "recorder/namespaces.h"
#include "recorder/nat_rows.h"
#include "recorder/notices.h"
#include "recorder/sighting.h"
#include "recorder/snapshot.h"
#include "recorder/thread.h"
#include "recorder/turning.h"
#include "recorder/usage.h"
#include "recorder/walk.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS		400000000ULL /* between two deliveries, and between two drains */
#define GLANCE_NS	50000000ULL  /* between two looks at how full the flow table is */
#define SECOND_NS	1000000000ULL
#define LATE_NS		(TICK_NS / 2)	/* then a drain does not give way any more */
#define INTERFACES_NS	(2 * SECOND_NS) /* between two looks at the interfaces */
#define EXITED_KEPT_NS	(60 * SECOND_NS)
#define EVENT_ROWS_MOST 1000000U /* that wait for room at the writer */
#define SIGHTINGS_MOST	65536U	 /* at one go: flows wait meanwhile */

struct intake {
	struct intake_options options;
	pthread_t thread;
	atomic_int thread_id; /* the kernel's; 0: not known yet */
	atomic_ullong due_ns; /* the next tick; while it lasts, that one */
	atomic_int stop;
	struct turning turning; /* of the probes */
	int is_off;		/* they are detached until it is told otherwise */
	atomic_ulong events, alive;
	struct connections *connections;
	struct nat_rows *nat;
	struct walk *walk; /* through the conntrack table */
	struct process_table *processes;
	struct cost *cost;
	struct account *account;  /* of the stages before this one */
	struct delivery *pending; /* the next delivery */
	uint64_t slice;		  /* number of the open slice */
	uint64_t slice_end_ns, interfaces_ns;
	uint64_t delivered_ns;	    /* the last delivery */
	uint64_t sightings_stored;  /* of those that are being read */
	uint32_t sightings_rate;    /* their sampling_rate */
	int provisional;	    /* rows of the open slice have been handed over */
	uint32_t network_namespace; /* the recorder's own */
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

static int has_room(const struct intake *intake)
{
	return intake->pending->row_count < EVENT_ROWS_MOST;
}

/* Enter one event into the account: its row is stored, or needs none, or is lost for want of
 * room. */
static void enter(struct intake *intake, const char *stream, int is_stored, int is_excluded)
{
	uint64_t now = epoch(intake, boot_now());

	ledger_stage(intake->options.ledger, "intake", stream, 1, (uint64_t)is_stored,
		     (uint64_t)is_excluded);
	if (!is_stored && !is_excluded)
		ledger_loss(intake->options.ledger, "intake", stream, "queue full", -1, now,
			    now, 1);
}

/* Room for one more event row; where there is none, the row is a loss and counted. */
static int room_for(struct intake *intake, const char *stream)
{
	int room = has_room(intake);

	enter(intake, stream, room, 0);
	return room;
}

static int take_nat(struct intake *intake, const struct nat_event *event)
{
	struct nat_row row;
	int told = nat_rows_take(intake->nat, event, &row);

	if (told < 0)
		return told;
	if (told == NAT_NOT_SAMPLED)
		account_exclude(intake->account, RULES_SAMPLE, "nat", 1);
	else if (told == NAT_KNOWN)
		ledger_stage(intake->options.ledger, "intake", "nat", 1, 0, 1);
	else if (wanted(intake, STREAM_NAT) && room_for(intake, "nat"))
		return delivery_row(intake->pending, STREAM_NAT, &row);
	return 0;
}

static int is_nat(uint32_t kind)
{
	return kind == EVENT_NAT || kind == EVENT_NAT_END || kind == EVENT_NAT_AGAIN;
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

	value.hop[0].id = (event->id & RECORD_HOP_MASK) | 1;
	value.hop[0].packets[direction] = event->packets;
	value.hop[0].bytes[direction] = event->bytes;
	value.hop[0].first_ns[direction] = 1;
	value.hop[0].begins[direction] = (event->id & RECORD_BEGINS) != 0;
	value.dscp[direction] = (uint8_t)(event->facts >> 26);
	return connections_add(intake->connections, &event->key, &value);
}

static int take_process(struct intake *intake, const void *record, size_t size)
{
	uint64_t before = intake->pending->row_count;
	int is_wanted = wanted(intake, STREAM_PROCESS), room = has_room(intake);
	int error = process_table_event(intake->processes, record, size,
					is_wanted && room ? intake->pending : NULL);
	int is_stored = intake->pending->row_count != before;

	/* What the table knew already gets no row. */
	if (is_wanted)
		enter(intake, "process", is_stored, room && !is_stored);
	return error;
}

static int take_event(void *context, void *record, size_t size)
{
	struct intake *intake = context;
	const struct event_header *header = record;

	atomic_fetch_add(&intake->events, 1);
	if (size >= sizeof(struct packet_event) && header->kind == EVENT_PACKET)
		intake->error = take_packet(intake, record);
	else if (size >= sizeof(struct nat_event) && is_nat(header->kind))
		intake->error = take_nat(intake, record);
	else if (size >= sizeof(struct cgroup_event) && header->kind == EVENT_CGROUP_MADE)
		intake->error = process_table_cgroup(intake->processes, record, size);
	else
		intake->error = take_process(intake, record, size);
	return intake->error == -ENOMEM ? intake->error : 0;
}

static int take_sighting(void *context, const struct sighting_event *event)
{
	struct intake *intake = context;
	uint64_t time_ns = epoch(intake, event->header.time_ns);
	struct packet_row row;

	if (!has_room(intake)) {
		ledger_loss(intake->options.ledger, "intake", "packet", "queue full", -1,
			    time_ns, time_ns, 1);
		return 0;
	}
	sighting_row(event, &row);
	row.time_ns = time_ns;
	row.sampling_rate = intake->sightings_rate;
	intake->sightings_stored++;
	return delivery_row(intake->pending, STREAM_PACKET, &row);
}

/* Whether there may be more of them. */
static int take_sightings(struct intake *intake)
{
	int count;

	if (!wanted(intake, STREAM_PACKET))
		return 0;
	intake->sightings_stored = 0;
	count = probes_read_sightings(intake->options.probes, SIGHTINGS_MOST, take_sighting,
				      intake);
	if (count < 0) {
		intake->error = count;
		return 0;
	}
	atomic_fetch_add(&intake->events, (unsigned long)count);
	ledger_stage(intake->options.ledger, "intake", "packet", (uint64_t)count,
		     intake->sightings_stored, 0);
	return count == SIGHTINGS_MOST;
}

static void take_events(void *context)
{
	struct intake *intake = context;

	probes_poll(intake->options.probes, 0, take_event, intake);
}

/* By netlink: what filters translations in the kernel has not seen it. */
static int take_told_nat(const struct nat_event *event, void *context)
{
	const struct intake *intake = context;
	const struct filter *filter = intake->options.filter;
	uint32_t kind = filter ? filter_excludes_translation(filter, event) : 0;

	if (kind)
		account_exclude(intake->account, kind, "nat", 1);
	return kind || intake->is_off ? 0 : take_nat(context, event);
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
		account_exclude_captured(intake->account, kind);
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

static void take_notices(struct intake *intake)
{
	struct notices *notices = probes_notices(intake->options.probes);
	struct ledger *ledger = intake->options.ledger;
	uint64_t lost = 0, now = epoch(intake, boot_now());

	if (!notices)
		return;
	notices_take(notices, take_told_nat, intake, &lost);
	ledger_stage(ledger, "ctnetlink", "nat", lost, 0, 0);
	if (lost)
		ledger_loss(ledger, "ctnetlink", "nat", "queue full", -1, now - TICK_NS, now,
			    lost);
}

/* --- what it costs --- */

static size_t read_cost(void *context, struct cost_part *parts, size_t most)
{
	size_t count = probes_cost(context, parts, most);

	return count + usage_read(parts + count, most - count);
}

static int keep_statistics(void *context, int keep)
{
	return probes_keep_statistics(context, keep);
}

/* --- ticks --- */

/* Put the rows of the slice into the pending delivery and hand it over. */
static int hand_over(struct intake *intake, enum slice_end end, uint64_t now)
{
	struct delivery *delivery = intake->pending, *next;
	int error = 0;

	if (end != SLICE_FORCED &&
	    !writer_has_room(intake->options.writer, delivery->row_count))
		return 0;
	next = delivery_new();
	if (!next)
		return -ENOMEM;
	delivery->slice = end == SLICE_OPEN ? intake->slice : 0;
	error = process_table_settle(intake->processes);
	if (!error)
		error = connections_emit(intake->connections, end, delivery);
	if (!error && intake->cost)
		error = cost_sample(intake->cost, epoch(intake, boot_now()),
				    connections_packets(intake->connections),
				    end == SLICE_FORCED, delivery);
	delivery->drop_slice = end != SLICE_OPEN && intake->provisional ? intake->slice : 0;
	delivery->covered_ns = epoch(intake, now);
	intake->provisional = end == SLICE_OPEN;
	if (end != SLICE_OPEN) {
		intake->slice++;
		intake->slice_end_ns = now + intake->options.slice_ns;
	}
	/* This thread alone adds to the queue, so the room that was there still is. */
	if (writer_deliver(intake->options.writer, delivery, end == SLICE_FORCED)) {
		delivery_free(delivery);
		error = -EPIPE;
	}
	intake->pending = next;
	return error;
}

static int tick(struct intake *intake, int last)
{
	uint64_t now = boot_now();
	size_t drained = 0;
	int error;

	/* What the walk finds belongs to the slice that ends. */
	if (!intake->is_off)
		walk_when_due(intake->walk, now,
			      last			    ? WALK_NOW
			      : now >= intake->slice_end_ns ? WALK_SOON
							    : WALK_AT_LEISURE);
	error = probes_turn(intake->options.probes);
	if (!error)
		error = probes_follow(intake->options.probes);
	if (!error) {
		probes_poll(intake->options.probes, 0, take_event, intake);
		error = probes_drain_flows(intake->options.probes, take_flow, intake, &drained);
	}
	if (!error)
		error = probes_read_packets(intake->options.probes, take_captured, intake);
	while (take_sightings(intake) && last)
		;
	take_notices(intake);
	atomic_fetch_add(&intake->events, drained);
	probes_drain_rates(intake->options.probes, last ? UINT64_MAX : now, take_rate, intake);
	account_look(intake->account);
	account_exclude(intake->account, RULES_SAMPLE, "flow",
			connections_not_sampled(intake->connections));
	if (now - intake->interfaces_ns > INTERFACES_NS || last) {
		intake->interfaces_ns = now;
		namespaces_snapshot(intake->options.inventory, epoch(intake, now));
	}
	/* In a host's first minute there is nothing to forget yet. */
	if (now > EXITED_KEPT_NS)
		process_table_expire(intake->processes, now - EXITED_KEPT_NS);
	atomic_store(&intake->alive, connections_count(intake->connections));
	/* More drains than deliveries are only for want of room in the kernel. */
	if (error ||
	    (!last && now < intake->slice_end_ns && now < intake->delivered_ns + TICK_NS))
		return error;
	intake->delivered_ns = now;
	return hand_over(intake,
			 last			       ? SLICE_FORCED
			 : now >= intake->slice_end_ns ? SLICE_ENDED
						       : SLICE_OPEN,
			 now);
}

/*
 * Who has time gives way to what is being recorded. Sightings come too fast for that: their
 * ring holds a fraction of a second.
 */
static void give_way(const struct intake *intake, int has_time)
{
	thread_give_way(0,
			has_time && !wanted(intake, STREAM_PACKET) ? GIVES_WAY : GIVES_NOTHING);
}

/* --- on and off --- */

static void take_start_state(struct intake *intake)
{
	struct probes *probes = intake->options.probes;
	uint64_t incomplete = 0;
	int processes;

	probes_own_sockets(probes);
	processes = probes_processes(probes);
	if (processes >= 0) {
		snapshot_processes(processes, intake->processes,
				   wanted(intake, STREAM_PROCESS) ? intake->pending : NULL);
		close(processes);
	}
	namespaces_snapshot(intake->options.inventory, epoch(intake, boot_now()));
	if (probes_have(probes, FEATURE_STATE_NAT) &&
	    !snapshot_conntrack(take_told_nat, intake, intake->options.inventory,
				&incomplete) &&
	    !incomplete)
		walk_start_is_told(intake->walk, boot_now());
}

/* Somebody waits. What was counted until it is off comes with this tick and the next. */
static int turn(struct intake *intake, int on)
{
	int error;

	give_way(intake, 0);
	if (!on) {
		probes_detach(intake->options.probes);
		error = tick(intake, 0);
		intake->is_off = 1;
		return error;
	}
	error = probes_attach(intake->options.probes);
	intake->is_off = error != 0;
	if (!error)
		take_start_state(intake);
	return error;
}

/* --- the thread --- */

static void *run(void *context)
{
	struct intake *intake = context;
	uint64_t next = boot_now() + intake->options.tick_ns;
	int error = 0, on;

	atomic_store(&intake->due_ns, next);
	atomic_store(&intake->thread_id, gettid());
	while (!atomic_load(&intake->stop) && !error) {
		uint64_t now = boot_now(), wait_ns = next > now ? next - now : 0;
		int is_filling = probes_are_filling(intake->options.probes);

		if (turning_is_told(&intake->turning, &on))
			turning_done(&intake->turning, turn(intake, on));
		if (wait_ns && !is_filling) {
			give_way(intake, 1);
			if (wait_ns > GLANCE_NS)
				wait_ns = GLANCE_NS;
			probes_poll(intake->options.probes, (int)(wait_ns / 1000000) + 1,
				    take_event, intake);
			take_notices(intake);
			while (take_sightings(intake) && boot_now() < next)
				;
			error = probes_read_packets(intake->options.probes, take_captured,
						    intake);
			continue;
		}
		if (is_filling || now - next > LATE_NS)
			give_way(intake, 0);
		next = now + intake->options.tick_ns;
		error = tick(intake, 0);
		atomic_store(&intake->due_ns, next);
	}
	give_way(intake, 0);
	/* Nothing is counted any more; one table each for the two turns. */
	probes_detach(intake->options.probes);
	if (!error)
		error = tick(intake, 0);
	if (!error)
		error = tick(intake, 1);
	intake->error = error;
	atomic_store(&intake->thread_id, 0);
	turning_end(&intake->turning);
	return NULL;
}

static void free_intake(struct intake *intake)
{
	nat_rows_free(intake->nat);
	walk_free(intake->walk);
	connections_free(intake->connections);
	process_table_free(intake->processes);
	cost_free(intake->cost);
	delivery_free(intake->pending);
	account_free(intake->account);
	turning_close(&intake->turning);
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
	const struct cost_source cost = {read_cost, keep_statistics, options->probes};
	struct stat own;
	int error;

	if (!intake)
		return -ENOMEM;
	intake->options = *options;
	if (!intake->options.tick_ns)
		intake->options.tick_ns = TICK_NS;
	intake->processes = process_table_new(options->boot_digest, options->epoch_offset_ns,
					      options->command_line);
	connections.processes = intake->processes;
	intake->connections = connections_new(&connections);
	intake->nat = nat_rows_new(intake->connections, options->epoch_offset_ns);
	intake->walk = walk_new(options->probes, take_events, intake);
	if (wanted(intake, STREAM_COST))
		intake->cost = cost_new(&cost, options->statistics, epoch(intake, boot_now()));
	intake->pending = delivery_new();
	intake->account = account_new(&(struct account_options){
		.ledger = options->ledger,
		.probes = options->probes,
		.processes = intake->processes,
		.epoch_offset_ns = options->epoch_offset_ns,
		.has_sightings = wanted(intake, STREAM_PACKET),
	});
	turning_open(&intake->turning);
	intake->slice = 1;
	intake->sightings_rate =
		(options->packet_sampling_rate ? options->packet_sampling_rate : 1) *
		(options->filter ? options->filter->sampling_rate : 1);
	if (!stat("/proc/self/ns/net", &own))
		intake->network_namespace = (uint32_t)own.st_ino;
	if (!intake->processes || !intake->connections || !intake->nat || !intake->walk ||
	    (wanted(intake, STREAM_COST) && !intake->cost) || !intake->pending ||
	    !intake->account) {
		free_intake(intake);
		return -ENOMEM;
	}
	take_start_state(intake);
	intake->interfaces_ns = boot_now();
	intake->slice_end_ns = intake->interfaces_ns + options->slice_ns;
	error = thread_start(&intake->thread, "intake", run, intake);
	if (error) {
		free_intake(intake);
		return error;
	}
	*out = intake;
	return 0;
}

void intake_look_after(struct intake *intake)
{
	int thread = atomic_load(&intake->thread_id);

	if (!thread || (boot_now() < atomic_load(&intake->due_ns) + LATE_NS &&
			!probes_are_filling(intake->options.probes)))
		return;
	thread_give_way(thread, GIVES_NOTHING);
	writer_hurry(intake->options.writer);
}

int intake_turn(struct intake *intake, int on)
{
	return turning_tell(&intake->turning, on);
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

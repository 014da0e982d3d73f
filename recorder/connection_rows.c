/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow row and the hop rows of one connection, of what it counted in a slice or so far.
 *
 * Where a packet is counted. The packets of one direction pass several hops, and each hop
 * counts them. The flow row takes the count of the hop where they began:
 *  - in each namespace where a local socket sent them, the first interface that transmitted
 *    them, none having received them before;
 *  - where no socket here sent them, the hop that saw that direction first.
 * These are the hops of order 1. First sight is remembered over the connection's life, so the
 * choice does not change from slice to slice.
 */
#include "recorder/connection_private.h"
#include "recorder/delivery.h"
#include "recorder/filter.h"
#include "recorder/process_table.h"
#include "recorder/transport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum side { SOURCE, DESTINATION };

/* One hop of the connection at hand. */
struct sighted {
	const struct endpoints *endpoints;
	const struct view *view;
	const struct hop *hop;
	unsigned int direction[2]; /* of the key, in which each side's packets go */
	uint32_t order[2];	   /* by side; 0: never saw a packet of that side */
};

static unsigned int key_direction(const struct connection *connection,
				  const struct endpoints *endpoints, enum side side)
{
	return (connection->initiator ^ endpoints->turned ^ side) & 1;
}

/* --- who began --- */

/* The direction of the connection in which the packets with this bit went: 0, 1, or -1. */
static int direction_seen(const struct connection *connection, uint32_t bit)
{
	uint64_t earliest = UINT64_MAX;
	int direction = -1;

	for (const struct endpoints *endpoints = connection->endpoints; endpoints;
	     endpoints = endpoints->next)
		for (const struct view *view = &endpoints->view; view; view = view->next) {
			uint32_t seen = view->seen / bit & 3;

			if (!seen || seen == 3 || !view->fresh.start_ns ||
			    view->fresh.start_ns >= earliest)
				continue;
			earliest = view->fresh.start_ns;
			direction = (seen == 2) ^ endpoints->turned;
		}
	return direction;
}

/* The initiator sent the SYN, else conntrack's original packets, else the first packet we saw.
 */
static void settle_initiator(struct connection *connection)
{
	int direction;

	if (connection->initiator_known)
		return;
	direction = direction_seen(connection, SEEN_SYN);
	if (direction < 0) {
		direction = direction_seen(connection, SEEN_SYN_ACK);
		if (direction >= 0)
			direction = !direction;
	}
	if (direction < 0)
		direction = direction_seen(connection, SEEN_ORIGINAL);
	if (direction < 0)
		direction = direction_seen(connection, SEEN_FIRST);
	connection->initiator = direction > 0;
	connection->initiator_known = 1;
}

/* --- where it was seen --- */

/* Collect the connection's hops; returns how many, or -ENOMEM. */
static int collect(struct connections *connections, const struct connection *connection)
{
	size_t count = 0;

	for (const struct endpoints *endpoints = connection->endpoints; endpoints;
	     endpoints = endpoints->next)
		for (const struct view *view = &endpoints->view; view; view = view->next)
			for (unsigned int i = 0; i < view->hop_count; i++) {
				if (count == connections->sighted_capacity) {
					size_t capacity = count ? count * 2 : 16;
					void *more = realloc(connections->sighted,
							     capacity * sizeof(struct sighted));

					if (!more)
						return -ENOMEM;
					connections->sighted = more;
					connections->sighted_capacity = capacity;
				}
				connections->sighted[count++] = (struct sighted){
					.endpoints = endpoints,
					.view = view,
					.hop = &view->hops[i],
					.direction = {key_direction(connection, endpoints,
								    SOURCE),
						      key_direction(connection, endpoints,
								    DESTINATION)},
				};
			}
	return (int)count;
}

static uint64_t first_sight(const struct sighted *sighted, enum side side)
{
	return sighted->hop->first_ns[sighted->direction[side]];
}

/* Whether the side's packets may have begun there. */
static int is_born(const struct sighted *sighted, enum side side)
{
	const struct view *view = sighted->view;
	unsigned int direction = sighted->direction[side];

	if (!(view->seen & (SEEN_BORN << direction)) || !(sighted->hop->id & 2))
		return 0;
	return !view->begins[direction] ||
	       sighted->hop == &view->hops[view->begins[direction] - 1];
}

/* Give each hop its order; those where the side's packets began get 1. */
static void put_in_order(struct sighted *hops, int count, enum side side)
{
	int any_born = 0;

	for (int i = 0; i < count; i++)
		if (first_sight(&hops[i], side) && is_born(&hops[i], side))
			any_born = 1;
	for (int i = 0; i < count; i++) {
		uint64_t mine = first_sight(&hops[i], side);
		int began = !any_born || is_born(&hops[i], side);
		uint32_t before = 0;

		if (!mine)
			continue;
		for (int j = 0; j < count; j++) {
			uint64_t other = first_sight(&hops[j], side);

			if (!other || other > mine || (other == mine && j >= i))
				continue;
			before++;
			/* Only the first that transmitted in a namespace can be where they
			 * began. */
			if (!any_born ||
			    (hops[j].view == hops[i].view && is_born(&hops[j], side)))
				began = 0;
		}
		hops[i].order[side] = began ? 1 : before + 1 > 2 ? before + 1 : 2;
	}
}

/* --- rows --- */

/*
 * Where the connection stands, in the words of conn_state in Zeek's conn.log:
 * https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html
 */
static const char *connection_state(const struct connection *connection, uint8_t protocol,
				    const struct flow_row *row)
{
	uint16_t source = connection->tcp_flags[connection->initiator];
	uint16_t destination = connection->tcp_flags[!connection->initiator];

	if (protocol == 17)
		return row->source_packets && row->destination_packets ? "SF"
		       : row->source_packets			       ? "S0"
								       : "OTH";
	if (protocol != 6 || !(source & 0x02))
		return "OTH";
	if (!(destination & 0x02))
		return destination & 0x04 ? "REJ"
		       : source & 0x04	  ? "RSTOS0"
		       : source & 0x01	  ? "SH"
					  : "S0";
	if (source & 0x04)
		return "RSTO";
	if (destination & 0x04)
		return "RSTR";
	if (source & destination & 0x01)
		return "SF";
	return source & 0x01 ? "S2" : destination & 0x01 ? "S3" : "S1";
}

/*
 * The port at which a hop's packets for the destination are received, if they are received in
 * its namespace. Those that are redirected to another port of the same host show at no
 * interface behind that.
 */
static uint16_t receiving_port(const struct sighted *at)
{
	const struct endpoints *after = at->endpoints->connection->after;
	unsigned int here = !at->direction[SOURCE];
	unsigned int there = key_direction(at->endpoints->connection, after, DESTINATION);

	if (after != at->endpoints && !after->view.hop_count &&
	    !memcmp(&after->key.address[there], &at->endpoints->key.address[here],
		    sizeof(struct address)))
		return after->key.port[there];
	return at->endpoints->key.port[here];
}

/*
 * Who receives the source's packets: asked by port in the namespace where they go no further.
 */
static int find_receiver(const struct connections *connections, const struct sighted *hops,
			 int count, struct flow_owner *owner)
{
	if (!connections->options.find_port_owner)
		return -ENOENT;
	for (int i = 0; i < count; i++) {
		const struct sighted *at = &hops[i];
		struct port_key port = {
			.network_namespace = at->view->network_namespace,
			.port = receiving_port(at),
			.protocol = at->endpoints->key.protocol,
		};
		int forwarded = 0;

		for (int j = 0; j < count; j++)
			if (hops[j].view->network_namespace == at->view->network_namespace &&
			    first_sight(&hops[j], SOURCE) && (hops[j].hop->id & 2))
				forwarded = 1;
		if (!forwarded && !(at->hop->id & 2) && first_sight(at, SOURCE) &&
		    !connections->options.find_port_owner(connections->options.context, &port,
							  owner))
			return 0;
	}
	return -ENOENT;
}

static void find_owner(const struct connection *connection, enum side side,
		       struct flow_owner *owner)
{
	for (const struct endpoints *endpoints = connection->endpoints; endpoints;
	     endpoints = endpoints->next)
		for (const struct view *view = &endpoints->view; view && !owner->pid;
		     view = view->next)
			*owner = view->owner[key_direction(connection, endpoints, side)];
}

/* Texts of a process, kept while a second one is looked up. */
struct names {
	char executable[256];
	char container[128];
};

static int identify(const struct connections *connections, const struct flow_owner *owner,
		    struct process_identity *identity, struct names *names)
{
	if (!connections->options.processes ||
	    process_table_find(connections->options.processes, owner, identity))
		return 0;
	if (identity->executable_name) {
		snprintf(names->executable, sizeof(names->executable), "%s",
			 identity->executable_name);
		identity->executable_name = names->executable;
	}
	if (identity->container_id) {
		snprintf(names->container, sizeof(names->container), "%s",
			 identity->container_id);
		identity->container_id = names->container;
	}
	return 1;
}

static void attribute(const struct connections *connections,
		      const struct connection *connection, const struct sighted *hops,
		      int count, struct flow_row *row, struct names names[2])
{
	struct flow_owner owners[2] = {{0}, {0}};
	struct process_identity source = {0}, destination = {0};
	const struct process_identity *process = &source;

	find_owner(connection, SOURCE, &owners[SOURCE]);
	find_owner(connection, DESTINATION, &owners[DESTINATION]);
	if (!owners[DESTINATION].pid)
		find_receiver(connections, hops, count, &owners[DESTINATION]);
	identify(connections, &owners[DESTINATION], &destination, &names[DESTINATION]);
	if (!identify(connections, &owners[SOURCE], &source, &names[SOURCE]))
		process = &destination;
	row->process_entity_id = process->entity_id;
	row->process_pid = process->pid;
	row->process_executable_name = process->executable_name;
	row->container_id = process->container_id;
	if (process == &destination)
		return;
	row->peer_process_entity_id = destination.entity_id;
	row->peer_process_pid = destination.pid;
	row->peer_process_executable_name = destination.executable_name;
}

static void show_translation(const struct connection *connection, struct flow_row *row)
{
	const struct endpoints *after = connection->after;
	unsigned int source = key_direction(connection, after, SOURCE);

	if (after == connection->before)
		return;
	if (memcmp(&after->key.address[source], &row->source_address, 16) ||
	    after->key.port[source] != row->source_port) {
		row->source_nat_address = after->key.address[source];
		row->source_nat_port = after->key.port[source];
	}
	if (memcmp(&after->key.address[!source], &row->destination_address, 16) ||
	    after->key.port[!source] != row->destination_port) {
		row->destination_nat_address = after->key.address[!source];
		row->destination_nat_port = after->key.port[!source];
	}
}

static int put(struct delivery *delivery, enum slice_end end, enum stream_id stream,
	       const void *row)
{
	return end == SLICE_OPEN ? delivery_row_so_far(delivery, stream, row)
				 : delivery_row(delivery, stream, row);
}

static int emit_hop(const struct connections *connections, const struct connection *connection,
		    const struct sighted *at, enum slice_end end, struct delivery *delivery)
{
	const struct flow_key *key = &at->endpoints->key;
	unsigned int source = at->direction[SOURCE], destination = at->direction[DESTINATION];
	uint64_t offset = (uint64_t)connections->options.epoch_offset_ns;
	const struct hop_row row = {
		.flow_id = connection->flow_id,
		.start_ns = at->view->fresh.start_ns + offset,
		.end_ns = at->view->fresh.end_ns + offset,
		.source_address = key->address[source],
		.source_port = key->port[source],
		.destination_address = key->address[destination],
		.destination_port = key->port[destination],
		.network_iana_number = key->protocol,
		.network_namespace = at->view->network_namespace,
		.interface_index = (uint32_t)(at->hop->id >> 2),
		.network_io_direction = at->hop->id & 2 ? "transmit" : "receive",
		.source_order = at->order[SOURCE],
		.destination_order = at->order[DESTINATION],
		.source_packets = at->hop->fresh.packets[source],
		.source_bytes = at->hop->fresh.bytes[source],
		.destination_packets = at->hop->fresh.packets[destination],
		.destination_bytes = at->hop->fresh.bytes[destination],
	};

	return put(delivery, end, STREAM_HOP, &row);
}

static void count_hop(const struct sighted *at, struct flow_row *row)
{
	const struct hop_counts *counts = &at->hop->fresh;
	const uint8_t *dscp = at->view->fresh.dscp;
	unsigned int source = at->direction[SOURCE];

	if (counts->packets[0] || counts->packets[1])
		row->hop_count++;
	if (at->order[SOURCE] == 1) {
		row->source_packets += counts->packets[at->direction[SOURCE]];
		row->source_bytes += counts->bytes[at->direction[SOURCE]];
		if (dscp[source])
			row->source_dscp = (uint8_t)(dscp[source] - 1);
		if (!row->network_namespace)
			row->network_namespace = at->view->network_namespace;
	}
	if (at->order[DESTINATION] == 1) {
		if (dscp[!source])
			row->destination_dscp = (uint8_t)(dscp[!source] - 1);
		row->destination_packets += counts->packets[at->direction[DESTINATION]];
		row->destination_bytes += counts->bytes[at->direction[DESTINATION]];
	}
}

/* --- what explains them --- */

/* What the views know of trouble, counted wherever it happened. */
static void describe_trouble(const struct connection *connection, struct flow_row *row,
			     struct flow_drop drops[FLOW_DROPS])
{
	for (const struct endpoints *endpoints = connection->endpoints; endpoints;
	     endpoints = endpoints->next) {
		unsigned int source = key_direction(connection, endpoints, SOURCE);

		for (const struct view *view = &endpoints->view; view; view = view->next) {
			const struct trouble *trouble = view->trouble;

			if (!trouble || !view->fresh.start_ns)
				continue;
			row->source_tcp_retransmits += trouble[FRESH].retransmits[source];
			row->destination_tcp_retransmits += trouble[FRESH].retransmits[!source];
			for (int i = 0; i < FLOW_DROPS && trouble[FRESH].drop[i].reason; i++) {
				const struct flow_drop *drop = &trouble[FRESH].drop[i];

				row->dropped_packets += drop->packets;
				trouble_add_drop(drops, drop->reason, drop->packets);
			}
			if (!row->network_namespace)
				row->network_namespace = view->network_namespace;
		}
	}
}

/* Of the view where the source's packets began, else of any. */
static void tell_rtt(struct connection *connection, const struct sighted *hops, int count,
		     enum slice_end end, struct flow_row *row)
{
	enum rtt_told told = end == SLICE_OPEN ? RTT_TOLD_SO_FAR : RTT_WRITTEN;

	if (connection->rtt_told >= told)
		return;
	for (int i = 0; i < count; i++) {
		uint64_t rtt_ns = hops[i].view->fresh.tcp_rtt_ns;

		if (rtt_ns && (!row->tcp_rtt_ns || hops[i].order[SOURCE] == 1))
			row->tcp_rtt_ns = rtt_ns;
	}
	if (row->tcp_rtt_ns)
		connection->rtt_told = (uint8_t)told;
}

/* Span and flags of the slice; the connection's own follow. */
static void describe_views(struct connection *connection, struct flow_row *row)
{
	for (const struct endpoints *endpoints = connection->endpoints; endpoints;
	     endpoints = endpoints->next) {
		unsigned int source = key_direction(connection, endpoints, SOURCE);

		for (const struct view *view = &endpoints->view; view; view = view->next) {
			const struct span *span = &view->fresh;

			if (!span->start_ns)
				continue;
			if (!row->end_ns || span->start_ns < row->start_ns)
				row->start_ns = span->start_ns;
			if (span->end_ns > row->end_ns)
				row->end_ns = span->end_ns;
			row->source_tcp_flags |= span->tcp_flags[source];
			row->destination_tcp_flags |= span->tcp_flags[!source];
		}
	}
	connection->tcp_flags[connection->initiator] |= row->source_tcp_flags;
	connection->tcp_flags[!connection->initiator] |= row->destination_tcp_flags;
	if (connection->last_ns < row->end_ns)
		connection->last_ns = row->end_ns;
}

int connection_emit(struct connections *connections, struct connection *connection,
		    enum slice_end end, struct delivery *delivery)
{
	const struct flow_key *key = &connection->before->key;
	const struct filter *filter = connections->options.filter;
	struct flow_row row = {
		.flow_id = connection->flow_id,
		.sampling_rate = filter ? filter->sampling_rate : 1,
	};
	struct flow_drop drops[FLOW_DROPS] = {{0}};
	struct reasons reasons;
	struct names names[2];
	unsigned int source;
	char number[TRANSPORT_NUMBER_SIZE];
	struct sighted *hops;
	int error = 0, count;

	if (!connection_is_sampled(connections, connection)) {
		connections->not_sampled += end != SLICE_OPEN;
		return 0;
	}
	settle_initiator(connection);
	count = collect(connections, connection);
	hops = connections->sighted;
	if (count < 0)
		return count;
	put_in_order(hops, count, SOURCE);
	put_in_order(hops, count, DESTINATION);
	describe_views(connection, &row);
	row.start_ns += (uint64_t)connections->options.epoch_offset_ns;
	row.end_ns += (uint64_t)connections->options.epoch_offset_ns;
	source = key_direction(connection, connection->before, SOURCE);
	row.source_address = key->address[source];
	row.source_port = key->port[source];
	row.destination_address = key->address[!source];
	row.destination_port = key->port[!source];
	row.network_iana_number = key->protocol;
	row.network_transport = transport_name(key->protocol, number);
	row.icmp_type = key->icmp_type;
	row.icmp_code = key->icmp_code;
	show_translation(connection, &row);
	for (int i = 0; i < count && !error; i++) {
		count_hop(&hops[i], &row);
		if (!connections->options.no_hops &&
		    (hops[i].hop->fresh.packets[0] || hops[i].hop->fresh.packets[1]))
			error = emit_hop(connections, connection, &hops[i], end, delivery);
	}
	*(end == SLICE_OPEN ? &connections->open_packets : &connections->packets) +=
		row.source_packets + row.destination_packets;
	describe_trouble(connection, &row, drops);
	/* A translation alone is no traffic. */
	if (error || connections->options.no_flows ||
	    (!row.hop_count && !row.dropped_packets && !row.source_tcp_retransmits &&
	     !row.destination_tcp_retransmits))
		return error;
	trouble_reasons(&reasons, drops, connections->options.drop_reason,
			connections->options.context);
	row.dropped_reason = reasons.most[0] ? reasons.most : NULL;
	row.dropped_reasons = reasons.all[0] ? reasons.all : NULL;
	tell_rtt(connection, hops, count, end, &row);
	if (connections->options.processes)
		attribute(connections, connection, hops, count, &row, names);
	row.connection_state = connection_state(connection, key->protocol, &row);
	row.flow_end_reason = end == SLICE_FORCED ? 4 : connection_ended(connection) ? 3 : 2;
	return put(delivery, end, STREAM_FLOW, &row);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one namespace sees of a connection under one tuple.
 */
#include "recorder/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Hops of a view; more are only in captures that someone made up, and they all count as one. */
#define MOST_HOPS    256U
#define OTHER_HOPS   1U /* interface 0, received */
#define PROTOCOL_TCP 6

static void free_hops(struct view *view)
{
	if (view->hops != &view->first_hop)
		free(view->hops);
}

static void free_memory(struct view *view)
{
	free_hops(view);
	free(view->trouble);
}

void view_open(struct view *first, uint32_t network_namespace)
{
	first->network_namespace = network_namespace;
	first->hops = &first->first_hop;
	first->hop_capacity = 1;
}

void view_close(struct view *first)
{
	struct view *next;

	for (struct view *view = first->next; view; view = next) {
		next = view->next;
		free_memory(view);
		free(view);
	}
	free_memory(first);
}

struct view *view_of(struct view *first, uint32_t network_namespace)
{
	struct view *view;

	for (view = first; view; view = view->next)
		if (view->network_namespace == network_namespace)
			return view;
	/* A tuple that a translation made has no view yet: the first one is free. */
	if (!first->hop_count && !first->seen) {
		first->network_namespace = network_namespace;
		return first;
	}
	view = calloc(1, sizeof(*view));
	if (!view)
		return NULL;
	view_open(view, network_namespace);
	view->next = first->next;
	first->next = view;
	return view;
}

static struct hop *find_hop(struct view *view, uint64_t id)
{
	for (unsigned int i = 0; i < view->hop_count; i++)
		if (view->hops[i].id == id)
			return &view->hops[i];
	return NULL;
}

static struct hop *get_hop(struct view *view, uint64_t id)
{
	struct hop *known = find_hop(view, id);

	if (!known && view->hop_count >= MOST_HOPS) {
		id = OTHER_HOPS;
		known = find_hop(view, id);
	}
	if (known)
		return known;
	if (view->hop_count == view->hop_capacity) {
		uint16_t capacity = (uint16_t)(view->hop_capacity * 4);
		struct hop *hops = malloc(capacity * sizeof(*hops));

		if (!hops)
			return NULL;
		memcpy(hops, view->hops, view->hop_count * sizeof(*hops));
		free_hops(view);
		view->hops = hops;
		view->hop_capacity = capacity;
	}
	view->hops[view->hop_count] = (struct hop){.id = id};
	return &view->hops[view->hop_count++];
}

/* --- counting --- */

static void extend_span(struct span *span, uint64_t start_ns, uint64_t end_ns)
{
	if (!span->start_ns || span->start_ns > start_ns)
		span->start_ns = start_ns ? start_ns : 1;
	if (span->end_ns < end_ns || !span->end_ns)
		span->end_ns = end_ns ? end_ns : 1;
}

static void time_handshake(struct view *view, uint64_t rtt_ns)
{
	if (rtt_ns)
		view->fresh.tcp_rtt_ns = rtt_ns;
}

int view_packet(struct view *view, const struct packet *packet, uint64_t time_ns, uint32_t seen)
{
	unsigned int direction = packet->direction & 1;
	struct hop *hop =
		get_hop(view, (uint64_t)packet->interface_index << 2 |
				      (uint64_t)(packet->io_direction == IO_TRANSMIT) << 1 | 1);

	if (!hop)
		return -ENOMEM;
	if (!view->seen)
		seen |= SEEN_FIRST << direction;
	view->seen |= seen;
	extend_span(&view->fresh, time_ns, time_ns);
	view->fresh.tcp_flags[direction] |= packet->tcp_flags;
	view->fresh.dscp[direction] = (uint8_t)(1 + packet->dscp);
	if (packet->key.protocol == PROTOCOL_TCP)
		time_handshake(view,
			       handshake_packet(&view->handshake, direction, packet->tcp_flags,
						(uint32_t)hop->id, time_ns));
	if (!hop->first_ns[direction])
		hop->first_ns[direction] = time_ns ? time_ns : 1;
	hop->fresh.packets[direction]++;
	hop->fresh.bytes[direction] += packet->bytes;
	return 0;
}

/* Of several devices, one stacked on the other, it is the first. */
static void note_begin(struct view *view, const struct hop *hop, unsigned int direction)
{
	uint16_t known = view->begins[direction];

	if (!known || hop->first_ns[direction] < view->hops[known - 1].first_ns[direction])
		view->begins[direction] = (uint16_t)(hop - view->hops + 1);
}

static int add_hop(struct view *view, const struct flow_hop *from, uint64_t start_ns)
{
	struct hop *hop = get_hop(view, from->id);

	if (!hop)
		return -ENOMEM;
	for (unsigned int direction = 0; direction < 2; direction++) {
		if (from->first_ns[direction] && !hop->first_ns[direction])
			hop->first_ns[direction] = start_ns + from->first_ns[direction];
		if (from->begins[direction])
			note_begin(view, hop, direction);
		hop->fresh.packets[direction] += from->packets[direction];
		hop->fresh.bytes[direction] += from->bytes[direction];
	}
	return 0;
}

static int add_trouble(struct view *view, const struct flow_value *value)
{
	if (!view->trouble)
		view->trouble = calloc(2, sizeof(*view->trouble));
	if (!view->trouble)
		return -ENOMEM;
	trouble_add(&view->trouble[FRESH], value);
	return 0;
}

/* Whether packets went in this direction of the key. */
static int has_packets(const struct flow_value *value, unsigned int direction)
{
	for (unsigned int i = 0; i < FLOW_HOPS && value->hop[i].id; i++)
		if (value->hop[i].packets[direction])
			return 1;
	return 0;
}

int view_add(struct view *view, const struct flow_key *key, const struct flow_value *value)
{
	int error = 0;

	/* Who sent first is a fact of the first slice only. */
	view->seen |= view->seen ? value->seen & ~(SEEN_FIRST * 3) : value->seen;
	extend_span(&view->fresh, value->start_ns, value->end_ns);
	for (unsigned int direction = 0; direction < 2; direction++) {
		view->fresh.tcp_flags[direction] |= (uint16_t)value->tcp_flags[direction];
		if (value->owner[direction].pid)
			view->owner[direction] = value->owner[direction];
		if (has_packets(value, direction))
			view->fresh.dscp[direction] = (uint8_t)(1 + value->dscp[direction]);
	}
	if (key->protocol == PROTOCOL_TCP)
		time_handshake(view, handshake_flow(&view->handshake, value));
	if (trouble_in(value))
		error = add_trouble(view, value);
	for (unsigned int i = 0; i < FLOW_HOPS && value->hop[i].id && !error; i++)
		error = add_hop(view, &value->hop[i], value->start_ns);
	return error;
}

void view_renew(struct view *view)
{
	view->seen = 0;
	view->hop_count = 0;
	memset(view->begins, 0, sizeof(view->begins));
	view->handshake = (struct handshake){0};
	memset(view->owner, 0, sizeof(view->owner));
}

/* --- telling --- */

static void move_counts(struct hop_counts *to, struct hop_counts *from)
{
	for (unsigned int direction = 0; direction < 2; direction++) {
		to->packets[direction] += from->packets[direction];
		to->bytes[direction] += from->bytes[direction];
	}
	*from = (struct hop_counts){0};
}

static void move_span(struct span *to, struct span *from)
{
	int is_later = from->end_ns > to->end_ns;

	for (unsigned int direction = 0; direction < 2; direction++)
		if (from->dscp[direction] && (is_later || !to->dscp[direction]))
			to->dscp[direction] = from->dscp[direction];
	if (from->tcp_rtt_ns)
		to->tcp_rtt_ns = from->tcp_rtt_ns;
	if (from->start_ns && (!to->start_ns || from->start_ns < to->start_ns))
		to->start_ns = from->start_ns;
	if (from->end_ns > to->end_ns)
		to->end_ns = from->end_ns;
	to->tcp_flags[0] |= from->tcp_flags[0];
	to->tcp_flags[1] |= from->tcp_flags[1];
	*from = (struct span){0};
}

void view_set_aside(struct view *view)
{
	if (!view->fresh.start_ns)
		return;
	move_span(&view->told, &view->fresh);
	if (view->trouble)
		trouble_move(&view->trouble[TOLD], &view->trouble[FRESH]);
	for (unsigned int i = 0; i < view->hop_count; i++)
		move_counts(&view->hops[i].told, &view->hops[i].fresh);
}

void view_take_back(struct view *view)
{
	if (!view->told.start_ns)
		return;
	move_span(&view->fresh, &view->told);
	if (view->trouble)
		trouble_move(&view->trouble[FRESH], &view->trouble[TOLD]);
	for (unsigned int i = 0; i < view->hop_count; i++)
		move_counts(&view->hops[i].fresh, &view->hops[i].told);
}

void view_written(struct view *view)
{
	if (!view->fresh.start_ns)
		return;
	view->fresh = (struct span){0};
	if (view->trouble)
		view->trouble[FRESH] = (struct trouble){0};
	for (unsigned int i = 0; i < view->hop_count; i++)
		view->hops[i].fresh = (struct hop_counts){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections that are alive: found by their endpoints, counted by their views, forgotten
 * when idle.
 *
 * The table is open addressing with linear probing over (hash, pointer); a removal shifts back
 * what follows, so there are no tombstones.
 */
#include "recorder/connection_private.h"
#include "recorder/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FIRST_SLOTS	 1024U
#define FLOW_ID_BITS	 61 /* of the first flow_id, below a one */
#define FLOW_ID_LOW_BITS 24 /* of them that are zero */
#define SWEEPS_A_LIFE	 4  /* idle connections are looked for that often in an idle time */

static int random_flow_id(uint64_t *flow_id)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	number &= (1ULL << FLOW_ID_BITS) - 1;
	*flow_id = (1ULL << FLOW_ID_BITS | number) >> FLOW_ID_LOW_BITS << FLOW_ID_LOW_BITS;
	return 0;
}

struct connections *connections_new(const struct connections_options *options)
{
	struct connections *connections = calloc(1, sizeof(*connections));

	if (!connections)
		return NULL;
	connections->options = *options;
	connections->next_flow_id = options->first_flow_id;
	connections->slot_count = FIRST_SLOTS;
	connections->slots = calloc(FIRST_SLOTS, sizeof(*connections->slots));
	connections->last_active = &connections->first_active;
	pool_open(&connections->endpoints, sizeof(struct endpoints));
	pool_open(&connections->connections, sizeof(struct connection));
	if (!connections->slots ||
	    (!connections->next_flow_id && random_flow_id(&connections->next_flow_id))) {
		free(connections->slots);
		free(connections);
		return NULL;
	}
	return connections;
}

static void connection_forget_views(struct connection *connection)
{
	for (struct endpoints *endpoints = connection->endpoints; endpoints;
	     endpoints = endpoints->next)
		view_close(&endpoints->view);
}

void connections_free(struct connections *connections)
{
	if (!connections)
		return;
	for (struct connection *connection = connections->first_active; connection;
	     connection = connection->next_active)
		if (connection->is_over)
			connection_forget_views(connection);
	for (size_t i = 0; i < connections->slot_count; i++)
		if (connections->slots[i].endpoints)
			view_close(&connections->slots[i].endpoints->view);
	pool_close(&connections->endpoints);
	pool_close(&connections->connections);
	free(connections->slots);
	free(connections->sighted);
	free(connections);
}

uint64_t connections_packets(const struct connections *connections)
{
	return connections->packets + connections->open_packets;
}

size_t connections_count(const struct connections *connections)
{
	return connections->count;
}

uint64_t connections_next_flow_id(const struct connections *connections)
{
	return connections->next_flow_id;
}

/* --- the table --- */

static uint64_t hash_key(const struct flow_key *key)
{
	return XXH3_64bits(key, sizeof(*key));
}

static struct slot *find_slot(const struct connections *connections, const struct flow_key *key,
			      uint64_t hash)
{
	size_t i = hash & (connections->slot_count - 1);

	for (;; i = (i + 1) & (connections->slot_count - 1)) {
		struct slot *slot = &connections->slots[i];

		if (!slot->endpoints ||
		    (slot->hash == hash && !memcmp(&slot->endpoints->key, key, sizeof(*key))))
			return slot;
	}
}

static int grow(struct connections *connections)
{
	size_t slot_count = connections->slot_count * 2;
	struct slot *slots = calloc(slot_count, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < connections->slot_count; i++) {
		size_t to = connections->slots[i].hash & (slot_count - 1);

		if (!connections->slots[i].endpoints)
			continue;
		while (slots[to].endpoints)
			to = (to + 1) & (slot_count - 1);
		slots[to] = connections->slots[i];
	}
	free(connections->slots);
	connections->slots = slots;
	connections->slot_count = slot_count;
	return 0;
}

/* A loopback address: its packets never leave their namespace. */
static int is_loopback(const struct address *address)
{
	const uint8_t *bytes = (const uint8_t *)address;
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t one[16] = {[15] = 1};

	return (bytes[12] == 127 && !memcmp(bytes, mapped, sizeof(mapped))) ||
	       !memcmp(bytes, one, sizeof(one));
}

static struct flow_key endpoints_key(const struct flow_key *key)
{
	struct flow_key out = *key;

	if (!is_loopback(&key->address[0]) && !is_loopback(&key->address[1]))
		out.network_namespace = 0;
	return out;
}

struct endpoints *connections_new_endpoints(struct connections *connections,
					    const struct flow_key *key,
					    uint32_t network_namespace)
{
	struct endpoints *endpoints = pool_take(&connections->endpoints);

	if (!endpoints)
		return NULL;
	endpoints->key = *key;
	view_open(&endpoints->view, network_namespace);
	return endpoints;
}

void connections_free_endpoints(struct connections *connections, struct endpoints *endpoints)
{
	view_close(&endpoints->view);
	pool_give(&connections->endpoints, endpoints);
}

void connections_find_instead(struct connections *connections, struct endpoints *endpoints)
{
	const struct flow_key *key = &endpoints->key;

	find_slot(connections, key, hash_key(key))->endpoints = endpoints;
}

struct endpoints *connections_endpoints(struct connections *connections,
					const struct flow_key *view_key, uint64_t time_ns)
{
	struct flow_key key = endpoints_key(view_key);
	uint64_t hash = hash_key(&key);
	struct slot *slot = find_slot(connections, &key, hash);
	struct endpoints *endpoints;
	struct connection *connection;

	if (slot->endpoints)
		return slot->endpoints;
	if ((connections->count + 1) * 2 > connections->slot_count) {
		if (grow(connections))
			return NULL;
		slot = find_slot(connections, &key, hash);
	}
	endpoints = connections_new_endpoints(connections, &key, view_key->network_namespace);
	if (!endpoints)
		return NULL;
	connection = pool_take(&connections->connections);
	if (!connection) {
		pool_give(&connections->endpoints, endpoints);
		return NULL;
	}
	endpoints->connection = connection;
	connection->flow_id = connections->next_flow_id++;
	connection->endpoints = connection->before = connection->after = endpoints;
	connection->last_ns = time_ns;
	*slot = (struct slot){hash, endpoints};
	connections->count++;
	return endpoints;
}

static void remove_slot(struct connections *connections, struct slot *slot)
{
	size_t mask = connections->slot_count - 1, hole = (size_t)(slot - connections->slots);

	for (size_t i = (hole + 1) & mask; connections->slots[i].endpoints;
	     i = (i + 1) & mask) {
		size_t home = connections->slots[i].hash & mask;

		/* Move back what may stand in the hole: its home is not between hole and i. */
		if (((i - home) & mask) >= ((i - hole) & mask)) {
			connections->slots[hole] = connections->slots[i];
			hole = i;
		}
	}
	connections->slots[hole] = (struct slot){0, NULL};
	connections->count--;
}

/* --- counting --- */

int connection_is_sampled(const struct connections *connections,
			  const struct connection *connection)
{
	const struct filter *filter = connections->options.filter;

	return !filter || filter_samples(filter, &connection->before->key);
}

uint64_t connections_not_sampled(struct connections *connections)
{
	uint64_t count = connections->not_sampled;

	connections->not_sampled = 0;
	return count;
}

int flags_end_tcp(const uint16_t flags[2])
{
	return ((flags[0] | flags[1]) & 0x04) || (flags[0] & flags[1] & 0x01);
}

int connection_ended(const struct connection *connection)
{
	return flags_end_tcp(connection->tcp_flags);
}

static void each_view(struct connection *connection, void (*change)(struct view *view))
{
	for (struct endpoints *endpoints = connection->endpoints; endpoints;
	     endpoints = endpoints->next)
		for (struct view *view = &endpoints->view; view; view = view->next)
			change(view);
}

static void note_time(struct connections *connections, uint64_t time_ns)
{
	if (connections->last_ns < time_ns)
		connections->last_ns = time_ns;
}

/* The same endpoints begin another connection. */
static void renew(struct connections *connections, struct connection *connection)
{
	connection->flow_id = connections->next_flow_id++;
	connection->tcp_flags[0] = connection->tcp_flags[1] = 0;
	connection->flags_before[0] = connection->flags_before[1] = 0;
	connection->is_ended = connection->initiator_known = 0;
	connection->rtt_told = RTT_UNTOLD;
	each_view(connection, view_renew);
}

void connection_wake(struct connections *connections, struct connection *connection,
		     uint64_t time_ns, uint32_t seen)
{
	if (connection->is_active)
		return;
	if ((connection->is_ended && (seen & (SEEN_SYN * 3))) ||
	    time_ns > connection->last_ns + connections->options.idle_ns)
		renew(connections, connection);
	if (connection->last_ns < time_ns)
		connection->last_ns = time_ns;
}

void connection_activate(struct connections *connections, struct connection *connection,
			 uint64_t time_ns, uint32_t seen)
{
	connection->is_fresh = 1;
	if (connection->is_active)
		return;
	connection_wake(connections, connection, time_ns, seen);
	connection->is_active = 1;
	connection->next_active = NULL;
	*connections->last_active = connection;
	connections->last_active = &connection->next_active;
}

int connections_packet(struct connections *connections, const struct packet *packet,
		       uint64_t time_ns)
{
	struct endpoints *endpoints = connections_endpoints(connections, &packet->key, time_ns);
	unsigned int direction = packet->direction & 1;
	uint32_t seen = 0;
	struct view *view;
	int error;

	if (!endpoints)
		return -ENOMEM;
	if ((packet->tcp_flags & 0x02))
		seen = (packet->tcp_flags & 0x10 ? SEEN_SYN_ACK : SEEN_SYN) << direction;
	endpoints =
		endpoints_of_sight(connections, endpoints, packet->key.network_namespace, seen);
	if (!endpoints)
		return -ENOMEM;
	view = view_of(&endpoints->view, packet->key.network_namespace);
	if (!view)
		return -ENOMEM;
	if (!view->fresh.start_ns)
		connection_activate(connections, endpoints->connection, time_ns, seen);
	error = view_packet(view, packet, time_ns, seen);
	if (!error)
		note_time(connections, time_ns);
	return error;
}

int connections_add(struct connections *connections, const struct flow_key *key,
		    const struct flow_value *value)
{
	struct endpoints *endpoints = connections_endpoints(connections, key, value->start_ns);
	struct view *view;

	if (endpoints)
		endpoints = endpoints_of_sight(connections, endpoints, key->network_namespace,
					       value->seen);
	if (!endpoints)
		return -ENOMEM;
	connection_activate(connections, endpoints->connection, value->end_ns, value->seen);
	view = view_of(&endpoints->view, key->network_namespace);
	if (!view)
		return -ENOMEM;
	note_time(connections, value->end_ns);
	return view_add(view, key, value);
}

/* --- forgetting --- */

static void forget(struct connections *connections, struct connection *connection)
{
	struct endpoints *next;

	for (struct endpoints *endpoints = connection->endpoints; endpoints; endpoints = next) {
		next = endpoints->next;
		remove_slot(connections,
			    find_slot(connections, &endpoints->key, hash_key(&endpoints->key)));
		connections_free_endpoints(connections, endpoints);
	}
	pool_give(&connections->connections, connection);
}

void connections_sweep(struct connections *connections)
{
	uint64_t idle_ns = connections->options.idle_ns, now = connections->last_ns;

	if (now < connections->swept_ns + idle_ns / SWEEPS_A_LIFE)
		return;
	connections->swept_ns = now;
	for (size_t i = 0; i < connections->slot_count;) {
		struct endpoints *endpoints = connections->slots[i].endpoints;

		/* A removal may move another entry into this slot: look at it again. */
		if (endpoints && !endpoints->connection->is_active &&
		    endpoints->connection->last_ns + idle_ns < now)
			forget(connections, endpoints->connection);
		else
			i++;
	}
}

/* --- telling --- */

void connection_set_aside(struct connection *connection)
{
	connection->is_fresh = 0;
	connection->is_told = 1;
	each_view(connection, view_set_aside);
}

void connection_take_back(struct connection *connection)
{
	each_view(connection, view_take_back);
}

void connection_written(struct connection *connection)
{
	connection->is_ended = (uint8_t)connection_ended(connection);
	memcpy(connection->flags_before, connection->tcp_flags, sizeof(connection->tcp_flags));
	connection->is_active = connection->is_fresh = connection->is_told = 0;
	each_view(connection, view_written);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translations: the endpoints before and after one belong to one connection.
 *
 *     client > service          before: the original tuple
 *     client > server           between: destination translated, source not yet
 *     router > server           after: the reply tuple turned around
 */
#include "recorder/connection_private.h"

#include <errno.h>

/* A conntrack tuple as a flow key; *direction is the way its packets go. */
static struct flow_key key_of_tuple(const struct tuple *tuple, uint32_t network_namespace,
				    unsigned int *direction)
{
	const struct address *source = &tuple->source, *destination = &tuple->destination;
	uint16_t ports[2] = {tuple->source_port, tuple->destination_port};
	struct flow_key key = {
		.network_namespace = network_namespace,
		.protocol = tuple->protocol,
		.icmp_type = tuple->icmp_type,
		.icmp_code = tuple->icmp_code,
	};

	if (source->half[0] != destination->half[0])
		*direction = source->half[0] > destination->half[0];
	else if (source->half[1] != destination->half[1])
		*direction = source->half[1] > destination->half[1];
	else
		*direction = ports[0] > ports[1];
	key.address[*direction] = *source;
	key.address[!*direction] = *destination;
	key.port[*direction] = ports[0];
	key.port[!*direction] = ports[1];
	return key;
}

/* The reply's tuple turned around: the original packets after the translation. */
static struct tuple translated_tuple(const struct nat_event *event)
{
	struct tuple tuple = event->original;

	tuple.source = event->reply.destination;
	tuple.destination = event->reply.source;
	tuple.source_port = event->reply.destination_port;
	tuple.destination_port = event->reply.source_port;
	return tuple;
}

static void unlink_endpoints(struct endpoints *endpoints)
{
	struct endpoints **at = &endpoints->connection->endpoints;

	while (*at != endpoints)
		at = &(*at)->next;
	*at = endpoints->next;
}

static void link_endpoints(struct connection *connection, struct endpoints *endpoints,
			   unsigned int turn)
{
	endpoints->turned ^= turn;
	endpoints->connection = connection;
	endpoints->next = connection->endpoints;
	connection->endpoints = endpoints;
}

/* Take a connection out of this slice's list; what it counted is with its views. */
static void deactivate(struct connections *connections, struct connection *connection)
{
	struct connection **at = &connections->first_active;

	if (!connection->is_active)
		return;
	while (*at != connection)
		at = &(*at)->next_active;
	*at = connection->next_active;
	if (connections->last_active == &connection->next_active)
		connections->last_active = at;
}

static void merge(struct connections *connections, struct connection *into,
		  struct connection *from, unsigned int turn)
{
	struct endpoints *next;

	if (from->is_active)
		connection_activate(connections, into, into->last_ns, 0);
	deactivate(connections, from);
	for (unsigned int direction = 0; direction < 2; direction++) {
		into->tcp_flags[direction ^ turn] |= from->tcp_flags[direction];
		into->flags_before[direction ^ turn] |= from->flags_before[direction];
	}
	if (into->last_ns < from->last_ns)
		into->last_ns = from->last_ns;
	if (into->rtt_told < from->rtt_told)
		into->rtt_told = from->rtt_told;
	into->after = from->after;
	for (struct endpoints *endpoints = from->endpoints; endpoints; endpoints = next) {
		next = endpoints->next;
		link_endpoints(into, endpoints, turn);
	}
	pool_give(&connections->connections, from);
}

/*
 * Join what is seen between the translation of the destination (prerouting) and that of the
 * source (postrouting): a bridge that filters its packets as IP shows them so at its own
 * interface.
 */
static int join_between(struct connections *connections, const struct nat_event *event,
			struct connection *connection, unsigned int source_direction)
{
	struct tuple between = event->original;
	struct endpoints *endpoints, *after = connection->after;
	unsigned int direction;
	struct flow_key key;

	between.destination = event->reply.source;
	between.destination_port = event->reply.source_port;
	key = key_of_tuple(&between, event->network_namespace, &direction);
	endpoints = connections_endpoints(connections, &key, event->header.time_ns);
	if (!endpoints)
		return -ENOMEM;
	/* What has been joined already, or translated on its own, stays where it is. */
	if (endpoints->connection == connection || endpoints->next ||
	    endpoints->connection->endpoints != endpoints)
		return 0;
	merge(connections, connection, endpoints->connection,
	      source_direction ^ direction ^ endpoints->turned);
	connection->after = after;
	return 0;
}

int connections_translate(struct connections *connections, const struct nat_event *event,
			  uint64_t *flow_id)
{
	struct tuple translated = translated_tuple(event);
	unsigned int direction_before, direction_after, turn;
	struct flow_key before_key =
		key_of_tuple(&event->original, event->network_namespace, &direction_before);
	struct flow_key after_key =
		key_of_tuple(&translated, event->network_namespace, &direction_after);
	struct endpoints *before, *after;
	struct connection *connection;
	int known;

	before = connections_endpoints(connections, &before_key, event->header.time_ns);
	after = before ? connections_endpoints(connections, &after_key, event->header.time_ns)
		       : NULL;
	if (!after)
		return -ENOMEM;
	connection = before->connection;
	connection_wake(connections, connection, event->header.time_ns, 0);
	known = after->connection == connection && connection->after == after;
	turn = direction_before ^ before->turned ^ direction_after ^ after->turned;
	if (after->connection != connection) {
		struct connection *other = after->connection;

		if (other->before == after)
			merge(connections, connection, other, turn);
		else {
			/* The address and port have been given to another connection since. */
			unlink_endpoints(after);
			if (other->after == after)
				other->after = other->before;
			link_endpoints(connection, after, turn);
			connection->after = after;
			if (other->is_active)
				connection_activate(connections, connection,
						    event->header.time_ns, 0);
		}
	}
	if (!connection->initiator_known) {
		connection->initiator = (direction_before ^ before->turned) & 1;
		connection->initiator_known = 1;
	}
	if (!known &&
	    join_between(connections, event, connection, direction_before ^ before->turned))
		return -ENOMEM;
	*flow_id = connection->flow_id;
	if (!connection_is_sampled(connections, connection))
		return TRANSLATE_NOT_SAMPLED;
	return known ? TRANSLATE_KNOWN : TRANSLATE_JOINED;
}

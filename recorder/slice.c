/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which connections are told when: at the end of a slice all that took part in it; before, what
 * is new of them, and what is over for good.
 */
#include "recorder/connection_private.h"

#define SETTLED_NS 50000000ULL /* after the last packet that was seen, none is on its way */

/* The end of the slice, or as good as that for a connection that is over already. */
static int tell(struct connections *connections, struct connection *connection,
		enum slice_end end, struct delivery *delivery)
{
	int error;

	connection_take_back(connection);
	error = connection_emit(connections, connection, end, delivery);
	if (error)
		return error;
	if (connection->is_over)
		connection_forget_over(connections, connection);
	else
		connection_written(connection);
	return 0;
}

/* Whether TCP ended the connection, and that some time ago: nothing of it is on its way. */
static int is_settled(const struct connections *connections,
		      const struct connection *connection)
{
	uint16_t flags[2] = {connection->tcp_flags[0], connection->tcp_flags[1]};
	uint64_t end_ns = 0;

	for (const struct endpoints *endpoints = connection->endpoints; endpoints;
	     endpoints = endpoints->next)
		for (const struct view *view = &endpoints->view; view; view = view->next) {
			if (!view->fresh.start_ns)
				continue;
			flags[endpoints->turned] |= view->fresh.tcp_flags[0];
			flags[!endpoints->turned] |= view->fresh.tcp_flags[1];
			if (view->fresh.end_ns > end_ns)
				end_ns = view->fresh.end_ns;
		}
	return flags_end_tcp(flags) && end_ns + SETTLED_NS < connections->last_ns;
}

/* Take out of the slice what will not change any more: it need not be told twice. */
static int tell_settled(struct connections *connections, struct delivery *delivery)
{
	struct connection **link = &connections->first_active, *connection;
	int error = 0;

	while ((connection = *link) && !error) {
		struct connection *next = connection->next_active;

		if (!connection->is_told && is_settled(connections, connection)) {
			error = tell(connections, connection, SLICE_ENDED, delivery);
			if (!error)
				*link = next;
		} else {
			link = &connection->next_active;
		}
	}
	if (!connection)
		connections->last_active = link;
	return error;
}

static int tell_so_far(struct connections *connections, struct delivery *delivery)
{
	int error = 0;

	for (struct connection *connection = connections->first_active; connection && !error;
	     connection = connection->next_active) {
		if (!connection->is_fresh)
			continue;
		error = connection_emit(connections, connection, SLICE_OPEN, delivery);
		if (!error)
			connection_set_aside(connection);
	}
	return error;
}

int connections_emit(struct connections *connections, enum slice_end end,
		     struct delivery *delivery)
{
	struct connection *connection;
	int error = 0;

	if (end == SLICE_OPEN) {
		error = tell_settled(connections, delivery);
		return error ? error : tell_so_far(connections, delivery);
	}
	while ((connection = connections->first_active)) {
		struct connection *next = connection->next_active;

		error = tell(connections, connection, end, delivery);
		if (error)
			return error;
		connections->first_active = next;
	}
	connections->open_packets = 0;
	connections->last_active = &connections->first_active;
	connections_sweep(connections);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints that are used for another connection before the slice of the one before is told.
 *
 *     key ──> endpoints ── earlier ──> endpoints ── earlier ──> ...
 *                 │                        │
 *             connection               connection, over: told once more, and forgotten
 *
 * After its end, a SYN makes a connection's endpoints another one's: all of them, before and
 * after translations. What a namespace reports is the latest connection's of which it has seen
 * something, so that each of them moves on with the SYN as it passes there.
 */
#include "recorder/connection_private.h"

#define TCP_SYN 0x02
#define TCP_RST 0x04

/* The namespace's view, where it has seen something of the connection already; else NULL. */
static const struct view *begun(const struct endpoints *endpoints, uint32_t network_namespace)
{
	for (const struct view *view = &endpoints->view; view; view = view->next)
		if (view->network_namespace == network_namespace)
			return view->hop_count || view->seen ? view : NULL;
	return NULL;
}

/*
 * Whether TCP ended the connection, as far as the view has seen it: others may be ahead. Who
 * has sent a SYN and had none in answer resets what answers for an older connection, and sends
 * the SYN again.
 */
static int has_ended(const struct endpoints *endpoints, const struct view *view)
{
	const struct connection *connection = endpoints->connection;
	uint16_t flags[2];

	for (unsigned int direction = 0; direction < 2; direction++)
		flags[direction] = connection->flags_before[direction ^ endpoints->turned] |
				   view->fresh.tcp_flags[direction] |
				   view->told.tcp_flags[direction];
	for (unsigned int direction = 0; direction < 2; direction++)
		if (flags[direction] & TCP_SYN && !(flags[!direction] & TCP_SYN))
			flags[direction] &= (uint16_t)~TCP_RST;
	return flags_end_tcp(flags);
}

static void free_list(struct connections *connections, struct endpoints *endpoints)
{
	struct endpoints *next;

	for (; endpoints; endpoints = next) {
		next = endpoints->next;
		connections_free_endpoints(connections, endpoints);
	}
}

/* The same endpoints for another connection, each with its own as the earlier one. */
static int copy_endpoints(struct connections *connections, const struct connection *from,
			  struct connection *to)
{
	struct endpoints **end = &to->endpoints;

	for (struct endpoints *old = from->endpoints; old; old = old->next) {
		struct endpoints *copy = connections_new_endpoints(connections, &old->key,
								   old->view.network_namespace);

		if (!copy) {
			free_list(connections, to->endpoints);
			return -1;
		}
		copy->connection = to;
		copy->turned = old->turned;
		copy->earlier = old;
		if (from->before == old)
			to->before = copy;
		if (from->after == old)
			to->after = copy;
		*end = copy;
		end = &copy->next;
	}
	return 0;
}

static struct endpoints *begin_another(struct connections *connections,
				       struct endpoints *endpoints)
{
	struct connection *over = endpoints->connection;
	struct connection *connection = pool_take(&connections->connections);

	if (!connection)
		return NULL;
	if (copy_endpoints(connections, over, connection)) {
		pool_give(&connections->connections, connection);
		return NULL;
	}
	connection->flow_id = connections->next_flow_id++;
	connection->last_ns = over->last_ns;
	over->is_over = 1;
	for (struct endpoints *copy = connection->endpoints; copy; copy = copy->next) {
		copy->earlier->later = copy;
		connections_find_instead(connections, copy);
	}
	return endpoints->later;
}

struct endpoints *endpoints_of_sight(struct connections *connections,
				     struct endpoints *endpoints, uint32_t network_namespace,
				     uint32_t seen)
{
	const struct view *view = begun(endpoints, network_namespace);

	if (seen & SEEN_SYN * 3)
		return view && endpoints->connection->is_active && has_ended(endpoints, view)
			       ? begin_another(connections, endpoints)
			       : endpoints;
	for (struct endpoints *at = endpoints->earlier; !view && at; at = at->earlier)
		if (begun(at, network_namespace))
			return at;
	return endpoints;
}

void connection_forget_over(struct connections *connections, struct connection *connection)
{
	for (struct endpoints *endpoints = connection->endpoints; endpoints;
	     endpoints = endpoints->next)
		if (endpoints->later)
			endpoints->later->earlier = NULL;
	free_list(connections, connection->endpoints);
	pool_give(&connections->connections, connection);
}

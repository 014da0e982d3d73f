/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translations on their way from the kernel's events to rows.
 */
#include "recorder/nat_rows.h"
#include "recorder/nat_table.h"

#include <stdlib.h>
#include <string.h>

/* RFC 8158, section 4.1: of IPv4 to IPv4. */
#define NAT44_CREATE 4
#define NAT44_DELETE 5

struct nat_rows {
	struct connections *connections;
	struct nat_table *living;
	int64_t epoch_offset_ns;
};

struct nat_rows *nat_rows_new(struct connections *connections, int64_t epoch_offset_ns)
{
	struct nat_rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return NULL;
	rows->connections = connections;
	rows->epoch_offset_ns = epoch_offset_ns;
	rows->living = nat_table_new();
	if (!rows->living) {
		free(rows);
		return NULL;
	}
	return rows;
}

void nat_rows_free(struct nat_rows *rows)
{
	if (!rows)
		return;
	nat_table_free(rows->living);
	free(rows);
}

static const char *probe_name(unsigned int told_by)
{
	static const char *const names[] = {
		[NAT_BY_PACKET] = "net_dev_queue",
		[NAT_BY_INSERT] = "__nf_conntrack_hash_insert",
		[NAT_BY_DELETE] = "nf_ct_delete",
		[NAT_BY_WALK] = "conntrack walk",
		[NAT_BY_REUSE] = "reused entry",
		[NAT_BY_DUMP] = "conntrack dump",
		[NAT_BY_NOTICE] = "ctnetlink",
		[NAT_BY_SOCKET] = "socket",
	};

	return told_by < sizeof(names) / sizeof(names[0]) ? names[told_by] : NULL;
}

static int is_ipv4(const struct address *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(address, mapped, sizeof(mapped));
}

static void describe(const struct nat_rows *rows, const struct nat_event *event,
		     uint64_t flow_id, struct nat_row *row)
{
	uint64_t offset = (uint64_t)rows->epoch_offset_ns;
	int is_end = event->header.kind == EVENT_NAT_END;

	*row = (struct nat_row){
		.time_ns = event->header.time_ns + offset,
		.since_ns = event->since_ns ? event->since_ns + offset : 0,
		.nat_event = !is_ipv4(&event->original.source) ? 0
			     : is_end			       ? NAT44_DELETE
							       : NAT44_CREATE,
		.event_action = is_end		? "delete"
				: event->is_new ? "create"
						: "exists",
		.flow_id = flow_id,
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
		.probe = probe_name(event->told_by),
	};
}

/* Of the connections that are not in the sample, in the table. */
#define NO_FLOW 0

static int begin(struct nat_rows *rows, const struct nat_event *event, uint64_t *flow_id)
{
	int joined = connections_translate(rows->connections, event, flow_id), known;

	if (joined < 0)
		return joined;
	if (event->header.kind == EVENT_NAT_AGAIN)
		return NAT_KNOWN;
	/* Nobody will tell when one that is not kept is over. */
	known = event->is_unkept
			? joined == TRANSLATE_KNOWN
			: nat_table_begin(rows->living, event,
					  joined == TRANSLATE_NOT_SAMPLED ? NO_FLOW : *flow_id);
	if (known < 0)
		return known;
	return joined == TRANSLATE_NOT_SAMPLED ? NAT_NOT_SAMPLED : known ? NAT_KNOWN : NAT_NEWS;
}

static int end(struct nat_rows *rows, const struct nat_event *event, uint64_t *flow_id)
{
	int error = nat_table_end(rows->living, event, flow_id);

	return !error && *flow_id == NO_FLOW ? NAT_NOT_SAMPLED : NAT_NEWS;
}

int nat_rows_take(struct nat_rows *rows, const struct nat_event *event, struct nat_row *row)
{
	uint64_t flow_id = NO_FLOW;
	int news = event->header.kind == EVENT_NAT_END ? end(rows, event, &flow_id)
						       : begin(rows, event, &flow_id);

	if (news == NAT_NEWS)
		describe(rows, event, flow_id, row);
	return news;
}

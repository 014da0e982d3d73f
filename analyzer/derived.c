/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns that follow from others.
 */
#include "analyzer/derived.h"
#include "analyzer/address.h"
#include "analyzer/community_id.h"

#include <string.h>

/* In the order that the functions below rely on. */
enum input {
	SOURCE_ADDRESS,
	DESTINATION_ADDRESS,
	SOURCE_PORT,
	DESTINATION_PORT,
	PROTOCOL,
	ICMP_TYPE,
	ICMP_CODE,
	SOURCE_NAT_ADDRESS,
	DESTINATION_NAT_ADDRESS,
	SOURCE_NAT_PORT,
	DESTINATION_NAT_PORT,
};

static const char *const tuple_inputs[DERIVED_INPUTS] = {
	"source_address",      "destination_address", "source_port", "destination_port",
	"network_iana_number", "icmp_type",	      "icmp_code",
};

static const char *const nat_inputs[DERIVED_INPUTS] = {
	"source_address",   "destination_address",  "source_port",
	"destination_port", "network_iana_number",  "icmp_type",
	"icmp_code",	    "source_nat_address",   "destination_nat_address",
	"source_nat_port",  "destination_nat_port",
};

static struct tuple original_tuple(const struct scan *scan, const unsigned int *inputs)
{
	return (struct tuple){
		.source = *scan_address(scan, inputs[SOURCE_ADDRESS]),
		.destination = *scan_address(scan, inputs[DESTINATION_ADDRESS]),
		.source_port = (uint16_t)scan_integer(scan, inputs[SOURCE_PORT]),
		.destination_port = (uint16_t)scan_integer(scan, inputs[DESTINATION_PORT]),
		.protocol = (uint8_t)scan_integer(scan, inputs[PROTOCOL]),
		.icmp_type = (uint8_t)scan_integer(scan, inputs[ICMP_TYPE]),
		.icmp_code = (uint8_t)scan_integer(scan, inputs[ICMP_CODE]),
	};
}

static void give(const struct tuple *tuple, sqlite3_context *context)
{
	char text[COMMUNITY_ID_SIZE];

	community_id(tuple, text);
	sqlite3_result_text(context, text, COMMUNITY_ID_SIZE - 1, SQLITE_TRANSIENT);
}

static void network_community_id(const struct scan *scan, const unsigned int *inputs,
				 sqlite3_context *context)
{
	struct tuple tuple = original_tuple(scan, inputs);

	give(&tuple, context);
}

static void nat_community_id(const struct scan *scan, const unsigned int *inputs,
			     sqlite3_context *context)
{
	struct tuple tuple = original_tuple(scan, inputs);
	const struct address *source = scan_address(scan, inputs[SOURCE_NAT_ADDRESS]);
	const struct address *destination = scan_address(scan, inputs[DESTINATION_NAT_ADDRESS]);
	uint16_t source_port = (uint16_t)scan_integer(scan, inputs[SOURCE_NAT_PORT]);
	uint16_t destination_port = (uint16_t)scan_integer(scan, inputs[DESTINATION_NAT_PORT]);

	if (address_is_zero(source) && address_is_zero(destination) && !source_port &&
	    !destination_port)
		return;
	if (!address_is_zero(source))
		tuple.source = *source;
	if (!address_is_zero(destination))
		tuple.destination = *destination;
	if (source_port)
		tuple.source_port = source_port;
	if (destination_port)
		tuple.destination_port = destination_port;
	give(&tuple, context);
}

static const struct derived_column columns[] = {
	{
		.stream = "flow",
		.column = {.name = "network_community_id",
			   .type = COLUMN_TEXT,
			   .is_key = 1,
			   .optional = 0,
			   .unit = "",
			   .meaning = "Community ID v1 of the tuple before translation",
			   .otel = "",
			   .ecs = "network.community_id",
			   .ipfix = "",
			   .zeek = "community_id"},
		.inputs = tuple_inputs,
		.compute = network_community_id,
	},
	{
		.stream = "flow",
		.column = {.name = "nat_community_id",
			   .type = COLUMN_TEXT,
			   .is_key = 1,
			   .optional = 1,
			   .unit = "",
			   .meaning = "Community ID v1 of the tuple after translation",
			   .otel = "",
			   .ecs = "",
			   .ipfix = "",
			   .zeek = ""},
		.inputs = nat_inputs,
		.compute = nat_community_id,
	},
};

const struct derived_column *derived_column(const struct stream *stream, size_t i)
{
	for (size_t j = 0; j < sizeof(columns) / sizeof(columns[0]); j++)
		if (!strcmp(columns[j].stream, stream->name) && !i--)
			return &columns[j];
	return NULL;
}

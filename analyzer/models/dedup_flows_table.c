/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SELECT * FROM dedup_flows('netobserv-1.8', 'eviction=5s'): what the designs' maps held of
 * each flow at each eviction, in the order of first packets; of all designs that keep flows
 * when none is named. What found no room in a map is not in it. Where it is known when a design
 * evicted, 'evict_at=1700000000000000000;1700000005000000000' lets the model do it then.
 */
#include "analyzer/models/dedup_arguments.h"
#include "analyzer/models/model_table.h"

#include "analyzer/address.h"

#include <errno.h>
#include <stdio.h>

#define INTERFACES_TEXT (LEDGER_INTERFACES * sizeof("4294967295 transmit,"))

static const char *direction_word(unsigned int direction)
{
	return direction == LEDGER_BOTH	 ? "both"
	       : direction == IO_RECEIVE ? "receive"
					 : "transmit";
}

static void put_address(struct model_rows *rows, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text);
	model_put_text(rows, text);
}

static void put_observed(struct model_rows *rows, const struct ledger_flow *flow)
{
	char text[INTERFACES_TEXT] = "";
	size_t size = 0;

	for (unsigned int i = 0; i < flow->observed_count; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%u %s",
					 i ? "," : "", flow->observed[i],
					 direction_word(flow->observed_direction[i]));
	model_put_text(rows, text);
}

static void put_flow(struct model_rows *rows, const char *recording_id,
		     const struct dedup_model *model, const struct ledger_flow *flow)
{
	model_put_text(rows, recording_id);
	model_put_text(rows, model->name);
	model_put_integer(rows, flow->start_ns);
	model_put_integer(rows, flow->end_ns);
	put_address(rows, &flow->source);
	model_put_integer(rows, flow->source_port);
	put_address(rows, &flow->destination);
	model_put_integer(rows, flow->destination_port);
	model_put_integer(rows, flow->protocol);
	model_put_integer(rows, flow->icmp_type);
	model_put_integer(rows, flow->icmp_code);
	model_put_integer(rows, flow->ethernet_type);
	model_put_integer(rows, flow->source_mac);
	model_put_integer(rows, flow->destination_mac);
	model_put_integer(rows, flow->network_namespace);
	model_put_integer(rows, flow->interface);
	model_put_text(rows, direction_word(flow->direction));
	model_put_integer(rows, flow->packets);
	model_put_integer(rows, flow->bytes);
	put_observed(rows, flow);
	model_put_integer(rows, flow->is_forwarded);
}

static int run_model(struct recording *recording, const char *recording_id,
		     const struct dedup_model *model, struct dedup_options *options,
		     struct model_rows *rows)
{
	struct ledger ledger = {0};
	struct dedup_result result;
	struct dedup_truth truth;
	int error;

	options->ledger = &ledger;
	error = dedup_run(recording, recording_id, options, &model, 1, &truth, &result);
	for (size_t i = 0; i < ledger.count && !error; i++)
		put_flow(rows, recording_id, model, &ledger.flows[i]);
	ledger_clear(&ledger);
	return error;
}

static int refuse(const struct dedup_model *model, char **problem)
{
	if (asprintf(problem, "the design '%s' keeps no flows", model->name) >= 0)
		return -EINVAL;
	*problem = NULL;
	return -ENOMEM;
}

static int run(struct recording *recording, const char *recording_id,
	       const char *const *arguments, struct model_rows *rows, char **problem)
{
	int is_named = arguments[0] && *arguments[0] && strcmp(arguments[0], "all");
	const struct dedup_model *models[DEDUP_MODELS];
	struct dedup_options chosen;
	size_t count;
	int error = dedup_arguments(arguments, models, &count, &chosen, problem);

	for (size_t i = 0; i < count && !error; i++) {
		if (models[i]->keeps_flows)
			error = run_model(recording, recording_id, models[i], &chosen, rows);
		else if (is_named)
			error = refuse(models[i], problem);
	}
	return error;
}

const struct model dedup_flows_table_model = {
	.name = "dedup_flows",
	.columns = "model TEXT, start_ns INTEGER, end_ns INTEGER, source_address TEXT, "
		   "source_port INTEGER, destination_address TEXT, destination_port INTEGER, "
		   "network_iana_number INTEGER, icmp_type INTEGER, icmp_code INTEGER, "
		   "ethernet_type INTEGER, source_mac INTEGER, destination_mac INTEGER, "
		   "network_namespace INTEGER, interface_index INTEGER, "
		   "network_io_direction TEXT, packets INTEGER, bytes INTEGER, "
		   "further_interfaces TEXT, forwarded INTEGER",
	.arguments = "models TEXT, options TEXT",
	.run = run,
};

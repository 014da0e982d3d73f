/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the recorder costs, as differences from one sample to the next.
 *
 *     samples      |      |      |         |      |
 *     statistics  on===========off        on===========off
 *     programs     '------'                '------'
 *
 * Statistics are asked for before a sample and let go after one: a row of a program says what
 * it did in a span in which they were kept from before its begin until after its end.
 */
#include "recorder/cost.h"

#include <stdlib.h>
#include <string.h>

#define PARTS_MOST 256
#define SECOND_NS  1000000000ULL
#define PERIOD_NS  (10 * SECOND_NS) /* one second in which has statistics */

struct cost {
	struct cost_source source;
	enum cost_statistics statistics;
	int is_metered; /* statistics have been kept since before the last sample */
	uint64_t sampled_ns, metered_ns; /* the last sample; the last that was metered */
	uint64_t packets;
	struct cost_part *before, *now; /* PARTS_MOST each */
	size_t before_count, count;
};

static void meter_when_due(struct cost *cost, uint64_t time_ns)
{
	if (cost->is_metered || cost->statistics == COST_STATISTICS_OFF ||
	    (cost->metered_ns && time_ns < cost->metered_ns + PERIOD_NS))
		return;
	cost->metered_ns = time_ns;
	cost->is_metered = !cost->source.keep_statistics(cost->source.context, 1);
}

static void end_metering(struct cost *cost)
{
	if (cost->is_metered)
		cost->source.keep_statistics(cost->source.context, 0);
	cost->is_metered = 0;
}

static void read_parts(struct cost *cost)
{
	struct cost_part *read = cost->before;

	cost->before = cost->now;
	cost->before_count = cost->count;
	cost->now = read;
	cost->count = cost->source.read(cost->source.context, read, PARTS_MOST);
	if (cost->count > PARTS_MOST)
		cost->count = PARTS_MOST;
}

struct cost *cost_new(const struct cost_source *source, enum cost_statistics statistics,
		      uint64_t time_ns)
{
	struct cost *cost = calloc(1, sizeof(*cost));

	if (!cost)
		return NULL;
	cost->source = *source;
	cost->statistics = statistics;
	cost->before = calloc(PARTS_MOST, sizeof(*cost->before));
	cost->now = calloc(PARTS_MOST, sizeof(*cost->now));
	if (!cost->before || !cost->now) {
		cost_free(cost);
		return NULL;
	}
	meter_when_due(cost, time_ns);
	cost->sampled_ns = time_ns;
	read_parts(cost);
	return cost;
}

void cost_free(struct cost *cost)
{
	if (!cost)
		return;
	end_metering(cost);
	free(cost->before);
	free(cost->now);
	free(cost);
}

static int is_same(const struct cost_part *a, const struct cost_part *b)
{
	return a->number == b->number && !strcmp(a->part, b->part) && !strcmp(a->name, b->name);
}

/* The part at the last sample; all zeros when it is new. Parts mostly keep their places. */
static struct cost_part at_last_sample(const struct cost *cost, size_t i)
{
	const struct cost_part *part = &cost->now[i];

	if (i < cost->before_count && is_same(part, &cost->before[i]))
		return cost->before[i];
	for (size_t j = 0; j < cost->before_count; j++)
		if (is_same(part, &cost->before[j]))
			return cost->before[j];
	return (struct cost_part){0};
}

/*
 * The kernel counts the sum of a thread's CPU time exactly, but how it divides it may change
 * afterwards: neither of the two goes backwards here.
 */
static void divide_cpu(struct cost_row *row, struct cost_part *part,
		       const struct cost_part *before)
{
	uint64_t was = before->user_cpu_ns + before->system_cpu_ns;
	uint64_t is = part->user_cpu_ns + part->system_cpu_ns;
	uint64_t used = is > was ? is - was : 0, user = 0;

	if (part->user_cpu_ns > before->user_cpu_ns)
		user = part->user_cpu_ns - before->user_cpu_ns;
	row->user_cpu_ns = user < used ? user : used;
	row->system_cpu_ns = used - row->user_cpu_ns;
	part->user_cpu_ns = before->user_cpu_ns + row->user_cpu_ns;
	part->system_cpu_ns = before->system_cpu_ns + row->system_cpu_ns;
}

static struct cost_row row_of(struct cost *cost, size_t i, uint64_t time_ns)
{
	struct cost_part *part = &cost->now[i];
	const struct cost_part before = at_last_sample(cost, i);
	struct cost_row row = {
		.time_ns = time_ns,
		.span_ns = time_ns - cost->sampled_ns,
		.part = part->part,
		.name = part->name,
		.run_count = part->run_count - before.run_count,
		.run_time_ns = part->run_time_ns - before.run_time_ns,
		.memory_bytes = part->memory_bytes,
		.entries = part->entries,
		.entries_most = part->entries_most,
		.high_water_bytes = part->high_water_bytes,
		.written_bytes = part->written_bytes - before.written_bytes,
		.write_count = part->write_count - before.write_count,
	};

	divide_cpu(&row, part, &before);
	return row;
}

static void add_thread(struct cost_row *to, const struct cost_row *from)
{
	to->part = from->part;
	to->user_cpu_ns += from->user_cpu_ns;
	to->system_cpu_ns += from->system_cpu_ns;
}

/* What the process used and none of the threads that are there. */
static int append_ended(const struct cost_row *process, const struct cost_row *threads,
			struct delivery *delivery)
{
	uint64_t all = process->user_cpu_ns + process->system_cpu_ns;
	uint64_t alive = threads->user_cpu_ns + threads->system_cpu_ns;
	struct cost_row row = {
		.time_ns = process->time_ns,
		.span_ns = process->span_ns,
		.part = "thread",
		.name = "ended",
	};

	if (!threads->part)
		return 0;
	if (all < alive)
		all = alive;
	if (process->user_cpu_ns > threads->user_cpu_ns)
		row.user_cpu_ns = process->user_cpu_ns - threads->user_cpu_ns;
	if (row.user_cpu_ns > all - alive)
		row.user_cpu_ns = all - alive;
	row.system_cpu_ns = all - alive - row.user_cpu_ns;
	return delivery_row(delivery, STREAM_COST, &row);
}

/* Rows of programs only where the span that ends here was metered. */
static int append_rows(struct cost *cost, int is_metered, uint64_t time_ns, uint64_t packets,
		       struct delivery *delivery)
{
	struct cost_row process = {0}, threads = {0};
	int error = 0;

	for (size_t i = 0; i < cost->count && !error; i++) {
		struct cost_row row = row_of(cost, i, time_ns);

		if (!is_metered && !strcmp(row.part, "program"))
			continue;
		if (!strcmp(row.part, "thread"))
			add_thread(&threads, &row);
		if (!strcmp(row.part, "recorder")) {
			row.packets = packets > cost->packets ? packets - cost->packets : 0;
			process = row;
		}
		error = delivery_row(delivery, STREAM_COST, &row);
	}
	return error ? error : append_ended(&process, &threads, delivery);
}

int cost_sample(struct cost *cost, uint64_t time_ns, uint64_t packets, int now,
		struct delivery *delivery)
{
	int was_metered = cost->is_metered, error;

	if (time_ns <= cost->sampled_ns || (!now && time_ns < cost->sampled_ns + SECOND_NS))
		return 0;
	if (!now)
		meter_when_due(cost, time_ns);
	read_parts(cost);
	error = append_rows(cost, was_metered, time_ns, packets, delivery);
	if (was_metered && cost->statistics == COST_STATISTICS_SAMPLED)
		end_metering(cost);
	cost->sampled_ns = time_ns;
	cost->packets = packets;
	return error;
}

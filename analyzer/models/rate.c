/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures how the packets of a recording differ.
 */
#include "analyzer/models/rate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define BUNCH	   16 /* bunched: within such a part of the recording */
#define SMALL_STEP 255

static int compare_flow(const void *a, const void *b)
{
	const struct rate_packet *x = a, *y = b;

	if (x->flow != y->flow)
		return x->flow < y->flow ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int compare_content(const void *a, const void *b)
{
	const struct rate_packet *x = a, *y = b;

	if (x->content != y->content)
		return x->content < y->content ? -1 : 1;
	return compare_flow(a, b);
}

static int compare_whole(const void *a, const void *b)
{
	const struct rate_packet *x = a, *y = b;

	if (x->content != y->content)
		return x->content < y->content ? -1 : 1;
	if (x->identification != y->identification)
		return x->identification < y->identification ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int compare_number(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double pairs(double count)
{
	return count * (count - 1) / 2;
}

/* Which flow a packet is of becomes the number of its space. */
static void measure_spaces(struct rate *rate, struct rate_packet *packets, size_t count,
			   int has_identification)
{
	size_t end;

	qsort(packets, count, sizeof(*packets), compare_flow);
	for (size_t first = 0; first < count; first = end) {
		struct rate_space *space = &rate->spaces[rate->space_count];
		uint64_t steps[3] = {0}, flow = packets[first].flow;

		for (end = first; end < count && packets[end].flow == flow; end++) {
			uint32_t step = end > first ? (packets[end].identification -
						       packets[end - 1].identification) &
							      0xffff
						    : 0;

			if (end > first)
				steps[!step		   ? IDENTIFICATION_STAYS
				      : step <= SMALL_STEP ? IDENTIFICATION_RUNS
							   : IDENTIFICATION_JUMPS]++;
		}
		space->packets = end - first;
		space->identification = IDENTIFICATION_JUMPS;
		for (int i = IDENTIFICATION_RUNS; i >= 0; i--)
			if (steps[i] > steps[space->identification])
				space->identification = (enum rate_identification)i;
		if (!has_identification)
			space->identification = IDENTIFICATION_STAYS;
		if (space->identification == IDENTIFICATION_RUNS) {
			double part = (double)space->packets / (double)count;

			rate->summary.counters++;
			rate->summary.counter = fmax(rate->summary.counter, part);
		}
		for (size_t i = first; i < end; i++)
			packets[i].flow = rate->space_count;
		rate->space_count++;
	}
}

/* How often all fields agree, and after what time. The packets come sorted by that. */
static int measure_repeats(struct rate *rate, struct rate_packet *packets, size_t count)
{
	struct rate_summary *summary = &rate->summary;
	double *times = malloc(count * sizeof(*times)), equal = 0;
	size_t run = 1;

	if (!times)
		return -ENOMEM;
	qsort(packets, count, sizeof(*packets), compare_whole);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && packets[i].content == packets[i - 1].content &&
		    packets[i].identification == packets[i - 1].identification) {
			times[summary->repeats++] =
				(double)(packets[i].time_ns - packets[i - 1].time_ns);
			run++;
			continue;
		}
		equal += pairs((double)run);
		run = 1;
	}
	qsort(times, summary->repeats, sizeof(*times), compare_number);
	summary->repeat_ns[0] = summary->repeats ? times[0] : NAN;
	summary->repeat_ns[1] = summary->repeats ? times[summary->repeats / 2] : NAN;
	summary->equal = count > 1 ? equal / pairs((double)count) : NAN;
	free(times);
	return 0;
}

static double agrees(enum rate_identification identification)
{
	static const double part[] = {
		[IDENTIFICATION_STAYS] = 1,
		[IDENTIFICATION_RUNS] = 0,
		[IDENTIFICATION_JUMPS] = 1 / RATE_IDENTIFICATIONS,
	};

	return part[identification];
}

static int compare_order(const void *a, const void *b)
{
	const struct rate_packet *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* What came again keeps its distance, and agrees where it did. */
static void add_bunch(struct rate *rate, struct rate_packet *packets, size_t count)
{
	qsort(packets, count, sizeof(*packets), compare_order);
	for (size_t i = 0; i < count; i++) {
		struct rate_draw *draw = &rate->draws[packets[i].number];

		*draw = (struct rate_draw){.cell = RATE_NONE};
		if (!i)
			continue;
		draw->distance = packets[i].number - packets[i - 1].number;
		draw->weight =
			packets[i].identification == packets[i - 1].identification
				? 1
				: (float)agrees(rate->spaces[packets[i].flow].identification ==
								IDENTIFICATION_JUMPS
							? IDENTIFICATION_JUMPS
							: IDENTIFICATION_RUNS);
	}
}

static int compare_cell(const void *a, const void *b, void *of)
{
	const struct rate *rate = of;
	const struct rate_cell *x = a, *y = b;
	int x_runs = rate->spaces[x->space].identification == IDENTIFICATION_RUNS;
	int y_runs = rate->spaces[y->space].identification == IDENTIFICATION_RUNS;

	if (x_runs != y_runs)
		return y_runs - x_runs;
	if (x->packets != y->packets)
		return x->packets > y->packets ? -1 : 1;
	return x->space < y->space ? -1 : x->space > y->space;
}

/* What the cells make together. */
static void finish_content(struct rate *rate, struct rate_content *content)
{
	struct rate_cell *cells = &rate->cells[content->first_cell];

	qsort_r(cells, content->cell_count, sizeof(*cells), compare_cell, rate);
	for (uint32_t i = 0; i < content->cell_count; i++) {
		struct rate_space *space = &rate->spaces[cells[i].space];
		double part = (double)cells[i].packets / (double)rate->summary.packets;

		space->cell = content->first_cell + i;
		cells[i].share = (double)cells[i].packets / (double)space->packets;
		content->running += space->identification == IDENTIFICATION_RUNS;
		content->each += agrees(space->identification) * part;
		if (space->identification == IDENTIFICATION_RUNS && i >= RATE_EXACT)
			content->rest += part / RATE_IDENTIFICATIONS;
	}
}

/* The packets come sorted by their space. */
static void add_recurring(struct rate *rate, const struct rate_packet *packets, size_t count)
{
	struct rate_content *content = &rate->contents[rate->content_count];

	content->first_cell = (uint32_t)rate->cell_count;
	for (size_t i = 0; i < count; i++) {
		if (!i || packets[i].flow != packets[i - 1].flow)
			rate->cells[rate->cell_count++] = (struct rate_cell){
				.space = (uint32_t)packets[i].flow,
				.content = (uint32_t)rate->content_count,
			};
		rate->cells[rate->cell_count - 1].packets++;
	}
	content->cell_count = (uint32_t)rate->cell_count - content->first_cell;
	finish_content(rate, content);
	for (size_t i = 0; i < count; i++)
		rate->draws[packets[i].number].cell = rate->spaces[packets[i].flow].cell;
	rate->content_count++;
}

static void measure_contents(struct rate *rate, struct rate_packet *packets, size_t count)
{
	double equal = 0;
	size_t end;

	qsort(packets, count, sizeof(*packets), compare_content);
	for (size_t first = 0; first < count; first = end) {
		uint32_t least = packets[first].number, most = least;

		for (end = first; end < count && packets[end].content == packets[first].content;
		     end++) {
			least = packets[end].number < least ? packets[end].number : least;
			most = packets[end].number > most ? packets[end].number : most;
		}
		equal += pairs((double)(end - first));
		if ((uint64_t)(most - least) * BUNCH < count)
			add_bunch(rate, packets + first, end - first);
		else
			add_recurring(rate, packets + first, end - first);
	}
	rate->summary.content = count > 1 ? equal / pairs((double)count) : NAN;
}

int rate_measure(struct rate_packet *packets, size_t count, int has_identification,
		 struct rate **out)
{
	struct rate *rate;
	uint64_t span_ns;

	if (!count)
		return -ENODATA;
	rate = calloc(1, sizeof(*rate));
	if (!rate)
		return -ENOMEM;
	span_ns = packets[count - 1].time_ns - packets[0].time_ns;
	rate->summary.packets = count;
	rate->summary.packets_per_s =
		span_ns ? (double)(count - 1) * 1e9 / (double)span_ns : NAN;
	rate->spaces = calloc(count, sizeof(*rate->spaces));
	rate->cells = calloc(count, sizeof(*rate->cells));
	rate->contents = calloc(count, sizeof(*rate->contents));
	rate->draws = calloc(count, sizeof(*rate->draws));
	for (size_t i = 0; i < count; i++) {
		packets[i].number = (uint32_t)i;
		packets[i].identification &= has_identification ? 0xffff : 0;
	}
	if (!rate->spaces || !rate->cells || !rate->contents || !rate->draws ||
	    measure_repeats(rate, packets, count)) {
		rate_free(rate);
		return -ENOMEM;
	}
	measure_spaces(rate, packets, count, has_identification);
	measure_contents(rate, packets, count);
	*out = rate;
	return 0;
}

void rate_free(struct rate *rate)
{
	if (!rate)
		return;
	free(rate->spaces);
	free(rate->cells);
	free(rate->contents);
	free(rate->draws);
	free(rate);
}

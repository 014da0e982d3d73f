/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a new packet is dismissed, as a sum over what was measured.
 */
#include "analyzer/models/rate.h"

#include <math.h>

static double below(double value, double mean)
{
	return erfc((mean - value) / sqrt(2 * mean)) / 2;
}

/* That no place agrees in the packet's own space: how often it has wrapped is near normal. */
static double own_misses(const struct rate_cell *cell, double mean)
{
	double spread = 8 * sqrt(mean), misses = 0;
	double first = fmax(0, floor((mean - spread) / RATE_IDENTIFICATIONS));
	double last = floor((mean + spread) / RATE_IDENTIFICATIONS);

	for (double wraps = first; wraps <= last; wraps++) {
		double low = wraps > first ? below(wraps * RATE_IDENTIFICATIONS, mean) : 0;
		double high =
			wraps < last ? below((wraps + 1) * RATE_IDENTIFICATIONS, mean) : 1;

		misses += (high - low) * pow(1 - cell->share, wraps);
	}
	return misses;
}

/* The same in another space, which may stand anywhere. */
static double other_misses(const struct rate_cell *cell, double mean)
{
	double places = mean / RATE_IDENTIFICATIONS, whole = floor(places);

	return pow(1 - cell->share, whole) * (1 - (places - whole) * cell->share);
}

/* The sum over a content's cells of the probability that a packet of theirs is not dismissed.
 */
static double content_hits(const struct rate *rate, const struct rate_content *content,
			   double window)
{
	const struct rate_cell *cells = &rate->cells[content->first_cell];
	double each = exp(window * log1p(-fmin(1, content->each))), others = 1, sum = 0;
	uint32_t certain = 0; /* spaces of which some packet agrees */

	for (uint32_t i = 0; i < content->running; i++) {
		double misses =
			other_misses(&cells[i], rate_space_packets(rate, &cells[i], window));

		if (misses > 0)
			others *= misses;
		else
			certain++;
	}
	for (uint32_t i = 0; i < content->cell_count; i++) {
		double misses = certain ? 0 : others, mean, own;

		if (i < content->running) {
			mean = rate_space_packets(rate, &cells[i], window);
			own = other_misses(&cells[i], mean);
			misses = own_misses(&cells[i], mean) *
				 (certain > (own <= 0) ? 0 : others / (own > 0 ? own : 1));
		}
		sum += (1 - each * misses) * (double)cells[i].packets;
	}
	return sum;
}

struct rate_error rate_calculate(const struct rate *rate, double window_packets,
				 unsigned int width)
{
	double by_chance = -expm1(window_packets * log1p(-ldexp(1, -(int)width))), hits = 0;

	for (size_t i = 0; i < rate->content_count; i++)
		hits += content_hits(rate, &rate->contents[i], window_packets);
	for (size_t i = 0; i < rate->summary.packets; i++) {
		const struct rate_draw *draw = &rate->draws[i];

		if (draw->cell == RATE_NONE && draw->distance &&
		    draw->distance <= window_packets)
			hits += (double)draw->weight;
	}
	hits /= (double)rate->summary.packets;
	return (struct rate_error){
		.structural = hits,
		.digest = by_chance,
		.either = hits + (1 - hits) * by_chance,
	};
}

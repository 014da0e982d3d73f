/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounds that the rows of a scan must be within.
 */
#include "analyzer/bounds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void bounds_clear(struct bounds *bounds)
{
	for (size_t i = 0; bounds->asked && i < bounds->count; i++)
		free((char *)bounds->asked[i].text);
	free(bounds->asked);
	free(bounds->resolved);
	bounds->asked = NULL;
	bounds->resolved = NULL;
	bounds->count = 0;
}

int bounds_set(struct bounds *bounds, const struct scan_bound *asked, size_t count)
{
	bounds_clear(bounds);
	if (!count)
		return 0;
	bounds->asked = calloc(count, sizeof(*bounds->asked));
	bounds->resolved = calloc(count, sizeof(*bounds->resolved));
	if (!bounds->asked || !bounds->resolved)
		return -ENOMEM;
	for (; bounds->count < count; bounds->count++) {
		const struct scan_bound *from = &asked[bounds->count];
		char *text = NULL;

		if (from->text) {
			text = malloc(from->text_size + 1);
			if (!text)
				return -ENOMEM;
			memcpy(text, from->text, from->text_size);
		}
		bounds->asked[bounds->count] = *from;
		bounds->asked[bounds->count].text = text;
	}
	return 0;
}

static enum column_type type_of(const struct bounds *bounds, size_t i)
{
	return bounds->stream->columns[bounds->asked[i].column].type;
}

static int is_equality(const struct bounds *bounds, size_t i)
{
	return type_of(bounds, i) == COLUMN_ADDRESS ||
	       bounds->asked[i].low == bounds->asked[i].high;
}

unsigned int bounds_key(const struct bounds *bounds)
{
	unsigned int key = UINT32_MAX;

	for (size_t i = 0; i < bounds->count; i++) {
		/* The codes of texts differ from segment to segment. */
		if (type_of(bounds, i) == COLUMN_TEXT)
			return UINT32_MAX;
		if (key == UINT32_MAX && is_equality(bounds, i))
			key = bounds->asked[i].column;
	}
	return key;
}

const struct scan_bound *bounds_equality(const struct bounds *bounds, unsigned int column)
{
	size_t i = 0;

	while (bounds->asked[i].column != column || !is_equality(bounds, i))
		i++;
	return &bounds->asked[i];
}

/* Whether values within the zone can be within the bound. */
static int overlaps(const struct zone *zone, const struct scan_bound *bound,
		    enum column_type type)
{
	if (type == COLUMN_ADDRESS)
		return memcmp(&bound->address, &zone->least, sizeof(zone->least)) >= 0 &&
		       memcmp(&bound->address, &zone->greatest, sizeof(zone->greatest)) <= 0;
	return bound->low <= zone->high && bound->high >= zone->low;
}

int bounds_may_meet(const struct bounds *bounds, struct catalog *catalog, size_t file,
		    enum stream_id id)
{
	const struct zone *zone = catalog_zone(catalog, file, id, bounds->stream->first_time);

	if (zone && !zone->row_count)
		return 0;
	for (size_t i = 0; i < bounds->count; i++) {
		if (type_of(bounds, i) == COLUMN_TEXT)
			continue;
		zone = catalog_zone(catalog, file, id, bounds->asked[i].column);
		if (zone && !overlaps(zone, &bounds->asked[i], type_of(bounds, i)))
			return 0;
	}
	return 1;
}

int bounds_resolve(struct bounds *bounds, struct segment_reader *reader)
{
	for (size_t i = 0; i < bounds->count; i++) {
		const struct scan_bound *from = &bounds->asked[i];
		struct bound *to = &bounds->resolved[i];
		uint64_t code;
		int error;

		to->column = from->column;
		to->low = from->low;
		to->high = from->high;
		to->address = from->address;
		if (type_of(bounds, i) != COLUMN_TEXT)
			continue;
		error = segment_code(reader, from->text, from->text_size, &code);
		if (error)
			return error;
		if (!code)
			return 0;
		to->low = to->high = (int64_t)code;
	}
	return 1;
}

int bounds_hold(const struct bounds *bounds, const union column_values *columns, uint32_t row)
{
	for (size_t i = 0; i < bounds->count; i++) {
		const struct bound *bound = &bounds->resolved[i];
		const union column_values *column = &columns[bound->column];
		int64_t value;

		if (type_of(bounds, i) == COLUMN_ADDRESS) {
			if (memcmp(&column->addresses[row], &bound->address,
				   sizeof(bound->address)))
				return 0;
			continue;
		}
		value = (int64_t)column->integers[row];
		if (value < bound->low || value > bound->high)
			return 0;
	}
	return 1;
}

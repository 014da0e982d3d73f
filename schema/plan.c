/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The choice of plans. Nothing is tried: only samples are looked at, and whether one column is
 * a function of another is found out by the first row where it is not.
 */
#include "schema/plan.h"
#include "schema/grouping.h"

#include <assert.h>

#define LEAST_SAVED_BITS 0.25 /* a row, by grouping, for each column to be read */
#define LEAST_SAVED	 0.88
#define LEAST_ENTRY_ROWS 4U
#define LOOKED_AT	 1024U /* values, to see whether any repeat */
#define SMALL_BITS	 0.25  /* a row: no other plan is looked for */
#define SHORT_LIST	 16U   /* rows for each value that a column follows with */
#define EXCEPTION_BITS	 16.0  /* its row */
#define NEVER		 1e18  /* bits */

struct planner *planner_new(int level)
{
	struct planner *planner = calloc(1, sizeof(*planner));

	if (!planner)
		return NULL;
	planner->numbers = numbers_coder_new(level);
	planner->finder = entries_finder_new();
	planner->work[0] = malloc(2 * MOST_NUMBERS * sizeof(uint64_t));
	planner->codes = malloc(4 * MOST_NUMBERS * sizeof(uint16_t));
	if (!planner->numbers || !planner->finder || !planner->work[0] || !planner->codes) {
		planner_free(planner);
		return NULL;
	}
	planner->work[1] = planner->work[0] + MOST_NUMBERS;
	planner->addresses = (struct address *)planner->work[0];
	planner->first_rows = planner->codes + MOST_NUMBERS;
	planner->known = planner->first_rows + MOST_NUMBERS;
	planner->pairs = planner->known + MOST_NUMBERS;
	return planner;
}

void planner_free(struct planner *planner)
{
	if (!planner)
		return;
	numbers_coder_free(planner->numbers);
	entries_finder_free(planner->finder);
	for (unsigned int i = 0; i < planner->column_capacity; i++) {
		free(planner->columns[i].codes);
		free(planner->columns[i].order);
	}
	free(planner->columns);
	free(planner->work[0]);
	free(planner->codes);
	free(planner);
}

int planner_begin(struct planner *planner, unsigned int column_count, uint32_t row_count)
{
	planner->row_count = row_count;
	planner->paired[0] = planner->paired[1] = 0; /* no column is paired with itself */
	while (planner->column_capacity < column_count) {
		struct planned_column *columns = realloc(
			planner->columns, (planner->column_capacity + 1) * sizeof(*columns));
		struct planned_column *column;

		if (!columns)
			return -ENOMEM;
		planner->columns = columns;
		column = &columns[planner->column_capacity];
		*column = (struct planned_column){
			.codes = malloc(MOST_NUMBERS * sizeof(*column->codes)),
			.order = malloc(MOST_NUMBERS * sizeof(*column->order)),
		};
		if (!column->codes || !column->order) {
			free(column->codes);
			free(column->order);
			return -ENOMEM;
		}
		planner->column_capacity++;
	}
	return 0;
}

/* --- what others refer to --- */

/* The limit of the codes of an earlier column, made now if need be; 0: it has none. */
static uint32_t column_codes(struct planner *planner, struct planned_column *column)
{
	if (column->code_limit || column->addresses || column->range >= MOST_NUMBERS)
		return column->code_limit;
	for (uint32_t row = 0; row < planner->row_count; row++)
		column->codes[row] =
			(uint16_t)(column->integers[row] - (uint64_t)column->least);
	column->code_limit = (uint32_t)column->range + 1;
	return column->code_limit;
}

static const uint16_t *column_order(struct planner *planner, struct planned_column *column)
{
	if (!column->has_order)
		grouping_order(column->codes, column->code_limit, planner->row_count, NULL,
			       column->order);
	column->has_order = 1;
	return column->order;
}

static const uint16_t *pair_order(struct planner *planner, unsigned int by,
				  unsigned int then_by)
{
	struct planned_column *first = &planner->columns[by];

	if (planner->paired[0] != by || planner->paired[1] != then_by)
		grouping_order(first->codes, first->code_limit, planner->row_count,
			       column_order(planner, &planner->columns[then_by]),
			       planner->pairs);
	planner->paired[0] = by;
	planner->paired[1] = then_by;
	return planner->pairs;
}

const uint16_t *planner_order(struct planner *planner, const struct part_header *header)
{
	if (header->reference_count > 1)
		return pair_order(planner, header->references[0], header->references[1]);
	return column_order(planner, &planner->columns[header->references[0]]);
}

/* The columns that a column may refer to, as far as this chunk has them. */
static unsigned int usable_references(const struct planner *planner,
				      const struct stream *stream, unsigned int column,
				      unsigned int *out)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < COLUMN_REFERENCES; i++) {
		const char *name = stream->columns[column].references[i];
		int reference = name ? stream_column(stream, name) : -1;

		if (reference < 0)
			continue;
		assert((unsigned int)reference < column);
		if (planner->columns[reference].varies &&
		    planner->columns[reference].depth < MOST_DEPTH)
			out[count++] = (unsigned int)reference;
	}
	return count;
}

/* --- following --- */

static int same(const struct planned_column *column, uint32_t a, uint32_t b)
{
	if (column->integers)
		return column->integers[a] == column->integers[b];
	return !memcmp(&column->addresses[a], &column->addresses[b], sizeof(struct address));
}

/* Count a row as an exception; 0 when there are too many. */
static int except(struct planner *planner, uint32_t row)
{
	if (planner->exception_count >= planner->row_count / ROWS_TO_EXCEPT)
		return 0;
	planner->exceptions[planner->exception_count++] = (uint16_t)row;
	return 1;
}

static uint32_t follows_one(struct planner *planner, const struct planned_column *column,
			    const struct planned_column *by)
{
	uint16_t *rows = planner->first_rows, *known = planner->known;
	uint32_t groups = 0;

	/* Which codes occur, and where first: row + 1 would not fit, so two arrays. */
	memset(known, 0, by->code_limit * sizeof(*known));
	for (uint32_t row = 0; row < planner->row_count; row++) {
		uint16_t code = by->codes[row];

		if (!known[code]) {
			known[code] = 1;
			rows[code] = (uint16_t)row;
		} else if (!same(column, row, rows[code]) && !except(planner, row))
			return 0;
	}
	for (uint32_t code = 0; code < by->code_limit; code++)
		if (known[code])
			rows[groups++] = rows[code];
	return groups;
}

static uint32_t follows_two(struct planner *planner, const struct planned_column *column,
			    const uint16_t *order, const struct planned_column *by,
			    const struct planned_column *then_by)
{
	uint16_t first = order[0];

	for (uint32_t i = 1; i < planner->row_count; i++) {
		uint16_t row = order[i];

		if (by->codes[row] != by->codes[first] ||
		    then_by->codes[row] != then_by->codes[first])
			first = row;
		else if (!same(column, row, first) && !except(planner, row))
			return 0;
	}
	return grouping_first_rows(order, by->codes, then_by->codes, planner->row_count,
				   planner->first_rows);
}

uint32_t planner_follows(struct planner *planner, const struct planned_column *column,
			 const struct part_header *header)
{
	const struct planned_column *by = &planner->columns[header->references[0]];
	uint32_t groups;

	planner->exception_count = 0;
	if (header->reference_count == 1)
		groups = follows_one(planner, column, by);
	else
		groups = follows_two(planner, column, planner_order(planner, header), by,
				     &planner->columns[header->references[1]]);
	if (groups)
		memcpy(planner->first_rows + groups, planner->exceptions,
		       planner->exception_count * sizeof(*planner->exceptions));
	return groups;
}

/* --- estimates --- */

/* Take rows at the places of the sample, in some order or in their own. */
static double estimate_integers(struct planner *planner, const uint64_t *values,
				const uint16_t *order, uint32_t count)
{
	uint32_t size = sample_size(count);

	for (uint32_t i = 0; i < size; i++) {
		uint32_t at = sample_position(i, count);

		planner->sample[i] = values[order ? order[at] : at];
	}
	return numbers_estimate(planner->numbers, planner->sample, size, count);
}

static double estimate_codes(struct planner *planner, const uint16_t *order, uint32_t count)
{
	uint32_t size = sample_size(count);

	for (uint32_t i = 0; i < size; i++) {
		uint32_t at = sample_position(i, count);

		planner->sample[i] = planner->codes[order ? order[at] : at];
	}
	return numbers_estimate(planner->numbers, planner->sample, size, count) +
	       planner->entries_bits;
}

static double estimate_since(struct planner *planner, const uint64_t *values,
			     const uint64_t *since)
{
	uint32_t count = planner->row_count;
	uint32_t size = sample_size(count);

	for (uint32_t i = 0; i < size; i++) {
		uint32_t at = sample_position(i, count);

		planner->sample[i] = values[at] - since[at];
	}
	return numbers_estimate(planner->numbers, planner->sample, size, count);
}

static double estimate_addresses(struct planner *planner, const struct address *addresses)
{
	for (uint32_t i = 0; i < planner->row_count; i++)
		planner->work[0][i] = address_high(&addresses[i]);
	for (uint32_t i = 0; i < planner->row_count; i++)
		planner->work[1][i] = address_low(&addresses[i]);
	return estimate_integers(planner, planner->work[0], NULL, planner->row_count) +
	       estimate_integers(planner, planner->work[1], NULL, planner->row_count);
}

/* --- dictionaries --- */

/*
 * Whether it is worth looking for a dictionary: of values from everywhere and of neighbours
 * many have to repeat.
 */
static int repeats(struct planner *planner, const void *values, size_t value_size,
		   uint32_t count)
{
	uint32_t size = count < LOOKED_AT ? count : LOOKED_AT, step = count / size;
	struct address addresses[LOOKED_AT];
	uint8_t *to = (uint8_t *)addresses;

	for (uint32_t i = 0; i < size; i++) {
		size_t from = step > 1 && i & 1 ? i / 2 : (size_t)i * step;

		memcpy(to + i * value_size, (const uint8_t *)values + from * value_size,
		       value_size);
	}
	return entries_find(planner->finder, addresses, value_size, size, size * 3 / 4,
			    planner->codes)
		       .count > 0;
}

/* Look for a dictionary of at most that many entries. */
static void find_entries(struct planner *planner, const void *values, size_t value_size,
			 uint32_t count, uint32_t most)
{
	planner->entries =
		entries_find(planner->finder, values, value_size, count, most, planner->codes);
	if (!planner->entries.count)
		return;
	planner->entries_bits = 16 + estimate_integers(planner, planner->entries.low, NULL,
						       planner->entries.count);
	if (planner->entries.high)
		planner->entries_bits += estimate_integers(planner, planner->entries.high, NULL,
							   planner->entries.count);
}

/* --- plans --- */

/* A dictionary may cost a little: readers look into it before they read a column. */
static int worth_entries(double bits, double plain_bits)
{
	return bits < 1.03 * plain_bits + 256;
}

static struct plan plan_alone(struct planner *planner, const void *values, int is_address,
			      uint32_t count)
{
	struct plan plan = {.header = {.is_address = is_address}};
	double bits;

	planner->entries.count = 0;
	if (count >= LEAST_ENTRY_ROWS && repeats(planner, values, is_address ? 16 : 8, count))
		find_entries(planner, values, is_address ? 16 : 8, count, count / 2);
	if (is_address && planner->entries.count)
		plan.bits = NEVER; /* its numbers could hardly be less */
	else if (is_address)
		plan.bits = estimate_addresses(planner, values);
	else
		plan.bits = estimate_integers(planner, values, NULL, count);
	if (planner->entries.count) {
		bits = estimate_codes(planner, NULL, count);
		if (worth_entries(bits, plan.bits)) {
			plan.header.has_entries = 1;
			plan.bits = bits;
		}
	}
	return plan;
}

/* Grouping takes time to read, by what refers to others in turn more so: it has to save. */
static int saves_clearly(const struct planner *planner, const struct plan *plan, double best)
{
	unsigned int weight = 0;

	for (unsigned int i = 0; i < plan->header.reference_count; i++)
		weight += planner->columns[plan->header.references[i]].weight;
	return plan->bits + weight * planner->row_count * LEAST_SAVED_BITS < best &&
	       plan->bits < LEAST_SAVED * best;
}

static void consider_groups(struct planner *planner, const struct planned_column *column,
			    const struct part_header *references, struct plan *best)
{
	uint32_t groups = planner_follows(planner, column, references);
	const uint16_t *order =
		groups ? planner->first_rows : planner_order(planner, references);
	uint32_t count = groups ? groups + planner->exception_count : planner->row_count;
	struct plan plan = {.header = *references, .bits = NEVER};

	plan.header.kind = groups ? REFERENCE_FOLLOW : REFERENCE_GROUPED;
	plan.header.is_address = column->addresses != NULL;
	if (column->integers)
		plan.bits = estimate_integers(planner, column->integers, order, count);
	if (planner->entries.count) {
		double bits = estimate_codes(planner, order, count);

		if (worth_entries(bits, plan.bits)) {
			plan.header.has_entries = 1;
			plan.bits = bits;
		}
	}
	if (groups)
		plan.bits += EXCEPTION_BITS * planner->exception_count;
	if (groups ? plan.bits < 0.97 * best->bits : saves_clearly(planner, &plan, best->bits))
		*best = plan;
}

static void consider_since(struct planner *planner, const struct planned_column *column,
			   unsigned int reference, struct plan *best)
{
	const struct planned_column *since = &planner->columns[reference];
	double bits;

	if (!column->integers || !since->integers)
		return;
	bits = estimate_since(planner, column->integers, since->integers);
	if (bits < 0.97 * best->bits)
		*best = (struct plan){
			.header = {.kind = REFERENCE_SINCE,
				   .reference_count = 1,
				   .references = {reference}},
			.bits = bits,
		};
}

/* A short list of values that the column follows needs no other plan. */
static int follows_shortly(struct planner *planner, const struct planned_column *column,
			   unsigned int reference, struct plan *plan)
{
	struct planned_column *by = &planner->columns[reference];
	uint32_t limit = column_codes(planner, by), groups;

	if (!limit || limit > planner->row_count)
		return 0;
	*plan = (struct plan){.header = {.kind = REFERENCE_FOLLOW,
					 .reference_count = 1,
					 .references = {reference},
					 .is_address = column->addresses != NULL}};
	groups = planner_follows(planner, column, &plan->header);
	return groups && groups <= planner->row_count / SHORT_LIST;
}

struct plan planner_choose(struct planner *planner, const struct stream *stream,
			   unsigned int column)
{
	struct planned_column *this = &planner->columns[column];
	const void *values =
		this->integers ? (const void *)this->integers : (const void *)this->addresses;
	unsigned int references[COLUMN_REFERENCES], grouping[COLUMN_REFERENCES], groupings = 0;
	unsigned int count = usable_references(planner, stream, column, references);
	struct plan plan;

	for (unsigned int i = 0; i < count; i++)
		if (follows_shortly(planner, this, references[i], &plan))
			return plan;
	plan = plan_alone(planner, values, this->addresses != NULL, planner->row_count);
	for (unsigned int i = 0; i < count && plan.bits > planner->row_count * SMALL_BITS;
	     i++) {
		struct part_header header = {.reference_count = 1,
					     .references = {references[i]}};
		uint32_t limit = column_codes(planner, &planner->columns[references[i]]);

		consider_since(planner, this, references[i], &plan);
		if (limit < 2 || limit > planner->row_count)
			continue;
		grouping[groupings++] = references[i];
		if (this->integers || planner->entries.count)
			consider_groups(planner, this, &header, &plan);
	}
	if (groupings > 1 && plan.bits > planner->row_count * SMALL_BITS &&
	    (this->integers || planner->entries.count)) {
		struct part_header header = {.reference_count = 2,
					     .references = {grouping[0], grouping[1]}};

		consider_groups(planner, this, &header, &plan);
	}
	return plan;
}

int planner_group_entries(struct planner *planner, const struct planned_column *column,
			  uint32_t count)
{
	const uint16_t *rows = planner->first_rows;

	if (column->integers)
		for (uint32_t i = 0; i < count; i++)
			planner->work[0][i] = column->integers[rows[i]];
	else
		for (uint32_t i = 0; i < count; i++)
			planner->addresses[i] = column->addresses[rows[i]];
	find_entries(planner, planner->work[0], column->integers ? 8 : 16, count, count);
	return !column->integers ||
	       worth_entries(estimate_codes(planner, NULL, count),
			     estimate_integers(planner, column->integers, rows, count));
}

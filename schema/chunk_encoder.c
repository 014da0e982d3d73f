/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a batch to the parts of a chunk.
 *
 * For each column the plans are: as it is or by a dictionary, each alone or with one or two of
 * the columns that schema/stream.c names. What a plan would take is estimated from a sample in
 * the order that the plan makes, and only the best one is carried out.
 */
#include "schema/chunk.h"
#include "schema/codec.h"
#include "schema/grouping.h"

#include <assert.h>

#define LOOKED_AT 1024U /* values of the sample, to see whether any repeat */

/* A column of the chunk being encoded. */
struct encoded_column {
	const uint64_t *integers;
	const struct address *addresses;
	int has_part;
	int64_t least;
	uint64_t range;
	unsigned int depth;  /* of its references */
	uint32_t code_limit; /* 0: it has no codes */
	int has_order;
	uint16_t *codes; /* of each row, room for BATCH_ROWS */
	uint16_t *order; /* rows grouped by them */
};

struct plan {
	struct part_header header;
	double bits;
};

struct chunk_encoder {
	struct numbers_coder *numbers;
	struct entries_finder *finder;
	struct encoded_column *columns;
	struct part *parts;
	unsigned int column_capacity;
	size_t part_count;
	struct bytes bytes; /* of all parts */
	uint32_t row_count;
	struct entries entries; /* of the column at hand; none when it repeats too little */
	uint16_t *codes;	/* its codes */
	double entries_bits;
	uint64_t *work[2];
	struct address *addresses; /* the same memory */
	uint16_t *first_rows, *orders[2];
	unsigned int paired[2]; /* the columns that orders[1] is by */
	uint64_t sample[SAMPLE_SIZE];
};

struct chunk_encoder *chunk_encoder_new(int level)
{
	struct chunk_encoder *encoder = calloc(1, sizeof(*encoder));

	if (!encoder)
		return NULL;
	encoder->numbers = numbers_coder_new(level);
	encoder->finder = entries_finder_new();
	encoder->work[0] = malloc(2 * MOST_NUMBERS * sizeof(uint64_t));
	encoder->codes = malloc(4 * MOST_NUMBERS * sizeof(uint16_t));
	if (!encoder->numbers || !encoder->finder || !encoder->work[0] || !encoder->codes) {
		chunk_encoder_free(encoder);
		return NULL;
	}
	encoder->work[1] = encoder->work[0] + MOST_NUMBERS;
	encoder->addresses = (struct address *)encoder->work[0];
	encoder->first_rows = encoder->codes + MOST_NUMBERS;
	encoder->orders[0] = encoder->first_rows + MOST_NUMBERS;
	encoder->orders[1] = encoder->orders[0] + MOST_NUMBERS;
	return encoder;
}

void chunk_encoder_free(struct chunk_encoder *encoder)
{
	if (!encoder)
		return;
	numbers_coder_free(encoder->numbers);
	entries_finder_free(encoder->finder);
	for (unsigned int i = 0; i < encoder->column_capacity; i++) {
		free(encoder->columns[i].codes);
		free(encoder->columns[i].order);
	}
	free(encoder->columns);
	free(encoder->parts);
	free(encoder->bytes.data);
	free(encoder->work[0]);
	free(encoder->codes);
	free(encoder);
}

/* --- what others refer to --- */

/* The limit of the codes of an earlier column, made now if need be; 0: it has none. */
static uint32_t column_codes(struct chunk_encoder *encoder, struct encoded_column *column)
{
	if (column->code_limit || column->addresses || column->range >= MOST_NUMBERS)
		return column->code_limit;
	for (uint32_t row = 0; row < encoder->row_count; row++)
		column->codes[row] =
			(uint16_t)(column->integers[row] - (uint64_t)column->least);
	column->code_limit = (uint32_t)column->range + 1;
	return column->code_limit;
}

static const uint16_t *column_order(struct chunk_encoder *encoder,
				    struct encoded_column *column)
{
	if (!column->has_order)
		grouping_order(column->codes, column->code_limit, encoder->row_count, NULL,
			       column->order);
	column->has_order = 1;
	return column->order;
}

static const uint16_t *pair_order(struct chunk_encoder *encoder, unsigned int by,
				  unsigned int then_by)
{
	struct encoded_column *first = &encoder->columns[by];

	if (encoder->paired[0] != by || encoder->paired[1] != then_by)
		grouping_order(first->codes, first->code_limit, encoder->row_count,
			       column_order(encoder, &encoder->columns[then_by]),
			       encoder->orders[1]);
	encoder->paired[0] = by;
	encoder->paired[1] = then_by;
	return encoder->orders[1];
}

static const uint16_t *plan_order(struct chunk_encoder *encoder,
				  const struct part_header *header)
{
	if (header->reference_count > 1)
		return pair_order(encoder, header->references[0], header->references[1]);
	return column_order(encoder, &encoder->columns[header->references[0]]);
}

/* The columns that a column may refer to, as far as this chunk has them. */
static unsigned int usable_references(const struct chunk_encoder *encoder,
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
		if (encoder->columns[reference].has_part &&
		    encoder->columns[reference].depth < MOST_DEPTH)
			out[count++] = (unsigned int)reference;
	}
	return count;
}

/* --- following --- */

static int same(const struct encoded_column *column, uint32_t a, uint32_t b)
{
	if (column->integers)
		return column->integers[a] == column->integers[b];
	return !memcmp(&column->addresses[a], &column->addresses[b], sizeof(struct address));
}

/*
 * Whether a column has one value for each code of another: the number of codes that occur, and
 * the first row of each; else 0.
 */
static uint32_t follows_one(struct chunk_encoder *encoder, const struct encoded_column *column,
			    const struct encoded_column *by)
{
	uint16_t *rows = encoder->first_rows, *known = encoder->orders[0];
	uint32_t groups = 0;

	/* Which codes occur, and where first: row + 1 would not fit, so two arrays. */
	memset(known, 0, by->code_limit * sizeof(*known));
	for (uint32_t row = 0; row < encoder->row_count; row++) {
		uint16_t code = by->codes[row];

		if (!known[code]) {
			known[code] = 1;
			rows[code] = (uint16_t)row;
		} else if (!same(column, row, rows[code]))
			return 0;
	}
	for (uint32_t code = 0; code < by->code_limit; code++)
		if (known[code])
			rows[groups++] = rows[code];
	return groups;
}

static uint32_t follows_two(struct chunk_encoder *encoder, const struct encoded_column *column,
			    const uint16_t *order, const struct encoded_column *by,
			    const struct encoded_column *then_by)
{
	uint16_t first = order[0];

	for (uint32_t i = 1; i < encoder->row_count; i++) {
		uint16_t row = order[i];

		if (by->codes[row] != by->codes[first] ||
		    then_by->codes[row] != then_by->codes[first])
			first = row;
		else if (!same(column, row, first))
			return 0;
	}
	return grouping_first_rows(order, by->codes, then_by->codes, encoder->row_count,
				   encoder->first_rows);
}

static uint32_t follows(struct chunk_encoder *encoder, const struct encoded_column *column,
			const struct part_header *header)
{
	const struct encoded_column *by = &encoder->columns[header->references[0]];

	if (header->reference_count == 1)
		return follows_one(encoder, column, by);
	return follows_two(encoder, column, plan_order(encoder, header), by,
			   &encoder->columns[header->references[1]]);
}

/* --- estimates --- */

/* Take rows at the places of the sample, in some order or in their own. */
static double estimate_integers(struct chunk_encoder *encoder, const uint64_t *values,
				const uint16_t *order, uint32_t count)
{
	uint32_t size = count < SAMPLE_SIZE ? count : SAMPLE_SIZE;

	for (uint32_t i = 0; i < size; i++) {
		uint32_t at = sample_position(i, count);

		encoder->sample[i] = values[order ? order[at] : at];
	}
	return numbers_estimate(encoder->numbers, encoder->sample, size, count);
}

static double estimate_codes(struct chunk_encoder *encoder, const uint16_t *order,
			     uint32_t count)
{
	uint32_t size = count < SAMPLE_SIZE ? count : SAMPLE_SIZE;

	for (uint32_t i = 0; i < size; i++) {
		uint32_t at = sample_position(i, count);

		encoder->sample[i] = encoder->codes[order ? order[at] : at];
	}
	return numbers_estimate(encoder->numbers, encoder->sample, size, count) +
	       encoder->entries_bits;
}

static double estimate_since(struct chunk_encoder *encoder, const uint64_t *values,
			     const uint64_t *since)
{
	uint32_t count = encoder->row_count;
	uint32_t size = count < SAMPLE_SIZE ? count : SAMPLE_SIZE;

	for (uint32_t i = 0; i < size; i++) {
		uint32_t at = sample_position(i, count);

		encoder->sample[i] = values[at] - since[at];
	}
	return numbers_estimate(encoder->numbers, encoder->sample, size, count);
}

static double estimate_addresses(struct chunk_encoder *encoder, const struct address *addresses)
{
	for (uint32_t i = 0; i < encoder->row_count; i++)
		encoder->work[0][i] = address_high(&addresses[i]);
	for (uint32_t i = 0; i < encoder->row_count; i++)
		encoder->work[1][i] = address_low(&addresses[i]);
	return estimate_integers(encoder, encoder->work[0], NULL, encoder->row_count) +
	       estimate_integers(encoder, encoder->work[1], NULL, encoder->row_count);
}

/* --- dictionaries --- */

/* Whether it is worth looking for a dictionary: a sample has to have repeats. */
static int repeats(struct chunk_encoder *encoder, const void *values, size_t value_size,
		   uint32_t count)
{
	uint32_t size = count < LOOKED_AT ? count : LOOKED_AT, step = count / size;
	struct address addresses[LOOKED_AT];

	for (uint32_t i = 0; i < size; i++)
		memcpy((uint8_t *)addresses + i * value_size,
		       (const uint8_t *)values + (size_t)i * step * value_size, value_size);
	return entries_find(encoder->finder, addresses, value_size, size, size * 3 / 4,
			    encoder->codes)
		       .count > 0;
}

static void find_entries(struct chunk_encoder *encoder, const void *values, size_t value_size,
			 uint32_t count)
{
	encoder->entries = (struct entries){0};
	if (count < 4 || !repeats(encoder, values, value_size, count))
		return;
	encoder->entries = entries_find(encoder->finder, values, value_size, count, count / 2,
					encoder->codes);
	if (!encoder->entries.count)
		return;
	encoder->entries_bits = 16 + estimate_integers(encoder, encoder->entries.low, NULL,
						       encoder->entries.count);
	if (encoder->entries.high)
		encoder->entries_bits += estimate_integers(encoder, encoder->entries.high, NULL,
							   encoder->entries.count);
}

/* --- plans --- */

static struct plan plan_alone(struct chunk_encoder *encoder, const void *values, int is_address,
			      uint32_t count)
{
	struct plan plan = {.header = {.is_address = is_address}};
	double bits;

	find_entries(encoder, values, is_address ? 16 : 8, count);
	if (is_address && encoder->entries.count)
		plan.bits = 1e18; /* its numbers could hardly be less */
	else if (is_address)
		plan.bits = estimate_addresses(encoder, values);
	else
		plan.bits = estimate_integers(encoder, values, NULL, count);
	if (encoder->entries.count) {
		bits = estimate_codes(encoder, NULL, count);
		if (bits < plan.bits) {
			plan.header.has_entries = 1;
			plan.bits = bits;
		}
	}
	return plan;
}

/* Grouping takes time to read and has to save clearly. */
static int saves_clearly(double bits, double best, uint32_t row_count)
{
	return bits + row_count / 4.0 < best && bits < 0.93 * best;
}

static void consider_groups(struct chunk_encoder *encoder, const struct encoded_column *column,
			    const struct part_header *references, struct plan *best)
{
	uint32_t groups = follows(encoder, column, references);
	const uint16_t *order = groups ? encoder->first_rows : plan_order(encoder, references);
	uint32_t count = groups ? groups : encoder->row_count;
	struct plan plan = {.header = *references, .bits = 1e18};

	plan.header.kind = groups ? REFERENCE_FOLLOW : REFERENCE_GROUPED;
	plan.header.is_address = column->addresses != NULL;
	if (column->integers)
		plan.bits = estimate_integers(encoder, column->integers, order, count);
	if (encoder->entries.count) {
		double bits = estimate_codes(encoder, order, count);

		if (bits < plan.bits) {
			plan.header.has_entries = 1;
			plan.bits = bits;
		}
	}
	if (groups ? plan.bits < 0.97 * best->bits
		   : saves_clearly(plan.bits, best->bits, encoder->row_count))
		*best = plan;
}

static void consider_since(struct chunk_encoder *encoder, const struct encoded_column *column,
			   unsigned int reference, struct plan *best)
{
	const struct encoded_column *since = &encoder->columns[reference];
	double bits;

	if (!column->integers || !since->integers)
		return;
	bits = estimate_since(encoder, column->integers, since->integers);
	if (bits < 0.97 * best->bits)
		*best = (struct plan){
			.header = {.kind = REFERENCE_SINCE,
				   .reference_count = 1,
				   .references = {reference}},
			.bits = bits,
		};
}

/* A short list of values that the column follows needs no other plan. */
static int follows_shortly(struct chunk_encoder *encoder, const struct encoded_column *column,
			   unsigned int reference, struct plan *plan)
{
	struct encoded_column *by = &encoder->columns[reference];
	uint32_t limit = column_codes(encoder, by), groups;

	if (!limit || limit > encoder->row_count)
		return 0;
	groups = follows_one(encoder, column, by);
	if (!groups || groups > encoder->row_count / 16)
		return 0;
	*plan = (struct plan){.header = {.kind = REFERENCE_FOLLOW,
					 .reference_count = 1,
					 .references = {reference},
					 .is_address = column->addresses != NULL}};
	return 1;
}

static struct plan make_plan(struct chunk_encoder *encoder, const struct stream *stream,
			     unsigned int column)
{
	struct encoded_column *this = &encoder->columns[column];
	const void *values =
		this->integers ? (const void *)this->integers : (const void *)this->addresses;
	unsigned int references[COLUMN_REFERENCES], grouping[COLUMN_REFERENCES], groupings = 0;
	unsigned int count = usable_references(encoder, stream, column, references);
	struct plan plan;

	for (unsigned int i = 0; i < count; i++)
		if (follows_shortly(encoder, this, references[i], &plan))
			return plan;
	plan = plan_alone(encoder, values, this->addresses != NULL, encoder->row_count);
	for (unsigned int i = 0; i < count && plan.bits > encoder->row_count / 4.0; i++) {
		struct part_header header = {.reference_count = 1,
					     .references = {references[i]}};
		uint32_t limit = column_codes(encoder, &encoder->columns[references[i]]);

		consider_since(encoder, this, references[i], &plan);
		if (limit < 2 || limit > encoder->row_count)
			continue;
		grouping[groupings++] = references[i];
		if (this->integers || encoder->entries.count)
			consider_groups(encoder, this, &header, &plan);
	}
	if (groupings > 1 && plan.bits > encoder->row_count / 4.0 &&
	    (this->integers || encoder->entries.count)) {
		struct part_header header = {.reference_count = 2,
					     .references = {grouping[0], grouping[1]}};

		consider_groups(encoder, this, &header, &plan);
	}
	return plan;
}

/* --- carrying a plan out --- */

static int put_values(struct chunk_encoder *encoder, const struct encoded_column *column,
		      const uint16_t *order, uint32_t count)
{
	uint64_t *high = encoder->work[0], *low = encoder->work[1];
	int error;

	if (column->integers) {
		if (!order)
			return numbers_put(encoder->numbers, column->integers, count,
					   &encoder->bytes);
		for (uint32_t i = 0; i < count; i++)
			low[i] = column->integers[order[i]];
		return numbers_put(encoder->numbers, low, count, &encoder->bytes);
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct address *address = &column->addresses[order ? order[i] : i];

		high[i] = address_high(address);
		low[i] = address_low(address);
	}
	error = numbers_put(encoder->numbers, high, count, &encoder->bytes);
	return error ? error : numbers_put(encoder->numbers, low, count, &encoder->bytes);
}

static int put_codes(struct chunk_encoder *encoder, const uint16_t *order, uint32_t count)
{
	uint64_t *wide = encoder->work[0];

	if (order)
		for (uint32_t i = 0; i < count; i++)
			wide[i] = encoder->codes[order[i]];
	else
		for (uint32_t i = 0; i < count; i++)
			wide[i] = encoder->codes[i];
	return numbers_put(encoder->numbers, wide, count, &encoder->bytes);
}

static int put_since(struct chunk_encoder *encoder, const struct encoded_column *column,
		     const struct encoded_column *since)
{
	for (uint32_t i = 0; i < encoder->row_count; i++)
		encoder->work[0][i] = column->integers[i] - since->integers[i];
	return numbers_put(encoder->numbers, encoder->work[0], encoder->row_count,
			   &encoder->bytes);
}

/* The dictionary of a column that follows is of one value for each group. */
static void find_group_entries(struct chunk_encoder *encoder,
			       const struct encoded_column *column, uint32_t groups,
			       struct plan *plan)
{
	const uint16_t *rows = encoder->first_rows;

	if (column->integers)
		for (uint32_t i = 0; i < groups; i++)
			encoder->work[0][i] = column->integers[rows[i]];
	else
		for (uint32_t i = 0; i < groups; i++)
			encoder->addresses[i] = column->addresses[rows[i]];
	find_entries(encoder, encoder->work[0], column->integers ? 8 : 16, groups);
	plan->header.has_entries =
		encoder->entries.count &&
		(!column->integers ||
		 estimate_codes(encoder, NULL, groups) <
			 estimate_integers(encoder, column->integers, rows, groups));
}

static int put_entries(struct chunk_encoder *encoder, const struct plan *plan,
		       struct part *part)
{
	size_t begin = encoder->bytes.size;
	int error;

	if (!plan->header.has_entries)
		return 0;
	error = entries_put(encoder->numbers, &encoder->entries, &encoder->bytes);
	part->entries_size = encoder->bytes.size - begin;
	return error;
}

/* The codes of rows, for those that refer to the column, from the codes of its groups. */
static void keep_group_codes(struct chunk_encoder *encoder, struct encoded_column *column,
			     const struct part_header *header)
{
	const struct encoded_column *by = &encoder->columns[header->references[0]];
	const struct encoded_column *then_by =
		header->reference_count > 1 ? &encoder->columns[header->references[1]] : NULL;
	const uint16_t *order = plan_order(encoder, header);
	uint32_t group = 0;

	for (uint32_t i = 0; i < encoder->row_count; i++) {
		uint16_t row = order[i], last = order[i ? i - 1 : 0];

		group += by->codes[row] != by->codes[last] ||
			 (then_by && then_by->codes[row] != then_by->codes[last]);
		column->codes[row] = encoder->codes[group];
	}
}

static int put_follow(struct chunk_encoder *encoder, struct encoded_column *column,
		      struct plan *plan, struct part *part)
{
	uint32_t groups = follows(encoder, column, &plan->header);
	int error;

	find_group_entries(encoder, column, groups, plan);
	error = put_entries(encoder, plan, part);
	if (!error)
		error = part_put_header(&plan->header, &encoder->bytes);
	if (error)
		return error;
	if (!plan->header.has_entries)
		return put_values(encoder, column, encoder->first_rows, groups);
	column->code_limit = encoder->entries.count;
	keep_group_codes(encoder, column, &plan->header);
	return put_codes(encoder, NULL, groups);
}

static int put_part(struct chunk_encoder *encoder, struct encoded_column *column,
		    struct plan *plan, struct part *part)
{
	const uint16_t *order = NULL;
	int error;

	for (unsigned int i = 0; i < plan->header.reference_count; i++) {
		unsigned int depth = encoder->columns[plan->header.references[i]].depth + 1;

		column->depth = depth > column->depth ? depth : column->depth;
	}
	if (plan->header.kind == REFERENCE_FOLLOW)
		return put_follow(encoder, column, plan, part);
	error = put_entries(encoder, plan, part);
	if (!error)
		error = part_put_header(&plan->header, &encoder->bytes);
	if (error)
		return error;
	if (plan->header.kind == REFERENCE_SINCE)
		return put_since(encoder, column,
				 &encoder->columns[plan->header.references[0]]);
	if (plan->header.kind == REFERENCE_GROUPED)
		order = plan_order(encoder, &plan->header);
	if (!plan->header.has_entries)
		return put_values(encoder, column, order, encoder->row_count);
	column->code_limit = encoder->entries.count;
	memcpy(column->codes, encoder->codes, encoder->row_count * sizeof(*column->codes));
	return put_codes(encoder, order, encoder->row_count);
}

/* --- a chunk --- */

/* The zone map of a column. Returns whether any value is not zero. */
static int measure(struct encoded_column *column, uint32_t row_count, struct part *part)
{
	const struct address *addresses = column->addresses;

	if (column->integers) {
		int64_t least = (int64_t)column->integers[0], most = least;

		for (uint32_t row = 1; row < row_count; row++) {
			int64_t value = (int64_t)column->integers[row];

			least = value < least ? value : least;
			most = value > most ? value : most;
		}
		part->minimum = column->least = least;
		part->maximum = most;
		column->range = (uint64_t)most - (uint64_t)least;
		return least || most;
	}
	part->lowest = part->highest = addresses[0];
	for (uint32_t row = 1; row < row_count; row++) {
		uint64_t high = address_high(&addresses[row]);
		uint64_t low = address_low(&addresses[row]);
		uint64_t least = address_high(&part->lowest);
		uint64_t most = address_high(&part->highest);

		if (high < least || (high == least && low < address_low(&part->lowest)))
			part->lowest = addresses[row];
		else if (high > most || (high == most && low > address_low(&part->highest)))
			part->highest = addresses[row];
	}
	column->range = memcmp(&part->lowest, &part->highest, sizeof(struct address)) != 0;
	return part->highest.half[0] || part->highest.half[1];
}

static int make_room(struct chunk_encoder *encoder, unsigned int column_count)
{
	void *columns, *parts;

	if (column_count <= encoder->column_capacity)
		return 0;
	columns = realloc(encoder->columns, column_count * sizeof(*encoder->columns));
	if (!columns)
		return -ENOMEM;
	encoder->columns = columns;
	parts = realloc(encoder->parts, column_count * sizeof(*encoder->parts));
	if (!parts)
		return -ENOMEM;
	encoder->parts = parts;
	for (; encoder->column_capacity < column_count; encoder->column_capacity++) {
		struct encoded_column *column = &encoder->columns[encoder->column_capacity];

		*column = (struct encoded_column){0};
		column->codes = malloc(MOST_NUMBERS * sizeof(*column->codes));
		column->order = malloc(MOST_NUMBERS * sizeof(*column->order));
		if (!column->codes || !column->order) {
			free(column->codes);
			free(column->order);
			return -ENOMEM;
		}
	}
	return 0;
}

static int encode_column(struct chunk_encoder *encoder, const struct batch *batch,
			 unsigned int index)
{
	struct encoded_column *column = &encoder->columns[index];
	struct part *part = &encoder->parts[encoder->part_count];
	int is_address = batch->stream->columns[index].type == COLUMN_ADDRESS;
	struct plan plan = {.header = {.is_address = is_address}};
	size_t begin = encoder->bytes.size;
	int error;

	*column = (struct encoded_column){
		.integers = is_address ? NULL : batch->columns[index].integers,
		.addresses = is_address ? batch->columns[index].addresses : NULL,
		.codes = column->codes,
		.order = column->order,
	};
	*part = (struct part){.column = index};
	if (!batch->columns[index].memory || !measure(column, batch->row_count, part))
		return 0;
	if (column->range)
		plan = make_plan(encoder, batch->stream, index);
	error = put_part(encoder, column, &plan, part);
	column->has_part = column->range > 0;
	part->data_size = encoder->bytes.size - begin - part->entries_size;
	encoder->part_count++;
	return error;
}

int chunk_encode(struct chunk_encoder *encoder, const struct batch *batch,
		 const struct part **parts, size_t *count)
{
	unsigned int column_count = batch->stream->column_count;
	const uint8_t *at;
	int error = make_room(encoder, column_count);

	assert(batch->row_count);
	encoder->bytes.size = 0;
	encoder->part_count = 0;
	encoder->row_count = batch->row_count;
	encoder->paired[0] = encoder->paired[1] = 0;
	for (unsigned int i = 0; i < column_count && !error; i++)
		error = encode_column(encoder, batch, i);
	if (error)
		return error;
	/* The bytes are where they are only now. */
	at = encoder->bytes.data;
	for (size_t i = 0; i < encoder->part_count; i++) {
		struct part *part = &encoder->parts[i];

		part->entries = part->entries_size ? at : NULL;
		part->data = at + part->entries_size;
		at = part->data + part->data_size;
	}
	*parts = encoder->parts;
	*count = encoder->part_count;
	return 0;
}

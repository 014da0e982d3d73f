/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a batch to the parts of a chunk: carries out the plans that schema/plan.h makes.
 */
#include "schema/chunk.h"
#include "schema/plan.h"

#include <assert.h>

struct chunk_encoder {
	struct planner *planner;
	struct part *parts;
	size_t part_capacity, part_count;
	struct bytes bytes; /* of all parts */
};

struct chunk_encoder *chunk_encoder_new(int level)
{
	struct chunk_encoder *encoder = calloc(1, sizeof(*encoder));

	if (!encoder)
		return NULL;
	encoder->planner = planner_new(level);
	if (!encoder->planner) {
		chunk_encoder_free(encoder);
		return NULL;
	}
	return encoder;
}

void chunk_encoder_free(struct chunk_encoder *encoder)
{
	if (!encoder)
		return;
	planner_free(encoder->planner);
	free(encoder->parts);
	free(encoder->bytes.data);
	free(encoder);
}

static int put_values(struct planner *planner, const struct planned_column *column,
		      const uint16_t *order, uint32_t count, struct bytes *out)
{
	uint64_t *high = planner->work[0], *low = planner->work[1];
	int error;

	if (column->integers) {
		if (!order)
			return numbers_put(planner->numbers, column->integers, count, out);
		for (uint32_t i = 0; i < count; i++)
			low[i] = column->integers[order[i]];
		return numbers_put(planner->numbers, low, count, out);
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct address *address = &column->addresses[order ? order[i] : i];

		high[i] = address_high(address);
		low[i] = address_low(address);
	}
	error = numbers_put(planner->numbers, high, count, out);
	return error ? error : numbers_put(planner->numbers, low, count, out);
}

static int put_codes(struct planner *planner, const uint16_t *order, uint32_t count,
		     struct bytes *out)
{
	uint64_t *wide = planner->work[0];

	if (order)
		for (uint32_t i = 0; i < count; i++)
			wide[i] = planner->codes[order[i]];
	else
		for (uint32_t i = 0; i < count; i++)
			wide[i] = planner->codes[i];
	return numbers_put(planner->numbers, wide, count, out);
}

static int put_since(struct planner *planner, const struct planned_column *column,
		     const struct planned_column *since, struct bytes *out)
{
	for (uint32_t i = 0; i < planner->row_count; i++)
		planner->work[0][i] = column->integers[i] - since->integers[i];
	return numbers_put(planner->numbers, planner->work[0], planner->row_count, out);
}

static int put_entries(struct planner *planner, const struct plan *plan, struct part *part,
		       struct bytes *out)
{
	size_t begin = out->size;
	int error;

	if (!plan->header.has_entries)
		return 0;
	error = entries_put(planner->numbers, &planner->entries, out);
	part->entries_size = out->size - begin;
	return error;
}

/* The codes of rows, for those that refer to the column, from the codes of its groups. */
static void keep_group_codes(struct planner *planner, struct planned_column *column,
			     const struct part_header *header)
{
	const struct planned_column *by = &planner->columns[header->references[0]];
	const struct planned_column *then_by =
		header->reference_count > 1 ? &planner->columns[header->references[1]] : NULL;
	const uint16_t *order = planner_order(planner, header);
	uint32_t group = 0;

	for (uint32_t i = 0; i < planner->row_count; i++) {
		uint16_t row = order[i], last = order[i ? i - 1 : 0];

		group += by->codes[row] != by->codes[last] ||
			 (then_by && then_by->codes[row] != then_by->codes[last]);
		column->codes[row] = planner->codes[group];
	}
	for (uint32_t i = 0; i < planner->exception_count; i++)
		column->codes[planner->exceptions[i]] = planner->codes[group + 1 + i];
}

static int put_exceptions(struct planner *planner, struct bytes *out)
{
	uint32_t count = planner->exception_count;
	int error;

	if (!count)
		return 0;
	for (uint32_t i = 0; i < count; i++)
		planner->work[0][i] = planner->exceptions[i];
	error = bytes_put_varint(out, count);
	return error ? error : numbers_put(planner->numbers, planner->work[0], count, out);
}

static int put_follow(struct planner *planner, struct planned_column *column, struct plan *plan,
		      struct part *part, struct bytes *out)
{
	uint32_t count = planner_follows(planner, column, &plan->header);
	int error;

	count += planner->exception_count;
	plan->header.has_exceptions = planner->exception_count > 0;
	plan->header.has_entries = planner_group_entries(planner, column, count);
	error = put_entries(planner, plan, part, out);
	if (!error)
		error = part_put_header(&plan->header, out);
	if (!error)
		error = put_exceptions(planner, out);
	if (error)
		return error;
	if (!plan->header.has_entries)
		return put_values(planner, column, planner->first_rows, count, out);
	column->code_limit = planner->entries.count;
	keep_group_codes(planner, column, &plan->header);
	return put_codes(planner, NULL, count, out);
}

static int put_part(struct planner *planner, struct planned_column *column, struct plan *plan,
		    struct part *part, struct bytes *out)
{
	const uint16_t *order = NULL;
	int error;

	column->weight = 1;
	for (unsigned int i = 0; i < plan->header.reference_count; i++) {
		const struct planned_column *reference =
			&planner->columns[plan->header.references[i]];

		if (column->depth <= reference->depth)
			column->depth = reference->depth + 1;
		column->weight += reference->weight;
	}
	if (plan->header.kind == REFERENCE_FOLLOW)
		return put_follow(planner, column, plan, part, out);
	error = put_entries(planner, plan, part, out);
	if (!error)
		error = part_put_header(&plan->header, out);
	if (error)
		return error;
	if (plan->header.kind == REFERENCE_SINCE)
		return put_since(planner, column, &planner->columns[plan->header.references[0]],
				 out);
	if (plan->header.kind == REFERENCE_GROUPED)
		order = planner_order(planner, &plan->header);
	if (!plan->header.has_entries)
		return put_values(planner, column, order, planner->row_count, out);
	column->code_limit = planner->entries.count;
	memcpy(column->codes, planner->codes, planner->row_count * sizeof(*column->codes));
	return put_codes(planner, order, planner->row_count, out);
}

/* --- a chunk --- */

struct address_number {
	uint64_t high, low;
};

static int is_less(const struct address_number *one, const struct address_number *other)
{
	return one->high < other->high || (one->high == other->high && one->low < other->low);
}

static int measure_integers(struct planned_column *column, uint32_t row_count,
			    struct part *part)
{
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

/* The zone map of a column. Returns whether any value is not zero. */
static int measure(struct planned_column *column, uint32_t row_count, struct part *part)
{
	const struct address *addresses = column->addresses;
	struct address_number least = {0, 0}, most = {0, 0};

	if (column->integers)
		return measure_integers(column, row_count, part);
	for (uint32_t row = 0; row < row_count; row++) {
		struct address_number value = {address_high(&addresses[row]),
					       address_low(&addresses[row])};

		if (!row || is_less(&value, &least))
			least = value;
		if (!row || is_less(&most, &value))
			most = value;
	}
	part->lowest = address_from_numbers(least.high, least.low);
	part->highest = address_from_numbers(most.high, most.low);
	column->range = memcmp(&part->lowest, &part->highest, sizeof(struct address)) != 0;
	return part->highest.half[0] || part->highest.half[1];
}

static int make_room(struct chunk_encoder *encoder, unsigned int column_count)
{
	struct part *parts = realloc(encoder->parts, column_count * sizeof(*parts));

	if (!parts)
		return -ENOMEM;
	encoder->parts = parts;
	encoder->part_capacity = column_count;
	return 0;
}

static int encode_column(struct chunk_encoder *encoder, const struct batch *batch,
			 unsigned int index)
{
	struct planned_column *column = &encoder->planner->columns[index];
	struct part *part = &encoder->parts[encoder->part_count];
	int is_address = batch->stream->columns[index].type == COLUMN_ADDRESS;
	struct plan plan = {.header = {.is_address = is_address}};
	size_t begin = encoder->bytes.size;
	int error;

	*column = (struct planned_column){
		.integers = is_address ? NULL : batch->columns[index].integers,
		.addresses = is_address ? batch->columns[index].addresses : NULL,
		.codes = column->codes,
		.order = column->order,
	};
	*part = (struct part){.column = index};
	if (!batch->columns[index].memory || !measure(column, batch->row_count, part))
		return 0;
	if (column->range)
		plan = planner_choose(encoder->planner, batch->stream, index);
	error = put_part(encoder->planner, column, &plan, part, &encoder->bytes);
	column->varies = column->range > 0;
	part->data_size = encoder->bytes.size - begin - part->entries_size;
	encoder->part_count++;
	return error;
}

int chunk_encode(struct chunk_encoder *encoder, const struct batch *batch,
		 const struct part **parts, size_t *count)
{
	unsigned int column_count = batch->stream->column_count;
	const uint8_t *at;
	int error = planner_begin(encoder->planner, column_count, batch->row_count);

	assert(batch->row_count);
	if (!error && column_count > encoder->part_capacity)
		error = make_room(encoder, column_count);
	encoder->bytes.size = 0;
	encoder->part_count = 0;
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the parts of a chunk to the values of one column.
 *
 * First all columns are found that it takes, from later to earlier ones, since references only
 * go that way; then they are decoded from earlier to later ones: of each the codes by which
 * others are grouped, or the values that others are counted from.
 */
#include "schema/chunk.h"
#include "schema/codec.h"
#include "schema/grouping.h"

/* One column refers to two, each of them to two, and so on to the greatest depth. */
#define MOST_SLOTS 15U

/* A column that is needed. */
struct slot {
	unsigned int column;
	unsigned int depth; /* how far from the column that was asked for */
	int resolved, is_zero;
	int codes_needed, values_needed;
	struct part_header header;
	struct part_bytes bytes;
	struct reader reader;
	uint32_t code_limit;
	uint16_t *codes; /* of each row */
	uint64_t *values;
};

struct chunk_decoder {
	struct numbers_coder *numbers;
	struct slot slots[MOST_SLOTS];
	unsigned int slot_count;
	uint32_t row_count;
	struct entries entries;
	uint64_t *wide[2];   /* numbers in the order of groups */
	uint16_t *sequence;  /* codes in the order of groups */
	uint16_t *orders[2]; /* rows grouped by one column, by two */
	uint16_t *groups;    /* the group of each row */
	uint32_t group_count;
	uint16_t *exceptions; /* rows that have values of their own, after those of groups */
	uint32_t exception_count;
};

struct chunk_decoder *chunk_decoder_new(void)
{
	struct chunk_decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	decoder->numbers = numbers_coder_new(0);
	decoder->wide[0] = malloc(4 * MOST_NUMBERS * sizeof(uint64_t));
	decoder->sequence = malloc(5 * MOST_NUMBERS * sizeof(uint16_t));
	if (!decoder->numbers || !decoder->wide[0] || !decoder->sequence) {
		chunk_decoder_free(decoder);
		return NULL;
	}
	decoder->wide[1] = decoder->wide[0] + MOST_NUMBERS;
	decoder->entries.low = decoder->wide[1] + MOST_NUMBERS;
	decoder->entries.high = decoder->entries.low + MOST_NUMBERS;
	decoder->orders[0] = decoder->sequence + MOST_NUMBERS;
	decoder->orders[1] = decoder->orders[0] + MOST_NUMBERS;
	decoder->groups = decoder->orders[1] + MOST_NUMBERS;
	decoder->exceptions = decoder->groups + MOST_NUMBERS;
	return decoder;
}

void chunk_decoder_free(struct chunk_decoder *decoder)
{
	if (!decoder)
		return;
	numbers_coder_free(decoder->numbers);
	free(decoder->wide[0]);
	free(decoder->sequence);
	for (unsigned int i = 0; i < MOST_SLOTS; i++) {
		free(decoder->slots[i].codes);
		free(decoder->slots[i].values);
	}
	free(decoder);
}

/* --- which columns it takes --- */

static struct slot *find_slot(struct chunk_decoder *decoder, unsigned int column)
{
	for (unsigned int i = 0; i < decoder->slot_count; i++)
		if (decoder->slots[i].column == column)
			return &decoder->slots[i];
	return NULL;
}

/* The slot of a column; never more than there are, because the depth is bounded. */
static struct slot *take_slot(struct chunk_decoder *decoder, unsigned int column,
			      unsigned int depth)
{
	struct slot *slot = find_slot(decoder, column);

	if (!slot) {
		if (decoder->slot_count == MOST_SLOTS)
			return NULL;
		slot = &decoder->slots[decoder->slot_count++];
		*slot = (struct slot){
			.column = column, .codes = slot->codes, .values = slot->values};
	}
	if (depth > slot->depth)
		slot->depth = depth;
	return slot;
}

static struct slot *last_unresolved(struct chunk_decoder *decoder)
{
	struct slot *last = NULL;

	for (unsigned int i = 0; i < decoder->slot_count; i++) {
		struct slot *slot = &decoder->slots[i];

		if (!slot->resolved && (!last || slot->column > last->column))
			last = slot;
	}
	return last;
}

static int add_references(struct chunk_decoder *decoder, const struct slot *slot)
{
	if (slot->header.reference_count && slot->depth == MOST_DEPTH)
		return -EBADMSG;
	for (unsigned int i = 0; i < slot->header.reference_count; i++) {
		struct slot *reference =
			take_slot(decoder, slot->header.references[i], slot->depth + 1);

		if (!reference)
			return -EBADMSG;
		if (slot->header.kind == REFERENCE_SINCE)
			reference->values_needed = 1;
		else
			reference->codes_needed = 1;
	}
	return 0;
}

static int resolve(struct chunk_decoder *decoder, chunk_fetch fetch, void *context)
{
	struct slot *slot;

	while ((slot = last_unresolved(decoder))) {
		int error = fetch(context, slot->column, &slot->bytes);

		slot->resolved = 1;
		slot->is_zero = error == -ENODATA;
		if (slot->is_zero)
			continue;
		if (error)
			return error;
		slot->reader = (struct reader){slot->bytes.data, slot->bytes.data_size};
		error = part_get_header(&slot->reader, slot->column, &slot->header);
		if (!error && slot->header.has_entries != (slot->bytes.entries_size > 0))
			error = -EBADMSG;
		if (!error)
			error = add_references(decoder, slot);
		if (error)
			return error;
	}
	return 0;
}

/* --- groups --- */

/* One column's codes that occur are its groups, without sorting rows. */
static uint32_t group_by_one(struct chunk_decoder *decoder, const struct slot *by)
{
	uint16_t *numbers = decoder->orders[0];
	uint32_t groups = 0;

	memset(numbers, 0, by->code_limit * sizeof(*numbers));
	for (uint32_t row = 0; row < decoder->row_count; row++)
		numbers[by->codes[row]] = 1;
	for (uint32_t code = 0; code < by->code_limit; code++) {
		uint16_t occurs = numbers[code];

		numbers[code] = (uint16_t)groups;
		groups += occurs;
	}
	for (uint32_t row = 0; row < decoder->row_count; row++)
		decoder->groups[row] = numbers[by->codes[row]];
	return groups;
}

static uint32_t group_by_two(struct chunk_decoder *decoder, const struct slot *by,
			     const struct slot *then_by)
{
	const uint16_t *order = decoder->orders[1];
	uint32_t group = 0;

	for (uint32_t i = 0; i < decoder->row_count; i++) {
		uint16_t row = order[i];

		group += i && (by->codes[row] != by->codes[order[i - 1]] ||
			       then_by->codes[row] != then_by->codes[order[i - 1]]);
		decoder->groups[row] = (uint16_t)group;
	}
	return group + 1;
}

/* The order of rows, or the group of each: how many values the part has. */
static uint32_t make_groups(struct chunk_decoder *decoder, const struct part_header *header)
{
	const struct slot *by, *then_by = NULL;
	const uint16_t *before = NULL;

	if (header->kind != REFERENCE_FOLLOW && header->kind != REFERENCE_GROUPED)
		return decoder->row_count;
	by = find_slot(decoder, header->references[0]);
	if (header->reference_count == 1 && header->kind == REFERENCE_FOLLOW)
		return group_by_one(decoder, by);
	if (header->reference_count > 1) {
		then_by = find_slot(decoder, header->references[1]);
		grouping_order(then_by->codes, then_by->code_limit, decoder->row_count, NULL,
			       decoder->orders[0]);
		before = decoder->orders[0];
	}
	grouping_order(by->codes, by->code_limit, decoder->row_count, before,
		       decoder->orders[1]);
	return header->kind == REFERENCE_GROUPED ? decoder->row_count
						 : group_by_two(decoder, by, then_by);
}

/* The exceptions of a part that follows; groups and exceptions are no more than rows. */
static int get_exceptions(struct chunk_decoder *decoder, struct slot *slot)
{
	uint64_t count;

	decoder->exception_count = 0;
	if (!slot->header.has_exceptions)
		return 0;
	if (reader_varint(&slot->reader, &count) || !count ||
	    count > decoder->row_count - decoder->group_count ||
	    numbers_get(decoder->numbers, &slot->reader, decoder->wide[0], (uint32_t)count))
		return -EBADMSG;
	for (uint32_t i = 0; i < count; i++) {
		if (decoder->wide[0][i] >= decoder->row_count)
			return -EBADMSG;
		decoder->exceptions[i] = (uint16_t)decoder->wide[0][i];
	}
	decoder->exception_count = (uint32_t)count;
	return 0;
}

/* Numbers from the order of groups to rows. */
static void spread(const struct chunk_decoder *decoder, enum reference_kind kind,
		   const uint64_t *numbers, uint64_t *rows)
{
	const uint16_t *order = decoder->orders[1], *groups = decoder->groups;

	if (kind == REFERENCE_GROUPED)
		for (uint32_t i = 0; i < decoder->row_count; i++)
			rows[order[i]] = numbers[i];
	else
		for (uint32_t row = 0; row < decoder->row_count; row++)
			rows[row] = numbers[groups[row]];
	for (uint32_t i = 0; i < decoder->exception_count; i++)
		rows[decoder->exceptions[i]] = numbers[decoder->group_count + i];
}

static void spread_codes(const struct chunk_decoder *decoder, enum reference_kind kind,
			 const uint16_t *codes, uint16_t *rows)
{
	const uint16_t *order = decoder->orders[1], *groups = decoder->groups;

	if (kind == REFERENCE_GROUPED)
		for (uint32_t i = 0; i < decoder->row_count; i++)
			rows[order[i]] = codes[i];
	else
		for (uint32_t row = 0; row < decoder->row_count; row++)
			rows[row] = codes[groups[row]];
	for (uint32_t i = 0; i < decoder->exception_count; i++)
		rows[decoder->exceptions[i]] = codes[decoder->group_count + i];
}

static int is_spread(const struct part_header *header)
{
	return header->kind == REFERENCE_FOLLOW || header->kind == REFERENCE_GROUPED;
}

/* --- values --- */

static int get_codes(struct chunk_decoder *decoder, struct slot *slot, uint32_t count)
{
	uint16_t *codes = is_spread(&slot->header) ? decoder->sequence : slot->codes;
	struct reader reader = {slot->bytes.entries, slot->bytes.entries_size};
	uint64_t entry_count;

	if (reader_varint(&reader, &entry_count) || !entry_count ||
	    entry_count > MOST_NUMBERS ||
	    part_get_codes(decoder->numbers, &slot->reader, (uint32_t)entry_count, count,
			   decoder->wide[0], codes))
		return -EBADMSG;
	slot->code_limit = (uint32_t)entry_count;
	if (is_spread(&slot->header))
		spread_codes(decoder, slot->header.kind, codes, slot->codes);
	return 0;
}

/* An integer column without a dictionary. */
static int get_numbers(struct chunk_decoder *decoder, struct slot *slot, uint32_t count,
		       uint64_t *values)
{
	const struct slot *since;

	if (is_spread(&slot->header)) {
		if (numbers_get(decoder->numbers, &slot->reader, decoder->wide[0], count))
			return -EBADMSG;
		spread(decoder, slot->header.kind, decoder->wide[0], values);
		return 0;
	}
	if (numbers_get(decoder->numbers, &slot->reader, values, count))
		return -EBADMSG;
	if (slot->header.kind == REFERENCE_SINCE) {
		since = find_slot(decoder, slot->header.references[0]);
		for (uint32_t row = 0; row < decoder->row_count; row++)
			values[row] += since->values[row];
	}
	return 0;
}

static int get_addresses(struct chunk_decoder *decoder, struct slot *slot, uint32_t count,
			 struct address *values)
{
	const uint64_t *high = decoder->wide[0], *low = decoder->wide[1];
	const uint16_t *order = decoder->orders[1], *groups = decoder->groups;

	if (numbers_get(decoder->numbers, &slot->reader, decoder->wide[0], count) ||
	    numbers_get(decoder->numbers, &slot->reader, decoder->wide[1], count))
		return -EBADMSG;
	if (slot->header.kind == REFERENCE_GROUPED)
		for (uint32_t i = 0; i < decoder->row_count; i++)
			values[order[i]] = address_from_numbers(high[i], low[i]);
	else if (slot->header.kind == REFERENCE_FOLLOW)
		for (uint32_t row = 0; row < decoder->row_count; row++)
			values[row] = address_from_numbers(high[groups[row]], low[groups[row]]);
	else
		for (uint32_t row = 0; row < decoder->row_count; row++)
			values[row] = address_from_numbers(high[row], low[row]);
	for (uint32_t i = 0; i < decoder->exception_count; i++)
		values[decoder->exceptions[i]] = address_from_numbers(
			high[decoder->group_count + i], low[decoder->group_count + i]);
	return 0;
}

/* The codes that a column without a dictionary has for others: from its least value up. */
static int number_codes(const struct chunk_decoder *decoder, struct slot *slot,
			const uint64_t *values)
{
	int64_t least = (int64_t)values[0], most = least;

	for (uint32_t row = 1; row < decoder->row_count; row++) {
		int64_t value = (int64_t)values[row];

		least = value < least ? value : least;
		most = value > most ? value : most;
	}
	if ((uint64_t)most - (uint64_t)least >= MOST_NUMBERS)
		return -EBADMSG;
	slot->code_limit = (uint32_t)((uint64_t)most - (uint64_t)least) + 1;
	for (uint32_t row = 0; row < decoder->row_count; row++)
		slot->codes[row] = (uint16_t)(values[row] - (uint64_t)least);
	return 0;
}

/* From codes to values of what has a dictionary. */
static int look_up(struct chunk_decoder *decoder, const struct slot *slot, void *values)
{
	struct entries entries = decoder->entries;
	struct address *addresses = values;
	uint64_t *integers = values;

	if (!slot->header.is_address)
		entries.high = NULL;
	if (entries_get(decoder->numbers, slot->bytes.entries, slot->bytes.entries_size,
			&entries))
		return -EBADMSG;
	if (slot->header.is_address)
		for (uint32_t row = 0; row < decoder->row_count; row++)
			addresses[row] = address_from_numbers(entries.high[slot->codes[row]],
							      entries.low[slot->codes[row]]);
	else
		for (uint32_t row = 0; row < decoder->row_count; row++)
			integers[row] = entries.low[slot->codes[row]];
	return 0;
}

static int make_room(struct slot *slot)
{
	if (!slot->codes)
		slot->codes = malloc(MOST_NUMBERS * sizeof(*slot->codes));
	if (!slot->values)
		slot->values = malloc(MOST_NUMBERS * sizeof(*slot->values));
	return slot->codes && slot->values ? 0 : -ENOMEM;
}

/* A column that others refer to, or the one that was asked for: then `values` is its place. */
static int decode_slot(struct chunk_decoder *decoder, struct slot *slot, void *values)
{
	uint32_t count;
	int error = make_room(slot);

	if (error)
		return error;
	if (slot->is_zero) {
		slot->code_limit = 1;
		memset(slot->codes, 0, decoder->row_count * sizeof(*slot->codes));
		memset(slot->values, 0, decoder->row_count * sizeof(*slot->values));
		return 0;
	}
	if (!values && slot->header.is_address &&
	    (slot->values_needed || !slot->header.has_entries))
		return -EBADMSG;
	decoder->group_count = make_groups(decoder, &slot->header);
	error = get_exceptions(decoder, slot);
	if (error)
		return error;
	count = decoder->group_count + decoder->exception_count;
	if (slot->header.has_entries) {
		error = get_codes(decoder, slot, count);
		if (!error && (values || slot->values_needed))
			error = look_up(decoder, slot, values ? values : slot->values);
	} else if (slot->header.is_address)
		error = get_addresses(decoder, slot, count, values);
	else
		error = get_numbers(decoder, slot, count, values ? values : slot->values);
	if (!error && slot->codes_needed && !slot->header.has_entries)
		error = number_codes(decoder, slot, slot->values);
	return !error && slot->reader.left ? -EBADMSG : error;
}

static int compare_columns(const void *a, const void *b)
{
	const struct slot *const *one = a, *const *other = b;

	return ((*one)->column > (*other)->column) - ((*one)->column < (*other)->column);
}

int chunk_decode(struct chunk_decoder *decoder, uint32_t row_count, unsigned int column,
		 size_t value_size, chunk_fetch fetch, void *context, void *values)
{
	struct slot *order[MOST_SLOTS], *asked;
	int error;

	if (!row_count || row_count > MOST_NUMBERS)
		return -EBADMSG;
	decoder->row_count = row_count;
	decoder->slot_count = 0;
	asked = take_slot(decoder, column, 0);
	error = resolve(decoder, fetch, context);
	if (error)
		return error;
	if (asked->is_zero) {
		memset(values, 0, row_count * value_size);
		return 0;
	}
	if (value_size != (asked->header.is_address ? 16 : 8))
		return -EBADMSG;
	for (unsigned int i = 0; i < decoder->slot_count; i++)
		order[i] = &decoder->slots[i];
	qsort(order, decoder->slot_count, sizeof(struct slot *), compare_columns);
	for (unsigned int i = 0; i < decoder->slot_count && !error; i++)
		error = decode_slot(decoder, order[i], order[i] == asked ? values : NULL);
	return error;
}

int entries_hold(struct chunk_decoder *decoder, const uint8_t *bytes, size_t size,
		 size_t value_size, const void *value)
{
	struct entries entries = decoder->entries;
	uint64_t high = 0, low;
	int found = 0;

	if (value_size == 16) {
		high = address_high(value);
		low = address_low(value);
	} else {
		entries.high = NULL;
		memcpy(&low, value, sizeof(low));
	}
	if (entries_get(decoder->numbers, bytes, size, &entries))
		return -EBADMSG;
	if (!entries.high)
		for (uint32_t i = 0; i < entries.count; i++)
			found |= entries.low[i] == low;
	else
		for (uint32_t i = 0; i < entries.count; i++)
			found |= entries.low[i] == low && entries.high[i] == high;
	return found;
}

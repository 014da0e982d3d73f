/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes the flows of a generation out of the kernel's flow table.
 */
#include "recorder/flow_table.h"
#include "recorder/trouble.h"
#include "schema/flow_hash.h"
#include "schema/rule.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/flowtape.skel.h"

#define UNITS_PER_FLOW 4U
#define UNITS_PER_CPU  16U /* taken at once at most, all by programs that saw room */
#define SLOTS_PER_FLOW 2.5
#define LEAST_BUCKETS  4U

struct flow_table {
	struct flow_taken *taken; /* by even, by odd generations */
	uint32_t *generation;
	struct flow_records *units;
	struct flow_bucket *index;
	size_t units_size, index_size; /* of the mappings */
	uint32_t unit_count, unit_limit, buckets;
	uint32_t old; /* the generation to drain */
};

void flow_table_size(struct flowtape_bpf *skeleton, uint32_t flows)
{
	uint32_t spare = UNITS_PER_CPU * (uint32_t)libbpf_num_possible_cpus();
	uint32_t units = flows * UNITS_PER_FLOW + spare, buckets = LEAST_BUCKETS, bits = 1;

	while (buckets * FLOW_SLOTS < flows * SLOTS_PER_FLOW)
		buckets *= 2;
	while (units >> bits)
		bits++;
	skeleton->rodata->flow_unit_count = units;
	skeleton->rodata->flow_unit_limit = units - spare;
	skeleton->rodata->flow_unit_bits = bits;
	skeleton->rodata->flow_buckets = buckets;
	bpf_map__set_max_entries(skeleton->maps.flow_units, units);
	bpf_map__set_max_entries(skeleton->maps.flow_index, 2 * buckets);
}

static void *map_whole(const struct bpf_map *map, size_t *size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *memory;

	*size = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	*size = (*size + page - 1) / page * page;
	memory = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	return memory == MAP_FAILED ? NULL : memory;
}

int flow_table_open(struct flowtape_bpf *skeleton, struct flow_table **out)
{
	struct flow_table *table = calloc(1, sizeof(*table));
	int error;

	if (!table)
		return -ENOMEM;
	table->taken = skeleton->bss->flow_taken;
	table->generation = &skeleton->bss->generation;
	table->unit_count = skeleton->rodata->flow_unit_count;
	table->unit_limit = skeleton->rodata->flow_unit_limit;
	table->buckets = skeleton->rodata->flow_buckets;
	table->units = map_whole(skeleton->maps.flow_units, &table->units_size);
	if (table->units)
		table->index = map_whole(skeleton->maps.flow_index, &table->index_size);
	if (!table->index) {
		error = -errno;
		flow_table_close(table);
		return error;
	}
	*out = table;
	return 0;
}

void flow_table_close(struct flow_table *table)
{
	if (!table)
		return;
	if (table->units)
		munmap(table->units, table->units_size);
	if (table->index)
		munmap(table->index, table->index_size);
	free(table);
}

int flow_table_turn(struct flow_table *table)
{
	int error = 0;

	table->old = *table->generation;
	__atomic_store_n(table->generation, table->old + 1, __ATOMIC_SEQ_CST);
	/*
	 * Programs run inside RCU read-side sections, and this barrier is a grace period: when
	 * it is over, no program is left that saw the old generation.
	 */
	if (syscall(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		error = -errno;
	return error;
}

int flow_table_is_filling(const struct flow_table *table)
{
	return __atomic_load_n(&table->taken[0].units, __ATOMIC_RELAXED) +
		       __atomic_load_n(&table->taken[1].units, __ATOMIC_RELAXED) >
	       table->unit_limit / 2;
}

uint32_t flow_table_units(const struct flow_table *table)
{
	return __atomic_load_n(&table->taken[table->old & 1].units, __ATOMIC_RELAXED);
}

/* --- from units to a flow --- */

static void read_hop(struct flow_value *value, const struct flow_record *record)
{
	unsigned int direction = record->what & 1;
	uint64_t id = ((uint32_t)record->what & RECORD_HOP_MASK) | 1;
	struct flow_hop *hop = value->hop;

	while (hop->id && hop->id != id)
		hop++;
	hop->id = id;
	hop->packets[direction] += record->count / RECORD_SEGMENT;
	hop->bytes[direction] += record->count & RECORD_BYTES_MASK;
	if (!hop->first_ns[direction])
		hop->first_ns[direction] = (record->what >> 32) + 1;
	hop->begins[direction] |= (record->what & RECORD_BEGINS) != 0;
}

static void read_record(struct flow_value *value, const struct flow_record *record)
{
	switch (RECORD_KIND(record->what)) {
	case RECORD_HOP:
		read_hop(value, record);
		break;
	case RECORD_ANSWER:
		value->answered_ns = record->count;
		break;
	case RECORD_RETRANSMIT:
		value->retransmits[record->what & 1] += record->count;
		value->sends_handshake_again |= record->what >> 32 != 0;
		break;
	case RECORD_DROP:
		trouble_add_drop(value->drop, (uint32_t)(record->what >> 32), record->count);
		break;
	}
}

static void read_owner(struct flow_value *value, uint64_t owner)
{
	if (owner)
		value->owner[owner & 1] = (struct flow_owner){
			.pid = (uint32_t)(owner >> 42),
			.start_ns = OWNER_TO_START(owner),
		};
}

static void read_flow(const struct flow_table *table, const struct flow_entry *entry,
		      uint32_t number, struct flow_key *key, struct flow_value *value)
{
	*key = (struct flow_key){
		.address = {entry->address[0], entry->address[1]},
		.port = {entry->port[0], entry->port[1]},
		.protocol = entry->protocol,
		.icmp_type = entry->icmp_type,
		.icmp_code = entry->icmp_code,
		.network_namespace = entry->network_namespace,
	};
	*value = (struct flow_value){
		.start_ns = entry->start_ns,
		.end_ns = entry->end_ns,
		.tcp_flags = {entry->facts & 255, entry->facts >> 8 & 255},
		.seen = (entry->facts & ~UNIT_MARK_BITS) >> 16,
	};
	number++;
	value->dscp[0] = table->units[number].notes & 63;
	value->dscp[1] = table->units[number].notes >> 6 & 63;
	for (unsigned int i = 0; i < FLOW_CHAIN; i++) {
		const struct flow_records *records = &table->units[number];

		read_owner(value, records->owner);
		for (unsigned int j = 0; j < FLOW_RECORDS; j++)
			if (records->record[j].what)
				read_record(value, &records->record[j]);
		if (!records->next || records->next > table->unit_count)
			return;
		number = records->next - 1;
	}
}

int flow_table_drain(struct flow_table *table,
		     int (*flow)(void *context, const struct flow_key *key,
				 const struct flow_value *value),
		     void *context, size_t *drained)
{
	uint32_t parity = table->old & 1, used = table->taken[parity].units;
	struct flow_value value;
	struct flow_key key;
	int error = 0;

	*drained = 0;
	for (uint32_t i = 0; i < used && !error; i++) {
		uint32_t number = parity ? table->unit_count - 1 - i : i;
		const struct flow_records *unit = &table->units[number];

		if ((unit->notes & UNIT_MARK_BITS) != UNIT_MARK(UNIT_ENTRY))
			continue;
		read_flow(table, (const struct flow_entry *)unit, number, &key, &value);
		error = flow(context, &key, &value);
		++*drained;
	}
	memset(&table->index[parity * table->buckets], 0,
	       table->buckets * sizeof(*table->index));
	__atomic_store_n(&table->taken[parity].units, 0, __ATOMIC_SEQ_CST);
	return error;
}

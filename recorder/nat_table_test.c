/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the translations that live.
 */
#include "recorder/nat_table.h"
#include "schema/scratch_test.h"

#include <errno.h>

static struct nat_event event_of(uint32_t number, uint64_t entry)
{
	return (struct nat_event){
		.header = {.kind = EVENT_NAT},
		.original = {.source = {{0, number}},
			     .source_port = (uint16_t)number,
			     .protocol = 17},
		.network_namespace = 4026531840,
		.entry = entry,
	};
}

static int begin(struct nat_table *table, uint32_t number, uint64_t entry, uint64_t flow_id)
{
	const struct nat_event event = event_of(number, entry);

	return nat_table_begin(table, &event, flow_id);
}

static uint64_t end(struct nat_table *table, uint32_t number, uint64_t entry)
{
	const struct nat_event event = event_of(number, entry);
	uint64_t flow_id = 0;

	return nat_table_end(table, &event, &flow_id) ? 0 : flow_id;
}

static void a_translation_begins_once_and_ends_as_the_flow_it_began_with(void **state)
{
	struct nat_table *table = nat_table_new();

	assert_int_equal(begin(table, 1, 100, 11), 0);
	assert_int_equal(begin(table, 1, 100, 12), 1);
	assert_int_equal(end(table, 1, 100), 11);
	assert_int_equal(end(table, 1, 100), 0);
	assert_int_equal(nat_table_count(table), 0);
	nat_table_free(table);
}

static void the_same_tuples_may_live_twice_for_a_while(void **state)
{
	struct nat_table *table = nat_table_new();

	/* The end of the first is only noticed when the second has begun. */
	assert_int_equal(begin(table, 1, 100, 11), 0);
	assert_int_equal(begin(table, 1, 200, 12), 0);
	assert_int_equal(end(table, 1, 100), 11);
	assert_int_equal(begin(table, 1, 200, 13), 1);
	assert_int_equal(end(table, 1, 200), 12);
	nat_table_free(table);
}

static void a_dump_and_an_event_tell_of_one_translation(void **state)
{
	struct nat_table *table = nat_table_new();

	assert_int_equal(begin(table, 1, 0, 11), 0);
	assert_int_equal(begin(table, 1, 100, 12), 1);
	assert_int_equal(begin(table, 1, 200, 13), 0);
	assert_int_equal(end(table, 1, 100), 11);
	assert_int_equal(begin(table, 1, 0, 14), 1);
	assert_int_equal(end(table, 1, 200), 13);

	/* Who never learned its entry ends by its tuples. */
	assert_int_equal(begin(table, 2, 0, 21), 0);
	assert_int_equal(end(table, 2, 300), 21);
	assert_int_equal(nat_table_count(table), 0);
	nat_table_free(table);
}

static void namespaces_and_zones_keep_the_same_tuples_apart(void **state)
{
	struct nat_table *table = nat_table_new();
	struct nat_event here = event_of(1, 0), there = here, zone = here;
	uint64_t flow_id;

	there.network_namespace++;
	zone.zone = 7;
	assert_int_equal(nat_table_begin(table, &here, 11), 0);
	assert_int_equal(nat_table_begin(table, &there, 12), 0);
	assert_int_equal(nat_table_begin(table, &zone, 13), 0);
	assert_int_equal(nat_table_end(table, &there, &flow_id), 0);
	assert_int_equal(flow_id, 12);
	assert_int_equal(nat_table_end(table, &there, &flow_id), -ENOENT);
	assert_int_equal(nat_table_end(table, &zone, &flow_id), 0);
	assert_int_equal(flow_id, 13);
	nat_table_free(table);
}

#define MANY 100000U

static void a_hundred_thousand_come_and_go(void **state)
{
	struct nat_table *table = nat_table_new();

	for (uint32_t i = 1; i <= MANY; i++)
		assert_int_equal(begin(table, i, i * 64ULL, i), 0);
	/* In another order than they came. */
	for (uint32_t i = 1; i <= MANY; i += 2)
		assert_int_equal(end(table, i, i * 64ULL), i);
	assert_int_equal(nat_table_count(table), MANY / 2);
	for (uint32_t i = 2; i <= MANY; i += 2)
		assert_int_equal(end(table, i, i * 64ULL), i);
	assert_int_equal(nat_table_count(table), 0);
	nat_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_translation_begins_once_and_ends_as_the_flow_it_began_with),
		cmocka_unit_test(the_same_tuples_may_live_twice_for_a_while),
		cmocka_unit_test(a_dump_and_an_event_tell_of_one_translation),
		cmocka_unit_test(namespaces_and_zones_keep_the_same_tuples_apart),
		cmocka_unit_test(a_hundred_thousand_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

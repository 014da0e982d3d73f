/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the ledger: what goes into which segment.
 */
#include "recorder/ledger.h"
#include "schema/scratch_test.h"

struct shelf {
	char *directory;
	struct ledger *ledger;
	struct segment_writer *segment;
	int number;
};

static void next_segment(struct shelf *shelf)
{
	struct segment_identity identity = {
		.recording_id = "test", .writer = "test", .created_ns = 1, .level = 1};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%06d.segment", shelf->directory, ++shelf->number);
	identity.sequence = shelf->number;
	assert_int_equal(segment_create(path, &identity, &shelf->segment), 0);
}

static struct shelf open_shelf(void)
{
	struct shelf shelf = {.directory = scratch_make(), .ledger = ledger_new()};

	assert_non_null(shelf.ledger);
	next_segment(&shelf);
	return shelf;
}

static void write_accounts(struct shelf *shelf)
{
	assert_int_equal(segment_begin(shelf->segment), 0);
	assert_int_equal(ledger_store(shelf->ledger, shelf->segment), 0);
}

static void commit(struct shelf *shelf)
{
	assert_int_equal(segment_commit(shelf->segment, 0), 0);
	ledger_committed(shelf->ledger);
}

static void close_shelf(struct shelf *shelf)
{
	segment_close(shelf->segment);
	ledger_free(shelf->ledger);
	scratch_remove(shelf->directory);
}

static void losses_add_up_and_keep_their_span(void **state)
{
	struct shelf shelf = open_shelf();

	ledger_loss(shelf.ledger, "ring", "nat", "ring full", 3, 500, 600, 7);
	ledger_loss(shelf.ledger, "ring", "nat", "ring full", 3, 400, 450, 2);
	ledger_loss(shelf.ledger, "ring", "nat", "ring full", 1, 1, 1, 1);
	ledger_loss(shelf.ledger, "ring", "nat", "ring full", 2, 1, 1, 0);
	assert_int_equal(ledger_lost(shelf.ledger), 10);
	write_accounts(&shelf);
	commit(&shelf);
	assert_answer(
		shelf.directory, 1,
		"SELECT first_ns || ' ' || last_ns || ' ' || count FROM loss WHERE cpu = 3",
		"400 600 9");
	assert_answer(shelf.directory, 1, "SELECT count(*) FROM loss", "2");
	close_shelf(&shelf);
}

static void a_segment_has_only_its_own_accounts(void **state)
{
	struct shelf shelf = open_shelf();

	ledger_stage(shelf.ledger, "writer", "flow", 10, 8, 0);
	ledger_loss(shelf.ledger, "writer", "flow", "disk full", -1, 5, 6, 2);
	write_accounts(&shelf);
	commit(&shelf);
	segment_close(shelf.segment);
	ledger_rotate(shelf.ledger);
	next_segment(&shelf);
	ledger_stage(shelf.ledger, "writer", "flow", 3, 3, 0);
	write_accounts(&shelf);
	commit(&shelf);
	assert_answer(shelf.directory, 1, "SELECT attempted || ' ' || stored FROM stage",
		      "10 8");
	assert_answer(shelf.directory, 2, "SELECT attempted || ' ' || stored FROM stage",
		      "3 3");
	assert_answer(shelf.directory, 2, "SELECT count(*) FROM loss", "0");
	assert_int_equal(ledger_lost(shelf.ledger), 2);
	close_shelf(&shelf);
}

static void what_comes_after_the_last_commit_goes_into_the_next_segment(void **state)
{
	struct shelf shelf = open_shelf();

	ledger_loss(shelf.ledger, "ring", "nat", "ring full", 0, 5, 6, 2);
	write_accounts(&shelf);
	ledger_loss(shelf.ledger, "ring", "nat", "ring full", 0, 8, 9, 40);
	ledger_stage(shelf.ledger, "ring", "nat", 40, 0, 0);
	commit(&shelf);
	segment_close(shelf.segment);
	ledger_rotate(shelf.ledger);
	next_segment(&shelf);
	write_accounts(&shelf);
	commit(&shelf);
	assert_answer(shelf.directory, 1, "SELECT count FROM loss", "2");
	assert_answer(shelf.directory, 2,
		      "SELECT count || ' ' || first_ns || ' ' || last_ns FROM loss", "40 6 9");
	assert_answer(shelf.directory, 2, "SELECT attempted FROM stage", "40");
	close_shelf(&shelf);
}

static void a_transaction_that_failed_is_written_again(void **state)
{
	struct shelf shelf = open_shelf();

	ledger_loss(shelf.ledger, "ring", "nat", "ring full", 0, 5, 6, 2);
	write_accounts(&shelf);
	segment_rollback(shelf.segment);
	assert_answer(shelf.directory, 1, "SELECT count(*) FROM loss", "0");
	write_accounts(&shelf);
	commit(&shelf);
	assert_answer(shelf.directory, 1, "SELECT count FROM loss", "2");
	close_shelf(&shelf);
}

static void an_amount_can_be_taken_back(void **state)
{
	struct shelf shelf = open_shelf();

	ledger_stage(shelf.ledger, "writer", "flow", 10, 10, 0);
	ledger_stage(shelf.ledger, "writer", "flow", 0, -4, 4);
	write_accounts(&shelf);
	commit(&shelf);
	assert_answer(shelf.directory, 1,
		      "SELECT attempted || ' ' || stored || ' ' || excluded FROM stage",
		      "10 6 4");
	close_shelf(&shelf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(losses_add_up_and_keep_their_span),
		cmocka_unit_test(a_segment_has_only_its_own_accounts),
		cmocka_unit_test(what_comes_after_the_last_commit_goes_into_the_next_segment),
		cmocka_unit_test(a_transaction_that_failed_is_written_again),
		cmocka_unit_test(an_amount_can_be_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

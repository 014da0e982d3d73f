/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of replay: the order of rows, the columns that are given, and what is left out.
 */
#include "analyzer/replay.h"
#include "analyzer/sample_test.h"

#include <errno.h>

/* A chunk of sightings at these instants; packet_id is the instant plus id_base. */
static void put_chunk(struct segment_writer *segment, const uint64_t *times, size_t count,
		      uint64_t id_base, const char *direction)
{
	struct batch *batch = batch_new(STREAM_PACKET);

	assert_non_null(batch);
	for (size_t i = 0; i < count; i++) {
		struct packet_row row = {
			.time_ns = SAMPLE_BEGIN_NS + times[i],
			.packet_id = id_base + times[i],
			.network_io_direction = direction,
			.source_address = sample_address("10.0.0.1"),
			.destination_address = sample_address("10.0.0.2"),
			.sampling_rate = 1,
		};

		assert_int_equal(batch_append(batch, &row), 0);
	}
	assert_int_equal(segment_begin(segment), 0);
	assert_int_equal(segment_append(segment, batch, 0), 0);
	assert_int_equal(segment_commit(segment, SAMPLE_BEGIN_NS), 0);
	batch_free(batch);
}

#define PUT(segment, id_base, direction, ...)                                          \
	put_chunk(segment, (const uint64_t[]){__VA_ARGS__},                            \
		  sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), id_base, \
		  direction)

static struct recording *open_recording(const char *directory)
{
	struct recording *recording;
	char *problem = NULL;

	if (recording_open(&directory, 1, &recording, &problem))
		fail_msg("%s", problem);
	return recording;
}

static struct replay *begin(struct recording *recording)
{
	static const char *const names[] = {"packet_id", "network_io_direction",
					    "destination_address"};
	struct replay *replay;

	assert_int_equal(replay_new(recording, "sample", STREAM_PACKET, names, 3, &replay), 0);
	return replay;
}

/* The ids of all rows are these. */
static void expect_ids(struct replay *replay, const uint64_t *ids, size_t count)
{
	struct replay_block block;
	size_t seen = 0;
	int error;

	while (!(error = replay_next(replay, &block))) {
		for (uint32_t i = 0; i < block.count; i++, seen++) {
			assert_true(seen < count);
			assert_int_equal(block.columns[0].integers[i], ids[seen]);
		}
	}
	assert_int_equal(error, -ENODATA);
	assert_int_equal(seen, count);
}

#define EXPECT(replay, ...)                                 \
	expect_ids(replay, (const uint64_t[]){__VA_ARGS__}, \
		   sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void rows_of_overlapping_chunks_come_in_the_order_of_time(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct recording *recording;
	struct replay *replay;

	PUT(segment, 100, "receive", 1, 4, 5, 9);
	PUT(segment, 200, "receive", 2, 3, 5, 6);
	sample_finish(segment);
	segment = sample_begin(directory, 2);
	PUT(segment, 300, "receive", 5, 10, 7); /* not even in order by itself */
	sample_finish(segment);
	recording = open_recording(directory);
	replay = begin(recording);
	EXPECT(replay, 101, 202, 203, 104, 105, 205, 305, 206, 307, 109, 310);
	replay_free(replay);
	recording_close(recording);
	scratch_remove(directory);
}

static void texts_have_the_same_code_in_every_segment(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct recording *recording;
	struct replay_block block;
	struct replay *replay;
	uint64_t transmit;

	PUT(segment, 0, "receive", 1);
	PUT(segment, 0, "transmit", 2);
	sample_finish(segment);
	segment = sample_begin(directory, 2);
	PUT(segment, 0, "transmit", 3);
	PUT(segment, 0, "receive", 4);
	sample_finish(segment);
	recording = open_recording(directory);
	replay = begin(recording);
	transmit = replay_code(replay, "transmit");
	assert_int_equal(replay_next(replay, &block), 0);
	assert_int_equal(block.count, 4);
	for (uint32_t i = 0; i < 4; i++) {
		struct address address = sample_address("10.0.0.2");
		uint64_t code = block.columns[1].integers[i];

		assert_int_equal(code == transmit, i == 1 || i == 2);
		assert_string_equal(replay_text(replay, code),
				    i == 1 || i == 2 ? "transmit" : "receive");
		assert_memory_equal(&block.columns[2].addresses[i], &address, sizeof(address));
	}
	replay_free(replay);
	recording_close(recording);
	scratch_remove(directory);
}

static void a_replay_reads_one_recording_only(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	const char *const names[] = {"packet_id"};
	struct recording *recording;
	struct replay_block block;
	struct replay *replay;

	PUT(segment, 0, "receive", 1);
	sample_finish(segment);
	recording = open_recording(directory);
	assert_int_equal(replay_new(recording, "another", STREAM_PACKET, names, 1, &replay), 0);
	assert_int_equal(replay_next(replay, &block), -ENODATA);
	replay_free(replay);
	recording_close(recording);
	scratch_remove(directory);
}

static void a_damaged_chunk_is_left_out_and_noted(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct recording *recording;
	struct replay *replay;

	PUT(segment, 0, "receive", 1, 2);
	PUT(segment, 0, "receive", 3, 4);
	sample_finish(segment);
	sample_spoil(directory, 1,
		     "UPDATE part SET data = zeroblob(length(data)) "
		     "WHERE chunk_id = (SELECT min(chunk_id) FROM chunk)");
	recording = open_recording(directory);
	replay = begin(recording);
	EXPECT(replay, 3, 4);
	assert_true(sample_has_note(recording, "the 2 rows of that chunk are not used"));
	replay_free(replay);
	recording_close(recording);
	scratch_remove(directory);
}

static void a_column_that_there_is_not_is_refused(void **state)
{
	char *directory = sample_recording(1);
	struct recording *recording = open_recording(directory);
	const char *const names[] = {"packet_colour"};
	struct replay *replay;

	assert_int_equal(replay_new(recording, "sample", STREAM_PACKET, names, 1, &replay),
			 -EINVAL);
	recording_close(recording);
	scratch_remove(directory);
}

/* So many chunks that last as long as all others: too many to be open at once. */
static void where_too_many_chunks_overlap_no_row_is_lost(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct recording *recording;
	struct replay_block block;
	struct replay *replay;

	for (uint64_t i = 0; i < 2 * REPLAY_OVERLAP; i++)
		PUT(segment, 0, "receive", i, 1000 + i);
	sample_finish(segment);
	recording = open_recording(directory);
	replay = begin(recording);
	assert_int_equal(replay_next(replay, &block), 0);
	assert_int_equal(block.count, 4 * REPLAY_OVERLAP);
	assert_int_equal(replay_next(replay, &block), -ENODATA);
	assert_true(sample_has_note(recording, "nearly in order"));
	replay_free(replay);
	recording_close(recording);
	scratch_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_overlapping_chunks_come_in_the_order_of_time),
		cmocka_unit_test(texts_have_the_same_code_in_every_segment),
		cmocka_unit_test(a_replay_reads_one_recording_only),
		cmocka_unit_test(a_damaged_chunk_is_left_out_and_noted),
		cmocka_unit_test(a_column_that_there_is_not_is_refused),
		cmocka_unit_test(where_too_many_chunks_overlap_no_row_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

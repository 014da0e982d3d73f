/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of sealed segments: they hold what the live one did, and no changed bit, cut or failure
 * looks like an answer.
 */
#include "schema/guarded_page.h"
#include "schema/random_test.h"
#include "schema/scratch_test.h"
#include "schema/seal.h"
#include "schema/segment_writer.h"
#include "schema/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <xxhash.h>

static char *directory, *live_path, *sealed_path, *copy_path;

/* Rows of all kinds: numbers, addresses, texts, columns that are empty. */
static void append_rows(struct segment_writer *segment, uint32_t count, uint64_t slice)
{
	struct batch *flows = batch_new(STREAM_FLOW), *processes = batch_new(STREAM_PROCESS);
	char path[64];

	for (uint32_t i = 0; i < count; i++) {
		struct flow_row flow = {
			.flow_id = random_word() >> 1,
			.start_ns = 1000000000ULL * i + random_word() % 1000000000,
			.end_ns = 1000000000ULL * i + 2000000000,
			.source_address = {{0, 0xffffULL << 16 | (random_word() % 500) << 32}},
			.destination_address = {{random_word(), random_word()}},
			.source_port = (uint16_t)random_word(),
			.destination_port = random_word() % 3 ? 443 : 53,
			.network_iana_number = 6,
			.network_transport = "tcp",
			.source_bytes = random_word() % 100000,
			.sampling_rate = 1,
		};
		struct process_row process = {
			.time_ns = 1000000000ULL * i,
			.event_action = "exec",
			.process_entity_id = random_word(),
			.process_executable_path = path,
		};

		snprintf(path, sizeof(path), "/usr/bin/program-%llu",
			 (unsigned long long)(random_word() % 200));
		assert_int_equal(batch_append(flows, &flow), 0);
		assert_int_equal(batch_append(processes, &process), 0);
	}
	assert_int_equal(segment_begin(segment), 0);
	assert_int_equal(segment_append(segment, flows, slice), 0);
	assert_int_equal(segment_append(segment, processes, 0), 0);
	assert_int_equal(segment_commit(segment, 7000000), 0);
	batch_free(flows);
	batch_free(processes);
}

static void write_live(uint32_t chunks, uint32_t rows)
{
	const struct segment_identity identity = {"recording", 1, "test", 1000, 1};
	struct segment_writer *segment;

	assert_int_equal(segment_create(live_path, &identity, &segment), 0);
	for (uint32_t i = 0; i < chunks; i++)
		append_rows(segment, rows, 0);
	assert_int_equal(segment_finish(segment, 8000000), 0);
	segment_close(segment);
}

static void seal(const char *previous, char digest[SEAL_DIGEST_SIZE])
{
	char *problem = NULL;

	if (segment_seal(live_path, sealed_path, previous, digest, &problem))
		fail_msg("%s", problem);
}

/* One digest over every value of every row, in order; texts as texts. */
static int digest_column(struct segment_reader *segment, enum stream_id id,
			 const struct chunk *chunk, unsigned int column, uint64_t *digest)
{
	const struct column *described = &stream_get(id)->columns[column];
	size_t size = described->type == COLUMN_ADDRESS ? 16 : 8;
	static struct address values[BATCH_ROWS];
	int error = segment_column(segment, id, chunk, column, values);

	if (error)
		return error;
	for (uint32_t row = 0; row < chunk->row_count; row++) {
		const void *value = (const char *)values + row * size;
		uint64_t code;

		if (described->type != COLUMN_TEXT) {
			*digest ^= XXH3_64bits_withSeed(value, size,
							column * 31 + digest[1] + row);
			continue;
		}
		memcpy(&code, value, 8);
		if (code && !segment_text(segment, code, NULL))
			return -EBADMSG;
		if (code)
			*digest ^=
				XXH3_64bits_withSeed(segment_text(segment, code, NULL),
						     strlen(segment_text(segment, code, NULL)),
						     column * 31 + digest[1] + row);
	}
	return 0;
}

/* digest[0] of all rows, digest[1] their number. The whole answer, or an error. */
static int digest_rows(const char *path, uint64_t digest[2])
{
	struct segment_reader *segment;
	char *problem = NULL;
	int error = segment_open(path, &segment, &problem);

	free(problem);
	if (error)
		return error;
	digest[0] = digest[1] = 0;
	for (int id = 0; id < STREAM_COUNT && !error; id++) {
		struct chunk *chunks = NULL;
		size_t count = 0;

		error = segment_chunks(segment, id, NULL, 0, &chunks, &count);
		for (size_t i = 0; i < count && !error; i++) {
			for (unsigned int c = 0; c < stream_get(id)->column_count && !error;
			     c++)
				error = digest_column(segment, id, &chunks[i], c, digest);
			digest[1] += chunks[i].row_count;
		}
		if (!error || count)
			free(chunks);
	}
	segment_reader_close(segment);
	return error;
}

static int count_damage(void *context, const struct damage *damage)
{
	assert_non_null(damage->what);
	assert_true(damage->what[0]);
	return 0;
}

static uint64_t damages(const char *path)
{
	struct verify_summary summary;
	char *problem;

	assert_int_equal(segment_verify(path, count_damage, NULL, &summary, &problem), 0);
	return summary.damages;
}

static uint8_t *read_file(const char *path, size_t *size)
{
	int file = open(path, O_RDONLY);
	struct stat status;
	uint8_t *bytes;

	assert_true(file >= 0);
	assert_int_equal(fstat(file, &status), 0);
	*size = (size_t)status.st_size;
	bytes = malloc(*size);
	assert_int_equal(guarded_read(file, bytes, *size, 0), 0);
	close(file);
	return bytes;
}

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
	int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	assert_int_equal(write(file, bytes, size), (ssize_t)size);
	close(file);
}

static void small_chunks_are_merged_and_nothing_is_changed(void **state)
{
	uint64_t before[2], after[2];
	char digest[SEAL_DIGEST_SIZE], named[SEAL_DIGEST_SIZE];
	struct verify_summary summary;
	char *problem;

	write_live(40, 300);
	/* Rows keep their order over chunks, so that the digest differs only in chunk starts.
	 */
	assert_int_equal(digest_rows(live_path, before), 0);
	seal(NULL, digest);
	assert_int_equal(access(live_path, F_OK), -1);
	assert_int_equal(digest_rows(sealed_path, after), 0);
	assert_int_equal(after[1], before[1]);
	assert_answer(directory, 1, "SELECT count(*) FROM chunk", "2");
	assert_answer(directory, 1, "SELECT sum(row_count) FROM chunk", "24000");
	assert_int_equal(segment_verify(sealed_path, count_damage, NULL, &summary, &problem),
			 0);
	assert_int_equal(summary.damages, 0);
	assert_int_equal(summary.rows, 24000);
	assert_true(summary.is_sealed);
	assert_string_equal(summary.sha256, digest);
	assert_int_equal(segment_digest(sealed_path, named), 0);
	assert_string_equal(named, digest);
}

/* Every row of the live segment, one after the other, equals the sealed one's. */
static void rows_come_back_in_order(void **state)
{
	const struct stream *stream = stream_get(STREAM_FLOW);
	unsigned int column = (unsigned int)stream_column(stream, "flow_id");
	static uint64_t before[BATCH_ROWS], after[BATCH_ROWS];
	char digest[SEAL_DIGEST_SIZE];
	uint32_t done[2] = {0, 0};

	write_live(7, 901);
	for (int sealed = 0; sealed < 2; sealed++) {
		struct segment_reader *segment;
		struct chunk *chunks;
		size_t count;
		char *problem;

		if (sealed)
			seal(NULL, digest);
		assert_int_equal(
			segment_open(sealed ? sealed_path : live_path, &segment, &problem), 0);
		assert_int_equal(segment_chunks(segment, STREAM_FLOW, NULL, 0, &chunks, &count),
				 0);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(
				segment_column(segment, STREAM_FLOW, &chunks[i], column,
					       (sealed ? after : before) + done[sealed]),
				0);
			done[sealed] += chunks[i].row_count;
		}
		free(chunks);
		segment_reader_close(segment);
	}
	assert_int_equal(done[0], 7 * 901);
	assert_int_equal(done[1], 7 * 901);
	assert_memory_equal(before, after, 7 * 901 * sizeof(uint64_t));
}

static void provisional_rows_stay_apart(void **state)
{
	const struct segment_identity identity = {"recording", 1, "test", 1000, 1};
	struct segment_writer *segment;
	char digest[SEAL_DIGEST_SIZE];

	assert_int_equal(segment_create(live_path, &identity, &segment), 0);
	append_rows(segment, 10, 0);
	append_rows(segment, 10, 5);
	append_rows(segment, 10, 5);
	segment_close(segment);
	seal(NULL, digest);
	assert_answer(directory, 1,
		      "SELECT group_concat(ifnull(slice, 'none') || ' ' || row_count) FROM"
		      " (SELECT * FROM chunk WHERE stream = 'flow' ORDER BY chunk_id)",
		      "none 10,5 20");
	assert_answer(directory, 1, "SELECT finished_ns IS NULL FROM segment", "1");
}

static size_t chunks_with(struct segment_reader *segment, const char *column, uint64_t half)
{
	struct bound bound = {
		.column = (unsigned int)stream_column(stream_get(STREAM_FLOW), column),
		.low = (int64_t)half,
		.high = (int64_t)half,
		.address = {{0, half}},
	};
	struct chunk *chunks;
	size_t count;

	assert_int_equal(segment_chunks(segment, STREAM_FLOW, &bound, 1, &chunks, &count), 0);
	free(chunks);
	return count;
}

/* Addresses by the exact set, flow ids by the filter, both within the zone map. */
static void what_is_not_there_opens_no_chunk(void **state)
{
	const unsigned int id = 0, source = 3; /* columns */
	static struct address addresses[3000];
	static uint64_t ids[3000];
	struct segment_reader *segment;
	struct chunk *chunks;
	char digest[SEAL_DIGEST_SIZE];
	size_t count, passed = 0;

	write_live(10, 300);
	seal(NULL, digest);
	segment = scratch_segment(directory, 1);
	assert_int_equal(segment_chunks(segment, STREAM_FLOW, NULL, 0, &chunks, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(segment_column(segment, STREAM_FLOW, chunks, id, ids), 0);
	assert_int_equal(segment_column(segment, STREAM_FLOW, chunks, source, addresses), 0);
	for (size_t i = 0; i < 3000; i++) {
		assert_int_equal(chunks_with(segment, "flow_id", ids[i]), 1);
		assert_int_equal(chunks_with(segment, "source_address", addresses[i].half[1]),
				 1);
		passed += chunks_with(segment, "flow_id", ids[i] ^ 1);
	}
	assert_true(passed < 150);
	/* One byte above the five hundred that there are, and one byte below. */
	assert_int_equal(chunks_with(segment, "source_address", 0xffffULL << 16 | 501ULL << 32),
			 0);
	free(chunks);
	segment_reader_close(segment);
}

static void a_seal_names_the_one_before(void **state)
{
	char first[SEAL_DIGEST_SIZE], second[SEAL_DIGEST_SIZE];
	struct verify_summary summary;
	char *problem;

	write_live(1, 10);
	seal(NULL, first);
	assert_int_equal(unlink(sealed_path), 0);
	write_live(1, 10);
	seal(first, second);
	assert_int_equal(segment_verify(sealed_path, count_damage, NULL, &summary, &problem),
			 0);
	assert_string_equal(summary.previous_sha256, first);
	assert_string_equal(summary.sha256, second);
}

static void a_segment_is_sealed_by_one_at_a_time(void **state)
{
	char digest[SEAL_DIGEST_SIZE], *problem = NULL, *sealing = NULL;
	int file;

	write_live(1, 10);
	assert_true(asprintf(&sealing, "%s" SEGMENT_SEALING_SUFFIX, sealed_path) > 0);
	file = open(sealing, O_CREAT | O_RDWR, 0600);
	assert_int_equal(flock(file, LOCK_EX), 0);
	assert_int_equal(segment_seal(live_path, sealed_path, NULL, digest, &problem), -EBUSY);
	assert_non_null(strstr(problem, sealing));
	free(problem);
	close(file);
	/* Now it is a leftover. */
	seal(NULL, digest);
	assert_int_equal(access(sealing, F_OK), -1);
	free(sealing);
}

static void a_sealed_segment_is_not_replaced(void **state)
{
	char first[SEAL_DIGEST_SIZE], second[SEAL_DIGEST_SIZE], *problem = NULL;

	write_live(1, 10);
	seal(NULL, first);
	write_live(1, 20);
	assert_int_equal(segment_seal(live_path, sealed_path, NULL, second, &problem), -EEXIST);
	assert_non_null(strstr(problem, sealed_path));
	free(problem);
	assert_int_equal(access(live_path, F_OK), 0);
	assert_int_equal(segment_digest(sealed_path, second), 0);
	assert_string_equal(first, second);
}

static void damage_is_not_sealed(void **state)
{
	char digest[SEAL_DIGEST_SIZE], *problem = NULL;
	sqlite3 *database;

	write_live(1, 100);
	assert_int_equal(sqlite3_open(live_path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database,
				      "UPDATE part SET checksum = 1 WHERE part_id = 2", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(database);
	assert_int_equal(segment_seal(live_path, sealed_path, NULL, digest, &problem),
			 -EBADMSG);
	assert_non_null(strstr(problem, "chunk 1"));
	free(problem);
	assert_int_equal(access(live_path, F_OK), 0);
	assert_int_equal(access(sealed_path, F_OK), -1);
	assert_int_equal(damages(live_path) > 0, 1);
}

/* How many flips go through the files: all when FLOWTAPE_FLIPS is 0. */
static size_t flip_step(size_t bits)
{
	const char *count = getenv("FLOWTAPE_FLIPS");
	size_t wanted = count ? strtoul(count, NULL, 10) : 400;

	return wanted && wanted < bits ? bits / wanted : 1;
}

static void sealed_file(uint8_t **bytes, size_t *size, uint64_t digest[2])
{
	char name[SEAL_DIGEST_SIZE];

	write_live(5, 900);
	seal(NULL, name);
	assert_int_equal(digest_rows(sealed_path, digest), 0);
	assert_int_equal(damages(sealed_path), 0);
	*bytes = read_file(sealed_path, size);
	assert_true(*size > 200000);
}

/* The sum of a page, against each of its bits: what every way to read a segment rests on. */
static void every_flipped_bit_fails_its_page(void **state)
{
	struct guarded_layout layout;
	uint64_t digest[2];
	uint8_t *bytes;
	size_t size, unnoticed = 0;
	int file;

	sealed_file(&bytes, &size, digest);
	file = open(sealed_path, O_RDONLY);
	assert_int_equal(guarded_layout_read(file, &layout), 0);
	close(file);
	for (uint64_t page = 1; page <= layout.page_count; page++) {
		uint8_t *at = bytes + (page - 1) * layout.page_size;

		for (uint32_t bit = 0; bit < layout.page_size * 8; bit++) {
			at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			unnoticed += guarded_page_checks(at, layout.page_size, page) != 0;
			at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	assert_int_equal(unnoticed, 0);
	free(bytes);
}

/* The same flips through the files, as verify and a query see them. */
static void a_flipped_bit_is_noticed(void **state)
{
	uint64_t expected[2], digest[2];
	uint8_t *bytes, flipped;
	size_t size, step, answered = 0, refused = 0;
	int file;

	sealed_file(&bytes, &size, expected);
	write_file(copy_path, bytes, size);
	file = open(copy_path, O_RDWR);
	step = flip_step(size * 8);
	for (size_t bit = 0; bit < size * 8; bit += step) {
		flipped = bytes[bit / 8] ^ (uint8_t)(1 << bit % 8);
		assert_int_equal(pwrite(file, &flipped, 1, (off_t)(bit / 8)), 1);
		if (!damages(copy_path))
			fail_msg("verify does not notice bit %zu", bit);
		if (digest_rows(copy_path, digest))
			refused++;
		else if (memcmp(digest, expected, sizeof(digest)))
			fail_msg("a query gives wrong rows with bit %zu", bit);
		else
			answered++;
		assert_int_equal(pwrite(file, &bytes[bit / 8], 1, (off_t)(bit / 8)), 1);
	}
	assert_true(refused > answered);
	close(file);
	free(bytes);
}

static void every_cut_is_told(void **state)
{
	uint64_t expected[2], digest[2];
	uint8_t *bytes;
	size_t size, answered = 0;

	sealed_file(&bytes, &size, expected);
	for (size_t cut = 0; cut < size; cut += 512) {
		write_file(copy_path, bytes, cut);
		if (!damages(copy_path))
			fail_msg("verify does not notice a cut at %zu", cut);
		if (digest_rows(copy_path, digest))
			continue;
		answered++;
		if (memcmp(digest, expected, sizeof(digest)))
			fail_msg("a query gives wrong rows of a file cut at %zu", cut);
	}
	/* Only where all pages are there. */
	assert_true(answered <= 2);
	free(bytes);
}

static int fresh(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", SEGMENT_SEALING_SUFFIX};
	const char *const paths[] = {live_path, sealed_path, copy_path};
	char file[PATH_MAX];

	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 4; j++) {
			snprintf(file, sizeof(file), "%s%s", paths[i], suffixes[j]);
			unlink(file);
		}
	return 0;
}

static int setup(void **state)
{
	directory = scratch_make();
	if (asprintf(&live_path, "%s/000001" SEGMENT_LIVE_SUFFIX, directory) < 0 ||
	    asprintf(&sealed_path, "%s/000001" SEGMENT_SUFFIX, directory) < 0 ||
	    asprintf(&copy_path, "%s/copy" SEGMENT_SUFFIX, directory) < 0)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	free(live_path);
	free(sealed_path);
	free(copy_path);
	scratch_remove(directory);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, fresh)

/* Small segments for the fuzzer: FLOWTAPE_SEEDS=testdata/seeds/segment build/schema/seal_test
 */
static void write_seeds(const char *seeds)
{
	static const struct {
		const char *name;
		uint32_t chunks, rows;
		size_t part; /* of 8 that are kept */
	} kinds[] = {{"sealed", 1, 12, 8}, {"empty", 0, 0, 8}, {"cut", 1, 12, 6}};
	char digest[SEAL_DIGEST_SIZE], path[PATH_MAX];

	setup(NULL);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		uint8_t *bytes;
		size_t size;

		write_live(kinds[i].chunks, kinds[i].rows);
		seal(NULL, digest);
		bytes = read_file(sealed_path, &size);
		bytes = realloc(bytes, size + 1);
		memmove(bytes + 1, bytes, size);
		for (int mode = 0; mode < 3; mode += 2) {
			bytes[0] = (uint8_t)mode;
			snprintf(path, sizeof(path), "%s/%s%s", seeds, kinds[i].name,
				 mode ? "_signed_anew" : "");
			write_file(path, bytes, 1 + size * kinds[i].part / 8);
		}
		free(bytes);
		fresh(NULL);
	}
	teardown(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(small_chunks_are_merged_and_nothing_is_changed),
		CASE(rows_come_back_in_order),
		CASE(provisional_rows_stay_apart),
		CASE(what_is_not_there_opens_no_chunk),
		CASE(a_seal_names_the_one_before),
		CASE(a_segment_is_sealed_by_one_at_a_time),
		CASE(a_sealed_segment_is_not_replaced),
		CASE(damage_is_not_sealed),
		CASE(every_flipped_bit_fails_its_page),
		CASE(a_flipped_bit_is_noticed),
		CASE(every_cut_is_told),
	};

	if (getenv("FLOWTAPE_SEEDS")) {
		write_seeds(getenv("FLOWTAPE_SEEDS"));
		return 0;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings of a test's own, made with the segment writer, and questions to them.
 */
#ifndef ANALYZER_SAMPLE_TEST_H
#define ANALYZER_SAMPLE_TEST_H

#include "analyzer/address.h"
#include "analyzer/database.h"
#include "schema/scratch_test.h"
#include "schema/seal.h"
#include "schema/segment_writer.h"

#define SAMPLE_BEGIN_NS 1700000000000000000ULL
#define SECOND_NS	1000000000ULL

static inline char *sample_path(const char *directory, uint32_t sequence)
{
	char *path;

	assert_true(asprintf(&path, "%s/%06u.segment", directory, sequence) > 0);
	return path;
}

static inline struct segment_writer *sample_begin(const char *directory, uint32_t sequence)
{
	struct segment_identity identity = {
		.recording_id = "sample",
		.sequence = sequence,
		.writer = "sample_test",
		.created_ns = SAMPLE_BEGIN_NS + sequence,
		.level = 1,
	};
	struct segment_writer *segment;
	char *path = sample_path(directory, sequence);

	assert_int_equal(segment_create(path, &identity, &segment), 0);
	free(path);
	return segment;
}

static inline struct address sample_address(const char *text)
{
	struct address address;

	assert_int_equal(address_parse(text, &address), 0);
	return address;
}

/*
 * Connection number i: 10.0.0.(i % 5) talks to 10.1.0.1; every 4th over UDP to port 53, the
 * others over TCP to port 443; every 10th is translated. It has i bytes from the source, 2 i
 * back.
 */
static inline struct flow_row sample_flow(uint64_t i)
{
	char source[32], process[32];
	struct flow_row row = {
		.flow_id = i,
		.start_ns = SAMPLE_BEGIN_NS + i * SECOND_NS,
		.end_ns = SAMPLE_BEGIN_NS + i * SECOND_NS + SECOND_NS / 2,
		.destination_address = sample_address("10.1.0.1"),
		.source_port = (uint16_t)(40000 + i % 1000),
		.destination_port = i % 4 ? 443 : 53,
		.network_iana_number = i % 4 ? 6 : 17,
		.network_transport = i % 4 ? "tcp" : "udp",
		.source_packets = 1,
		.source_bytes = i,
		.destination_packets = 2,
		.destination_bytes = 2 * i,
		.connection_state = "SF",
		.flow_end_reason = 3,
		.hop_count = 2,
		.sampling_rate = 1,
	};

	snprintf(source, sizeof(source), "10.0.0.%d", (int)(i % 5));
	row.source_address = sample_address(source);
	if (i % 10 == 0) {
		row.source_nat_address = sample_address("192.0.2.1");
		row.source_nat_port = (uint16_t)(50000 + i % 1000);
	}
	if (i % 3) {
		row.process_entity_id = 7000 + i % 7;
		row.process_pid = (uint32_t)(100 + i % 7);
		snprintf(process, sizeof(process), "worker-%d", (int)(i % 7));
		row.process_executable_name = strdup(process);
		assert_non_null(row.process_executable_name);
	}
	return row;
}

/* Append flows first to last as one chunk. */
static inline void sample_flows(struct segment_writer *segment, uint64_t first, uint64_t last)
{
	struct batch *batch = batch_new(STREAM_FLOW);

	assert_non_null(batch);
	for (uint64_t i = first; i <= last; i++) {
		struct flow_row row = sample_flow(i);

		assert_int_equal(batch_append(batch, &row), 0);
		free((char *)row.process_executable_name);
	}
	assert_int_equal(segment_begin(segment), 0);
	assert_int_equal(segment_append(segment, batch, 0), 0);
	assert_int_equal(segment_commit(segment, SAMPLE_BEGIN_NS + last * SECOND_NS), 0);
	batch_free(batch);
}

/* Append one row of any stream. */
static inline void sample_row(struct segment_writer *segment, enum stream_id stream,
			      const void *row)
{
	struct batch *batch = batch_new(stream);

	assert_non_null(batch);
	assert_int_equal(batch_append(batch, row), 0);
	assert_int_equal(segment_begin(segment), 0);
	assert_int_equal(segment_append(segment, batch, 0), 0);
	assert_int_equal(segment_commit(segment, 0), 0);
	batch_free(batch);
}

static inline void sample_put(struct segment_writer *segment, const char *sql)
{
	assert_int_equal(segment_begin(segment), 0);
	assert_int_equal(segment_put(segment, sql, ""), 0);
	assert_int_equal(segment_commit(segment, 0), 0);
}

static inline void sample_finish(struct segment_writer *segment)
{
	assert_int_equal(segment_finish(segment, SAMPLE_BEGIN_NS + 1000 * SECOND_NS), 0);
	segment_close(segment);
}

/* A recording of one finished segment with flows 1 to count in chunks of 10. */
static inline char *sample_recording(uint64_t count)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);

	for (uint64_t i = 1; i <= count; i += 10)
		sample_flows(segment, i, i + 9 < count ? i + 9 : count);
	sample_finish(segment);
	return directory;
}

/* Seal a finished segment; digest is that of the one before ("": none), and then its own. */
static inline void sample_seal(const char *directory, uint32_t sequence,
			       char digest[SEAL_DIGEST_SIZE])
{
	char *path = sample_path(directory, sequence), *live, *problem = NULL;

	assert_true(asprintf(&live, "%s/%06u" SEGMENT_LIVE_SUFFIX, directory, sequence) > 0);
	assert_int_equal(rename(path, live), 0);
	if (segment_seal(live, path, *digest ? digest : NULL, digest, &problem))
		fail_msg("%s", problem);
	free(live);
	free(path);
}

/* A recording of so many sealed segments of 10 flows each. */
static inline char *sample_sealed_recording(uint32_t segments)
{
	char *directory = scratch_make(), digest[SEAL_DIGEST_SIZE] = "";

	for (uint32_t i = 1; i <= segments; i++) {
		struct segment_writer *segment = sample_begin(directory, i);

		sample_flows(segment, 10 * i - 9, 10 * i);
		sample_put(segment, "INSERT INTO host(host_name) VALUES('sample')");
		sample_finish(segment);
		sample_seal(directory, i, digest);
	}
	return directory;
}

/* Change a segment's file from outside. */
static inline void sample_spoil(const char *directory, uint32_t sequence, const char *sql)
{
	char *path = sample_path(directory, sequence);
	sqlite3 *database;

	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
	free(path);
}

struct sample {
	struct recording *recording;
	sqlite3 *database;
};

static inline struct sample sample_open(const char *directory)
{
	struct sample sample = {0};
	char *problem = NULL;

	if (recording_open(&directory, 1, &sample.recording, &problem) ||
	    database_open(sample.recording, &sample.database, &problem))
		fail_msg("%s", problem);
	return sample;
}

static inline void sample_close(struct sample *sample)
{
	sqlite3_close(sample->database);
	recording_close(sample->recording);
}

/* All rows as "a|b" lines; NULL as nothing. The caller frees it. */
static inline char *sample_rows(sqlite3 *database, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int result, rows = 0;

	assert_non_null(out);
	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL))
		fail_msg("%s: %.400s", sqlite3_errmsg(database), sql);
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		if (rows++)
			putc('\n', out);
		for (int i = 0; i < sqlite3_column_count(statement); i++) {
			const char *value = (const char *)sqlite3_column_text(statement, i);

			fprintf(out, "%s%s", i ? "|" : "", value ? value : "");
		}
	}
	if (result != SQLITE_DONE)
		fail_msg("%s: %.400s", sqlite3_errmsg(database), sql);
	sqlite3_finalize(statement);
	fclose(out);
	return text;
}

static inline void sample_expect(sqlite3 *database, const char *sql, const char *expected)
{
	char *rows = sample_rows(database, sql);

	if (strcmp(rows, expected))
		fail_msg("\n%s\ninstead of\n%s\nfrom\n%.200s", rows, expected, sql);
	free(rows);
}

/* Both statements give the same rows. */
static inline void sample_expect_same(sqlite3 *database, const char *sql, const char *reference)
{
	char *expected = sample_rows(database, reference);

	sample_expect(database, sql, expected);
	free(expected);
}

static inline int sample_has_note(const struct recording *recording, const char *words)
{
	for (size_t i = 0; i < recording_note_count(recording); i++)
		if (strstr(recording_note(recording, i), words))
			return 1;
	return 0;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sightings that a recording lacks.
 */
#include "analyzer/models/losses.h"

#include <stdlib.h>
#include <string.h>

struct span {
	uint64_t first_ns, last_ns, count;
};

struct losses {
	struct span *spans;
	size_t span_count;
	uint64_t count, stored, attempted, excluded;
	int are_all, are_damage;
};

/* A ledger without memory for an account names no stream. */
static const char loss_sql[] =
	"SELECT l.first_ns, l.last_ns, l.count FROM main.segment AS s"
	" JOIN main.loss AS l USING (segment)"
	" WHERE s.recording_id = ?1 AND l.stream IN ('packet', 'any') AND l.count > 0";

static const char stored_sql[] = "SELECT coalesce(sum(z.rows), 0) FROM main.segment AS s"
				 " JOIN main.stream_size AS z USING (segment)"
				 " WHERE s.recording_id = ?1 AND z.stream = 'packet'";

/*
 * To the stage that is first come the most. What a filter left out stands in accounts of its
 * own a second time.
 */
static const char account_sql[] =
	"SELECT sum(a.attempted), iif(a.stage LIKE 'filter:%', 0, sum(a.excluded))"
	" FROM main.segment AS s JOIN main.stage AS a USING (segment)"
	" WHERE s.recording_id = ?1 AND a.stream = 'packet' GROUP BY a.stage";

/* Of a segment that cannot be read, as far as a catalog knows it. */
static const char segment_sql[] = "SELECT first_ns, last_ns, rows FROM main.stream_size"
				  " WHERE segment = ?1 AND stream = 'packet'";

/* Accounts that do not add up, and captures that could not be read to their end. */
static const char doubt_sql[] =
	"SELECT 1 FROM (SELECT segment, stage, 1 AS is_account,"
	" attempted - stored - excluded AS missing FROM main.stage WHERE stream = 'packet'"
	" UNION ALL SELECT segment, stage, 0, -count FROM main.loss WHERE stream = 'packet')"
	" JOIN main.segment AS s USING (segment) WHERE s.recording_id = ?1"
	" GROUP BY stage HAVING max(is_account) AND sum(missing) <> 0 UNION ALL"
	" SELECT 1 FROM main.capture JOIN main.segment AS s USING (segment)"
	" WHERE s.recording_id = ?1 AND problem IS NOT NULL";

static int add_span(struct losses *losses, struct span span)
{
	struct span *spans =
		reallocarray(losses->spans, losses->span_count + 1, sizeof(*spans));

	if (!spans)
		return SQLITE_NOMEM;
	losses->spans = spans;
	spans[losses->span_count++] = span;
	losses->count += span.count;
	return SQLITE_OK;
}

static int take_loss(struct losses *losses, sqlite3_stmt *row)
{
	return add_span(losses, (struct span){
					.first_ns = (uint64_t)sqlite3_column_int64(row, 0),
					.last_ns = (uint64_t)sqlite3_column_int64(row, 1),
					.count = (uint64_t)sqlite3_column_int64(row, 2),
				});
}

static int take_stored(struct losses *losses, sqlite3_stmt *row)
{
	losses->stored = (uint64_t)sqlite3_column_int64(row, 0);
	return SQLITE_OK;
}

static int take_account(struct losses *losses, sqlite3_stmt *row)
{
	uint64_t attempted = (uint64_t)sqlite3_column_int64(row, 0);

	if (attempted > losses->attempted)
		losses->attempted = attempted;
	losses->excluded += (uint64_t)sqlite3_column_int64(row, 1);
	return SQLITE_OK;
}

static int take_doubt(struct losses *losses, sqlite3_stmt *row)
{
	losses->are_all = 0;
	return SQLITE_OK;
}

static int each_row(sqlite3 *database, const char *sql, const char *of,
		    int (*take)(struct losses *losses, sqlite3_stmt *row),
		    struct losses *losses)
{
	sqlite3_stmt *statement;
	int result = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

	if (!result)
		result = sqlite3_bind_text(statement, 1, of, -1, SQLITE_STATIC);
	while (!result && (result = sqlite3_step(statement)) == SQLITE_ROW)
		result = take(losses, statement);
	sqlite3_finalize(statement);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* What replays left out. */
static int add_unread(struct losses *losses, sqlite3 *database,
		      const struct recording *recording, const char *recording_id)
{
	const struct recording_gap *gap;
	int result = SQLITE_OK;

	for (size_t i = 0; !result && (gap = recording_gap(recording, i)); i++) {
		const struct recording_segment *segment =
			recording_segment(recording, gap->segment);
		const struct chunk *chunk = &gap->chunk;

		if (gap->stream != STREAM_PACKET || strcmp(segment->recording_id, recording_id))
			continue;
		losses->are_damage = 1;
		if (chunk->row_count)
			result = add_span(losses, (struct span){chunk->first_ns, chunk->last_ns,
								chunk->row_count});
		else
			result = each_row(database, segment_sql, segment->name, take_loss,
					  losses);
	}
	return result;
}

int losses_read(sqlite3 *database, struct recording *recording, const char *recording_id,
		struct losses **out)
{
	struct losses *losses = calloc(1, sizeof(*losses));
	int result = SQLITE_NOMEM;

	if (!losses)
		return result;
	losses->are_all = 1;
	result = each_row(database, loss_sql, recording_id, take_loss, losses);
	if (!result)
		result = each_row(database, stored_sql, recording_id, take_stored, losses);
	if (!result)
		result = each_row(database, account_sql, recording_id, take_account, losses);
	if (!result)
		result = each_row(database, doubt_sql, recording_id, take_doubt, losses);
	/* From the first stage to the disk nothing may go missing between two accounts. */
	if (!result && losses->attempted &&
	    losses->attempted != losses->stored + losses->excluded + losses->count)
		losses->are_all = 0;
	if (!result)
		result = add_unread(losses, database, recording, recording_id);
	if (result) {
		losses_free(losses);
		return result;
	}
	if (recording_is_partial(recording))
		losses->are_all = 0;
	*out = losses;
	return SQLITE_OK;
}

void losses_free(struct losses *losses)
{
	if (losses)
		free(losses->spans);
	free(losses);
}

uint64_t losses_count(const struct losses *losses)
{
	return losses->count;
}

uint64_t losses_within(const struct losses *losses, uint64_t first_ns, uint64_t last_ns)
{
	uint64_t count = 0;

	for (size_t i = 0; i < losses->span_count; i++)
		if (losses->spans[i].first_ns <= last_ns &&
		    losses->spans[i].last_ns >= first_ns)
			count += losses->spans[i].count;
	return count;
}

int losses_are_all(const struct losses *losses)
{
	return losses->are_all;
}

uint64_t losses_stored(const struct losses *losses)
{
	return losses->stored;
}

uint64_t losses_attempted(const struct losses *losses)
{
	return losses->attempted;
}

int losses_are_damage(const struct losses *losses)
{
	return losses->are_damage;
}

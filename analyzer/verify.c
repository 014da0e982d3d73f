/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowplay verify: checks every byte of recordings, and that their segments follow each other.
 */
#include "analyzer/chain.h"
#include "analyzer/command.h"
#include "analyzer/functions.h"
#include "analyzer/listing.h"
#include "analyzer/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"flowplay verify RECORDING...\n"
	"\n"
	"Reads recordings from the first byte to the last and checks all that can be checked: each\n"
	"page, chunk, column and plain table of each segment; the digest in the last line of a\n"
	"sealed segment; and that no segment between two others is missing or exchanged (each names\n"
	"the digest of the one before it). Each damage is a row: where it is, how many rows of the\n"
	"stream it costs, and their span. A RECORDING is a directory of *.segment files, or one such\n"
	"file; what comes before a file that is given by itself is not checked.\n"
	"\n"
	"A segment that is not sealed yet, because the recorder still runs or was killed, is named.\n"
	"That is no damage, but only the content of its chunks can be checked.\n"
	"\n"
	"  --format FORMAT  text (the default), json, jsonl, csv or markdown\n"
	"  --help           this text\n"
	"\n"
	"Exit status: 0 all is sound; 1 trouble, something could not be checked; 2 damage was\n"
	"found; 64 misuse.\n"
	"\n"
	"Examples:\n"
	"  flowplay verify build/demo\n"
	"  flowplay verify --format json evidence/host-a evidence/host-b\n"
	"  flowplay verify build/demo/000001.segment && echo sound\n";

struct verify {
	sqlite3 *database; /* with the damages, for the renderer */
	sqlite3_stmt *insert;
	struct listing *listings;
	size_t listing_count;
	struct chain_link *links;
	size_t link_count;
	const char *segment; /* the name of the one that is checked */
	struct progress progress;
	uint64_t damages, sealed, size_bytes, chunks, rows;
	int whole_path; /* several paths were given */
	int is_troubled;
};

static const char damage_sql[] =
	"CREATE TABLE damage(segment TEXT, stream TEXT, chunk INTEGER, \"column\" TEXT,"
	" offset INTEGER, rows_lost INTEGER, first TEXT, last TEXT, damage TEXT)";

static int open_damages(struct verify *verify)
{
	int result = sqlite3_open(":memory:", &verify->database);

	if (!result)
		result = sqlite3_exec(verify->database, damage_sql, NULL, NULL, NULL);
	if (!result)
		result = sqlite3_prepare_v2(
			verify->database,
			"INSERT INTO damage VALUES(?1, ?2, nullif(?3, 0), ?4,"
			" CASE WHEN ?5 >= 0 THEN ?5 END, ?6, ?7, ?8, ?9)",
			-1, &verify->insert, NULL);
	return result ? -ENOMEM : 0;
}

static void bind_time(sqlite3_stmt *statement, int i, uint64_t time_ns)
{
	char text[FUNCTIONS_TIME_SIZE];

	sqlite3_bind_null(statement, i);
	if (!time_ns)
		return;
	functions_rfc3339((int64_t)time_ns, 9, text);
	sqlite3_bind_text(statement, i, text, -1, SQLITE_TRANSIENT);
}

static int add_damage(void *context, const struct damage *damage)
{
	struct verify *verify = context;
	sqlite3_stmt *insert = verify->insert;

	sqlite3_bind_text(insert, 1, verify->segment, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 2, damage->stream, -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 3, damage->chunk_id);
	sqlite3_bind_text(insert, 4, damage->column, -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 5, damage->offset);
	sqlite3_bind_int64(insert, 6, (sqlite3_int64)damage->rows_lost);
	bind_time(insert, 7, damage->first_ns);
	bind_time(insert, 8, damage->last_ns);
	sqlite3_bind_text(insert, 9, damage->what, -1, SQLITE_STATIC);
	sqlite3_step(insert);
	verify->damages++;
	return sqlite3_reset(insert) ? -ENOMEM : 0;
}

static int add_break(void *context, const struct chain_link *link, const char *words)
{
	struct verify *verify = context;
	struct damage damage = {.offset = -1, .what = words};

	verify->segment = link->segment;
	return add_damage(verify, &damage);
}

/* --- the files --- */

static int list(struct verify *verify, const char *const *paths, size_t count)
{
	verify->listings = calloc(count, sizeof(*verify->listings));
	if (!verify->listings)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct listing *listing = &verify->listings[verify->listing_count];
		char *problem;
		int error = listing_make(paths[i], listing, &problem);

		if (error == -ENOMEM)
			return error;
		if (error) {
			command_say("%s", problem ? problem : strerror(-error));
			free(problem);
			verify->is_troubled = 1;
			continue;
		}
		verify->listing_count++;
		verify->link_count += listing->count;
		for (size_t j = 0; j < listing->count; j++)
			verify->progress.total += (uint64_t)listing->files[j].status.st_size;
	}
	verify->links = calloc(verify->link_count + 1, sizeof(*verify->links));
	return verify->links ? 0 : -ENOMEM;
}

static void add_up(struct verify *verify, const struct verify_summary *summary)
{
	verify->sealed += summary->is_sealed != 0;
	verify->size_bytes += summary->size_bytes;
	verify->chunks += summary->chunks;
	verify->rows += summary->rows;
}

static int check_file(struct verify *verify, const struct listing *listing,
		      struct listing_file *file, struct chain_link *link)
{
	char *problem = NULL;
	int error;

	/* The recorder may have sealed it in the meantime. */
	if (listing_is_live(file->name) && access(file->path, F_OK))
		listing_follow(file);
	link->segment = verify->whole_path ? file->path : file->name;
	link->directory = listing->directory;
	verify->segment = link->segment;
	error = segment_verify(file->path, add_damage, verify, &link->summary, &problem);
	link->number =
		*link->summary.recording_id ? link->summary.sequence : chain_number(file->name);
	if (error == -ENOMEM)
		return error;
	progress_clear(&verify->progress);
	if (error) {
		command_say("%s", problem ? problem : strerror(-error));
		verify->is_troubled = 1;
	} else if (!link->summary.is_sealed && *link->summary.recording_id) {
		command_say("%s: not sealed: no digest", file->path);
	}
	free(problem);
	add_up(verify, &link->summary);
	return 0;
}

static int check_files(struct verify *verify)
{
	struct chain_link *link = verify->links;
	uint64_t done = 0;
	int error = 0;

	for (size_t i = 0; i < verify->listing_count && !error; i++) {
		struct listing *listing = &verify->listings[i];

		for (size_t j = 0; j < listing->count && !error; j++) {
			progress_show(&verify->progress, done);
			error = check_file(verify, listing, &listing->files[j], link++);
			done += (uint64_t)listing->files[j].status.st_size;
		}
	}
	progress_clear(&verify->progress);
	return error;
}

/* Of each directory, what came before the first segment is not here to be checked. */
static void tell_begins(const struct verify *verify)
{
	for (size_t i = 0; i < verify->link_count; i++) {
		const struct chain_link *link = &verify->links[i];
		const char *id = link->summary.recording_id;

		if (*id && link->directory && link->number > 1 &&
		    (!i || strcmp(id, link[-1].summary.recording_id)))
			command_say("%s: number %" PRIu32 " is the first one that is here",
				    link->segment, link->number);
	}
}

/* --- what is said --- */

static int print_damages(struct verify *verify, struct render *render)
{
	sqlite3_stmt *rows;
	int result;

	if (!verify->damages && render_is_prose(render))
		return 0;
	result = sqlite3_prepare_v2(verify->database, "SELECT * FROM damage ORDER BY rowid", -1,
				    &rows, NULL);
	if (!result)
		result = render_statement(render, rows);
	sqlite3_finalize(rows);
	return result ? -ENOMEM : 0;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_summary(const struct verify *verify, struct render *render)
{
	int is_prose = render_is_prose(render);
	FILE *out = is_prose ? render->out : stderr;

	if (!is_prose)
		fputs("flowplay: ", out);
	else if (verify->damages)
		putc('\n', out);
	fprintf(out,
		"%zu segment%s, %" PRIu64 " sealed; %" PRIu64 " bytes, %" PRIu64
		" chunk%s, %" PRIu64 " row%s checked: ",
		verify->link_count, plural(verify->link_count), verify->sealed,
		verify->size_bytes, verify->chunks, plural(verify->chunks), verify->rows,
		plural(verify->rows));
	if (verify->damages)
		fprintf(out, "%" PRIu64 " damage%s\n", verify->damages,
			plural(verify->damages));
	else
		fputs(verify->is_troubled ? "not all could be checked\n" : "sound\n", out);
}

static int check(struct command_line *line)
{
	struct verify verify = {
		.progress = {.what = "verify", .unit = "MB", .scale = 1e6},
		.whole_path = line->word_count > 1,
	};
	int status = COMMAND_TROUBLE, error = open_damages(&verify);

	if (!error)
		error = list(&verify, line->words, line->word_count);
	if (!error)
		error = check_files(&verify);
	if (!error)
		error = chain_check(verify.links, verify.link_count, add_break, &verify);
	if (!error)
		tell_begins(&verify);
	if (!error && verify.link_count)
		error = print_damages(&verify, &line->render);
	if (error)
		command_say("%s", strerror(-error));
	else if (verify.link_count)
		print_summary(&verify, &line->render);
	if (!error && verify.damages)
		status = COMMAND_BAD_NEWS;
	else if (!error && !verify.is_troubled)
		status = COMMAND_WHOLE;
	sqlite3_finalize(verify.insert);
	sqlite3_close(verify.database);
	for (size_t i = 0; i < verify.listing_count; i++)
		listing_free(&verify.listings[i]);
	free(verify.listings);
	free(verify.links);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_line line;
	int status = command_parse(command, argc, argv, &line);

	if (status < 0 && !line.word_count)
		status = command_misuse(command, "no recording is named");
	if (status < 0)
		status = check(&line);
	free(line.words);
	return status;
}

const struct command verify_command = {
	.name = "verify",
	.summary = "check every byte: 0 sound, 2 damaged",
	.help = help,
	.run = run,
};

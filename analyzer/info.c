/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowplay info: what is in a recording, whose it is, when it was made, how complete it is.
 */
#include "analyzer/command.h"

#include <errno.h>
#include <stdlib.h>

static const char help[] =
	"flowplay info RECORDING...\n"
	"\n"
	"Says what is in recordings: host, recorder, segments, span, streams, imported captures,\n"
	"probes, losses. A RECORDING is a directory of *.segment files, or one such file.\n"
	"\n"
	"  --format FORMAT  text (the default), json (one object with a key for each section),\n"
	"                   jsonl and csv (a row names its section), or markdown\n"
	"  --help           this text\n"
	"\n"
	"Examples:\n"
	"  flowplay info build/demo\n"
	"  flowplay info --format json build/demo | jq .streams\n";

static const struct section {
	const char *name;
	int upright;
	const char *only_if; /* a query: show the section when it gives a row; NULL: always */
	const char *sql;
} sections[] = {
	{"recording", 1, NULL,
	 "SELECT s.recording_id, h.host_name, h.machine_id, h.boot_id, h.kernel_release,"
	 " h.architecture, h.cpu_count, h.cpu_model, h.cpu_governor, h.command_line, s.writer, count(*) AS segments,"
	 " sum(s.finished_ns IS NULL) AS unfinished_segments,"
	 " rfc3339(min(z.first_ns)) AS first, rfc3339(max(z.last_ns)) AS last,"
	 " round((max(z.last_ns) - min(z.first_ns)) / 1e9, 3) AS seconds,"
	 " sum(f.size_bytes) AS size_bytes"
	 " FROM segment AS s JOIN segment_file AS f USING (segment)"
	 " LEFT JOIN (SELECT * FROM host GROUP BY segment) AS h USING (segment)"
	 " LEFT JOIN (SELECT segment, min(first_ns) AS first_ns, max(last_ns) AS last_ns"
	 " FROM stream_size GROUP BY segment) AS z USING (segment)"
	 " GROUP BY s.recording_id ORDER BY min(z.first_ns)"},
	{"streams", 0, NULL,
	 "SELECT stream, sum(rows) AS rows, sum(bytes) AS bytes,"
	 " round(sum(bytes) * 1.0 / sum(rows), 2) AS bytes_per_row,"
	 " rfc3339(min(first_ns)) AS first, rfc3339(max(last_ns)) AS last"
	 " FROM stream_size GROUP BY stream ORDER BY stream"},
	{"segments", 0, NULL,
	 "SELECT s.segment, s.sequence, s.format_major || '.' || s.format_minor AS format,"
	 " rfc3339(s.created_ns) AS created, rfc3339(s.covered_ns) AS covered,"
	 " CASE WHEN s.finished_ns IS NULL THEN 'no' ELSE 'yes' END AS finished, f.size_bytes"
	 " FROM segment AS s JOIN segment_file AS f USING (segment)"
	 " ORDER BY s.recording_id, s.sequence, s.created_ns"},
	{"captures", 0, "SELECT 1 FROM capture",
	 "SELECT path, size_bytes, link_type, packets, counted, not_ip, truncated, malformed,"
	 " unknown_link_type, rfc3339(first_ns) AS first, rfc3339(last_ns) AS last, problem"
	 " FROM capture ORDER BY segment, capture_id"},
	{"probes", 0, "SELECT 1 FROM probe",
	 "SELECT DISTINCT feature, variant, CASE WHEN chosen THEN 'yes' ELSE 'no' END AS chosen,"
	 " explanation FROM probe ORDER BY feature, chosen DESC"},
	{"losses", 0, "SELECT 1 FROM loss WHERE count > 0",
	 "SELECT stage, stream, reason, sum(count) AS count, rfc3339(min(first_ns)) AS first,"
	 " rfc3339(max(last_ns)) AS last FROM loss GROUP BY stage, stream, reason"
	 " HAVING sum(count) > 0 ORDER BY sum(count) DESC"},
};

/* Whether a query gives a row: 1, 0, or -EIO. */
static int has_rows(sqlite3 *database, const char *sql)
{
	sqlite3_stmt *statement;
	int result;

	if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL))
		return -EIO;
	result = sqlite3_step(statement);
	sqlite3_finalize(statement);
	return result == SQLITE_ROW ? 1 : result == SQLITE_DONE ? 0 : -EIO;
}

static int print_section(sqlite3 *database, struct render *render,
			 const struct section *section)
{
	sqlite3_stmt *statement;
	int is_wanted = section->only_if ? has_rows(database, section->only_if) : 1, result;

	if (is_wanted <= 0)
		return is_wanted;
	result = sqlite3_prepare_v2(database, section->sql, -1, &statement, NULL);
	if (!result)
		result = render_section(render, statement,
					&(struct render_section){.name = section->name,
								 .is_upright =
									 section->upright});
	sqlite3_finalize(statement);
	return result ? -EIO : 0;
}

static int print(struct command_session *session, struct render *render)
{
	render->sections = 1;
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (print_section(session->database, render, &sections[i])) {
			command_say("%s: %s", sections[i].name,
				    sqlite3_errmsg(session->database));
			return COMMAND_TROUBLE;
		}
	}
	render_end(render);
	return command_finish(session, render, 0);
}

static int run(const struct command *command, int argc, char **argv)
{
	struct command_session session;
	struct command_line line;
	int status = command_parse(command, argc, argv, &line);

	if (status < 0 && !line.word_count)
		status = command_misuse(command, "no recording is named");
	if (status < 0)
		status = command_open(&session, line.words, line.word_count);
	if (status < 0) {
		status = print(&session, &line.render);
		command_close(&session);
	}
	free(line.words);
	return status;
}

const struct command info_command = {
	.name = "info",
	.summary = "what is in a recording, whose, when, how complete",
	.help = help,
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowplay export: recordings in formats that other tools read.
 *
 * The file is written under a second name and gets its own when it is whole.
 */
#include "analyzer/export.h"
#include "analyzer/command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
	"flowplay export --to FORMAT -o FILE RECORDING...\n"
	"\n"
	"Writes recordings to a new file that other tools can read. A RECORDING is a directory of\n"
	"*.segment files, or one such file. FILE must not be there yet; it appears when it is whole,\n"
	"readable by its owner only.\n"
	"\n"
	"  sqlite  an SQLite database: a table for each stream (flow, hop, nat, conntrack_rate,\n"
	"          process, cost), with addresses and texts as text and an index for each time,\n"
	"          address, port, and id of a flow or process; the plain tables of segments;\n"
	"          stream_column says what each column means; note says what is missing\n"
	"\n"
	"  --to FORMAT        sqlite\n"
	"  -o, --output FILE  the new file\n"
	"  --help             this text\n"
	"\n"
	"Exit status: 0 all is in the file; 1 trouble, no file; 3 what could be read is in the\n"
	"file, standard error and table note say what could not; 64 misuse.\n"
	"\n"
	"Examples:\n"
	"  flowplay export --to sqlite -o demo.sqlite build/demo\n"
	"  sqlite3 demo.sqlite 'SELECT * FROM flow ORDER BY source_bytes DESC LIMIT 10'\n"
	"  flowplay export --to sqlite -o fleet.sqlite host-a host-b\n";

static const struct export_format *const formats[] = {&export_sqlite};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal)
{
	is_interrupted = 1;
}

static int check_interrupt(void *unused)
{
	return is_interrupted;
}

/* From now on, a signal ends the work and not the program, so that no file is left behind. */
static void catch_signals(sqlite3 *database)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = interrupt};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	sqlite3_progress_handler(database, 10000, check_interrupt, NULL);
}

static const struct export_format *find(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

/* Give the file its name, unless something else has it. */
static int publish(const char *temporary, const char *path)
{
	struct stat status;

	if (!renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* A file system that cannot refuse by itself. */
	if (!lstat(path, &status))
		return -EEXIST;
	return rename(temporary, path) ? -errno : 0;
}

static int write_file(const struct export_format *format, struct export_job *job,
		      const char *path, char **problem)
{
	char *temporary;
	int file, error;

	/* Never the begin of a URI. */
	if (asprintf(&temporary, "%s%s.XXXXXX", *path == '/' ? "" : "./", path) < 0)
		return -ENOMEM;
	file = mkostemp(temporary, O_CLOEXEC);
	if (file < 0) {
		error = -errno;
		free(temporary);
		return error;
	}
	job->path = temporary;
	error = format->write(job, problem);
	progress_clear(&job->progress);
	if (!error && fsync(file))
		error = -errno;
	if (!error)
		error = publish(temporary, path);
	if (error)
		unlink(temporary);
	close(file);
	free(temporary);
	return error;
}

static int export(struct command_session *session, const struct export_format *format,
		  const char *path, struct render *render)
{
	struct export_job job = {
		.recording = session->recording,
		.database = session->database,
		.progress = {.what = "export"},
	};
	char *problem = NULL;
	int error;

	catch_signals(session->database);
	error = write_file(format, &job, path, &problem);
	sqlite3_progress_handler(session->database, 0, NULL, NULL);
	if (error) {
		command_tell(session);
		command_say("%s: %s%s%s", path,
			    error == -EINTR ? "interrupted" : strerror(-error),
			    problem && error != -EINTR ? ": " : "",
			    problem && error != -EINTR ? problem : "");
		free(problem);
		return COMMAND_TROUBLE;
	}
	free(problem);
	printf("%" PRIu64 " rows in %u tables\n", job.rows, job.tables);
	return command_finish(session, render, 1);
}

static int check_words(const struct command *command, const struct command_line *line,
		       const char *to, const char *path)
{
	struct stat status;

	if (!to)
		return command_misuse(command, "which format? --to sqlite");
	if (!find(to))
		return command_misuse(command, "unknown format '%s'; sqlite", to);
	if (!path || !*path)
		return command_misuse(command, "which file? -o FILE");
	if (!line->word_count)
		return command_misuse(command, "no recording is named");
	if (!lstat(path, &status)) {
		command_say("%s: is there already; expected the name of a new file", path);
		return COMMAND_TROUBLE;
	}
	return -1;
}

static int run(const struct command *command, int argc, char **argv)
{
	const char *to = NULL, *path = NULL;
	const struct command_option options[] = {
		{.name = "--to", .value = &to},
		{.name = "--output", .letter = "-o", .value = &path},
		{0},
	};
	struct command_session session;
	struct command_line line;
	int status = command_parse_options(command, argc, argv, &line, options);

	if (status < 0)
		status = check_words(command, &line, to, path);
	if (status < 0)
		status = command_open(&session, line.words, line.word_count);
	if (status < 0) {
		status = export(&session, find(to), path, &line.render);
		command_close(&session);
	}
	free(line.words);
	return status;
}

const struct command export_command = {
	.name = "export",
	.summary = "write what other tools read: sqlite",
	.help = help,
	.run = run,
};

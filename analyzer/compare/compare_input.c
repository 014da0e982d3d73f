/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one side of a comparison is read from: recordings, result files, or directories of
 * result files.
 */
#include "analyzer/compare/compare_input.h"
#include "analyzer/command.h"
#include "analyzer/listing.h"
#include "analyzer/compare/metric_file.h"
#include "analyzer/compare/metric_query.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MOST (64U << 20)

char *compare_input_file(const char *path, size_t *size)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
	char *text = NULL, *larger;
	size_t room = 1 << 16;

	*size = 0;
	while (file && (larger = realloc(text, room + 1))) {
		text = larger;
		*size += fread(text + *size, 1, room - *size, file);
		if (*size < room || room > FILE_MOST)
			break;
		room *= 2;
	}
	if (!file || !text || ferror(file) || *size > FILE_MOST) {
		command_say("%s: %s", path,
			    *size > FILE_MOST ? "expected a file of at most 64 MiB"
					      : strerror(errno ? errno : EIO));
		free(text);
		text = NULL;
	} else {
		text[*size] = 0;
	}
	if (file)
		fclose(file);
	else if (descriptor >= 0)
		close(descriptor);
	return text;
}

static int read_file(struct compare_input *input, enum metric_side side, const char *path)
{
	char *problem = NULL, *text;
	size_t size;
	int error;

	input->metrics.source++;
	text = compare_input_file(path, &size);
	if (!text)
		return COMMAND_TROUBLE;
	error = metric_file_read(text, size, &input->metrics, side, &problem);
	if (error)
		command_say("%s: %s", path, problem ? problem : "out of memory");
	free(problem);
	free(text);
	return error ? COMMAND_TROUBLE : -1;
}

static int read_recording(struct compare_input *input, enum metric_side side, const char *path)
{
	struct command_session session;
	struct metric_choice choice = {.recipe = input->recipe, .arm = input->arms[side]};
	char *problem = NULL;
	int status = command_open(&session, &path, 1), error;

	input->metrics.source++;
	if (status >= 0)
		return status;
	error = metric_query(session.database, input->sql, &choice, &input->metrics, side,
			     &problem);
	if (error)
		command_say("%s: metrics %s: %s", path, input->sql_name,
			    problem ? problem : "out of memory");
	free(problem);
	command_tell(&session);
	input->is_partial |= recording_is_partial(session.recording) || session.lacks_answers;
	command_close(&session);
	return error ? COMMAND_TROUBLE : -1;
}

static int is_wanted(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In order of their names, so that the same directory gives the same samples. */
static int read_results(struct compare_input *input, enum metric_side side, const char *path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_wanted, alphasort), status = -1, files = 0;

	if (count < 0) {
		command_say("%s: %s", path, strerror(errno));
		return COMMAND_TROUBLE;
	}
	for (int i = 0; i < count; i++) {
		struct stat state;
		char *file;

		if (status < 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0) {
			status = COMMAND_TROUBLE;
		} else if (status < 0) {
			if (!stat(file, &state) && S_ISREG(state.st_mode)) {
				files++;
				status = read_file(input, side, file);
			}
			free(file);
		}
		free(entries[i]);
	}
	free(entries);
	if (status < 0 && !files) {
		command_say("%s: expected a recording, or result files in it", path);
		status = COMMAND_TROUBLE;
	}
	return status;
}

static int is_segment(const char *path)
{
	static const char end[] = ".segment";
	size_t size = strlen(path);

	return size >= sizeof(end) && !strcmp(path + size - sizeof(end) + 1, end);
}

int compare_input_read(struct compare_input *input, enum metric_side side, const char *path)
{
	struct listing listing;
	char *problem = NULL;
	struct stat state;
	int error;

	if (stat(path, &state)) {
		command_say("%s: %s", path, strerror(errno));
		return COMMAND_TROUBLE;
	}
	if (!S_ISDIR(state.st_mode))
		return is_segment(path) ? read_recording(input, side, path)
					: read_file(input, side, path);
	error = listing_make(path, &listing, &problem);
	free(problem);
	if (!error)
		listing_free(&listing);
	return error == -ENOENT ? read_results(input, side, path)
				: read_recording(input, side, path);
}

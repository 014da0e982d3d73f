/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds every file that it is given, and every file of every directory, to a fuzz target: the
 * plain build's way to run a fuzzer's seeds as an ordinary test.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, room = 0, got;

	if (!file)
		goto fail;
	do {
		if (size == room) {
			uint8_t *grown = realloc(data, room = room ? room * 2 : 4096);

			if (!grown)
				goto fail;
			data = grown;
		}
		got = fread(data + size, 1, room - size, file);
		size += got;
	} while (got > 0);
	if (ferror(file))
		goto fail;
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
fail:
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (file)
		fclose(file);
	free(data);
	return -1;
}

static long replay_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	long count = 0;

	if (!directory) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while (count >= 0 && (entry = readdir(directory))) {
		char file[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		count = replay_file(file) ? -1 : count + 1;
	}
	closedir(directory);
	return count;
}

int main(int argc, char **argv)
{
	long count = 0;

	for (int i = 1; i < argc; i++) {
		struct stat status;
		long added = 1;

		if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode))
			added = replay_directory(argv[i]);
		else if (replay_file(argv[i]))
			added = -1;
		if (added < 0)
			return 1;
		count += added;
	}
	printf("%ld inputs replayed\n", count);
	return count > 0 ? 0 : 1;
}

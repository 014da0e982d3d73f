/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process executes.
 */
#include "recorder/image.h"
#include "recorder/command_line.h"
#include "recorder/utf8.h"

#include <stdlib.h>
#include <string.h>

/* The last part of a path, if it begins with what the kernel kept of a name. */
static const char *find_name(const char *path, size_t size,
			     const char command[IMAGE_COMMAND_SIZE], size_t *name_size)
{
	size_t length = strnlen(path, size), kept = strnlen(command, IMAGE_COMMAND_SIZE);
	const char *slash = memrchr(path, '/', length), *base = slash ? slash + 1 : path;

	*name_size = (size_t)(path + length - base);
	return *name_size >= kept && !memcmp(base, command, kept) ? base : NULL;
}

/*
 * The kernel cuts names at 15 bytes. The whole name is in the path or in one of the first two
 * arguments (an interpreter and its script).
 */
static char *whole_name(const char command[IMAGE_COMMAND_SIZE], const struct exec_event *exec)
{
	static const char deleted[] = " (deleted)"; /* /proc's word for a file that is gone */
	size_t size = strnlen(command, IMAGE_COMMAND_SIZE), at = 0, name_size;
	const char *name, *end;

	if (!size)
		return NULL;
	if (size < IMAGE_COMMAND_SIZE - 1 || !exec)
		return utf8_escape(command, size);
	name = find_name(exec->path, exec->path_size, command, &name_size);
	end = name ? memmem(name, name_size, deleted, strlen(deleted)) : NULL;
	if (end)
		name_size = (size_t)(end - name);
	for (int i = 0; i < 2 && !name && at < exec->arguments_size; i++) {
		name = find_name(exec->arguments + at, exec->arguments_size - at, command,
				 &name_size);
		/* Not more of a title that a process wrote over its arguments. */
		end = name ? memchr(name, ' ', name_size) : NULL;
		if (end)
			name_size = (size_t)(end - name);
		at += strnlen(exec->arguments + at, exec->arguments_size - at) + 1;
	}
	return name && name_size >= size ? utf8_escape(name, name_size)
					 : utf8_escape(command, size);
}

/*
 * The path that was executed; where that is relative, and not a script's, the one of the file.
 * The latter stands at the end of its field.
 */
static char *whole_path(const struct exec_event *exec)
{
	const char *file = exec->file + EXEC_PATH_SIZE - exec->file_size;
	size_t path_size = strnlen(exec->path, exec->path_size), name_size;
	const char *slash = memrchr(exec->path, '/', path_size);
	const char *name = slash ? slash + 1 : exec->path;

	if (!path_size)
		return NULL;
	name_size = (size_t)(exec->path + path_size - name);
	if (exec->path[0] != '/' && exec->file_size > name_size + 1 &&
	    exec->file[EXEC_PATH_SIZE - 2 - name_size] == '/' &&
	    !memcmp(exec->file + EXEC_PATH_SIZE - 1 - name_size, name, name_size))
		return utf8_escape(file, exec->file_size);
	return utf8_escape(exec->path, path_size);
}

struct image *image_new(const char command[IMAGE_COMMAND_SIZE], const struct exec_event *exec,
			enum command_line_policy policy)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return NULL;
	image->users = 1;
	image->name = whole_name(command, exec);
	if (exec) {
		image->file = exec->process.executable;
		image->path = whole_path(exec);
	}
	if (exec && exec->arguments_size && policy != COMMAND_LINE_OFF)
		image->command_line =
			command_line_format(exec->arguments, exec->arguments_size,
					    policy == COMMAND_LINE_REDACTED,
					    exec->arguments_total > exec->arguments_size);
	return image;
}

struct image *image_share(struct image *image)
{
	image->users++;
	return image;
}

void image_release(struct image *image)
{
	if (!image || --image->users)
		return;
	free(image->name);
	free(image->path);
	free(image->command_line);
	free(image->build_id);
	free(image);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts that this process sees, see proc_pid_mountinfo(5).
 */
#include "recorder/mountinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_octal(char digit)
{
	return digit >= '0' && digit <= '7';
}

/* Space, tab, newline and backslash are written as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) &&
		    is_octal(text[3])) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = 0;
}

int mountinfo_has_option(const char *options, const char *name)
{
	size_t size = strlen(name);

	for (const char *at = options; (at = strstr(at, name)); at += size) {
		if ((at == options || at[-1] == ',') && (!at[size] || at[size] == ','))
			return 1;
	}
	return 0;
}

static int parse(char *line, struct mount_line *mount)
{
	char *rest = line, *root, *mount_point;

	line[strcspn(line, "\n")] = 0;
	for (int i = 0; i < 3; i++)
		strsep(&rest, " ");
	root = strsep(&rest, " ");
	mount_point = strsep(&rest, " ");
	if (!rest || !(rest = strstr(rest, "- ")))
		return -EINVAL;
	rest += 2;
	mount->type = strsep(&rest, " ");
	strsep(&rest, " ");
	mount->options = strsep(&rest, " ");
	if (!mount->options)
		return -EINVAL;
	unescape(root);
	unescape(mount_point);
	mount->root = root;
	mount->mount_point = mount_point;
	return 0;
}

int mountinfo_each(int (*each)(const struct mount_line *mount, void *context), void *context)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	struct mount_line mount;
	char *line = NULL;
	size_t size = 0;
	int result = 0;

	if (!file)
		return -errno;
	while (!result && getline(&line, &size, file) > 0)
		if (!parse(line, &mount))
			result = each(&mount, context);
	free(line);
	fclose(file);
	return result;
}

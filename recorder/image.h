/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process executes: shared by all that execute the same since they were forked.
 */
#ifndef RECORDER_IMAGE_H
#define RECORDER_IMAGE_H

#include "schema/event.h"

#include <stdint.h>

#define IMAGE_COMMAND_SIZE 16

enum command_line_policy {
	COMMAND_LINE_REDACTED, /* the values of what looks secret are masked */
	COMMAND_LINE_FULL,
	COMMAND_LINE_OFF,
};

struct image {
	uint32_t users;
	char *name, *path, *command_line; /* NULL: not known */
	struct file_identity file;	  /* inode 0: not known */
	char *build_id;			  /* NULL: not known yet */
};

/* exec: NULL when only the kernel's name of it is known. NULL when memory is short. */
struct image *image_new(const char command[IMAGE_COMMAND_SIZE], const struct exec_event *exec,
			enum command_line_policy policy);

/* One more user; each releases it. NULL may be released. */
struct image *image_share(struct image *image);
void image_release(struct image *image);

#endif

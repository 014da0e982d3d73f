/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that a process executes, found again in user space, also when the process has ended.
 */
#ifndef RECORDER_EXECUTABLE_H
#define RECORDER_EXECUTABLE_H

#include "schema/event.h"

#define EXECUTABLE_NEIGHBOURS 2

struct executable {
	struct file_identity identity; /* what the kernel said: nothing else is taken for it */
	__u32 pid;
	__u32 neighbours[EXECUTABLE_NEIGHBOURS]; /* who may see the same files; 0: nobody */
	char path[EXEC_PATH_SIZE];		 /* in its mount namespace; "": not known */
};

/*
 * Open it for reading: through the process while it lives, else by its path as a neighbour sees
 * it, else as this process sees it. May block for as long as a file system does. Returns a
 * descriptor that the caller closes, or -ENOENT.
 */
int executable_open(const struct executable *executable);

#endif

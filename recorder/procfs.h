/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc says of a process, made sure that it is that process and not a later one of its
 * pid.
 */
#ifndef RECORDER_PROCFS_H
#define RECORDER_PROCFS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Whether the process of that pid began at that boot time (to the resolution of /proc). Returns
 * 1 and fills command, its name up to 15 bytes, when that is not NULL; or 0.
 */
int procfs_is(uint32_t pid, uint64_t start_ns, char command[16]);

/* Whether pids in /proc are those of the whole host. */
int procfs_is_of_host(void);

/* The inode number of the mount namespace of this process, 0 when it is not known. */
uint32_t procfs_mount_namespace(void);

/* Up to size bytes of what is executed (ended by 0), or of the arguments. Returns bytes, or 0.
 */
size_t procfs_executable(uint32_t pid, char *path, size_t size);
size_t procfs_arguments(uint32_t pid, char *arguments, size_t size);

#endif

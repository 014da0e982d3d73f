/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GNU build id of an executable: which build it is, whatever its name.
 */
#ifndef RECORDER_BUILD_ID_H
#define RECORDER_BUILD_ID_H

#define BUILD_ID_BYTES 64 /* the longest that counts; linkers make 16 or 20 */
#define BUILD_ID_SIZE  (2 * BUILD_ID_BYTES + 1)

/*
 * Read the build id from the notes of an open ELF file, as hexadecimal digits ended by 0. A
 * bounded part of the file is read, by pread only. Returns 0, -ENOENT when it has none,
 * -ENOEXEC when it is no ELF file or contradicts itself, another negative errno.
 */
int build_id_read(int file, char id[BUILD_ID_SIZE]);

#endif

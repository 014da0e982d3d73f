/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seals a segment: from the file that was written while recording to the one that is kept.
 *
 *     000001.live.segment + its journal ── merge, compress ──► 000001.segment
 *
 * Small chunks become full ones, every page gets a checksum, and a line at the end of the file
 * has the SHA-256 of all bytes before it; FORMAT.md has the layout. The new file stands under
 * its name whole or not at all, whenever the machine stops; then the live one is removed.
 */
#ifndef SCHEMA_SEAL_H
#define SCHEMA_SEAL_H

#include <stddef.h>

#define SEGMENT_LIVE_SUFFIX    ".live.segment"
#define SEGMENT_SEALING_SUFFIX ".sealing" /* after the sealed name, while it is being made */
#define SEAL_DIGEST_SIZE       65	  /* SHA-256 in hexadecimal, ended by 0 */

/*
 * Seal the segment at live_path, which nobody writes any more, as sealed_path. previous_sha256
 * is the digest of the sealed segment before it, or NULL when there is none. digest gets this
 * one's.
 *
 * Returns 0; -EBADMSG when something in the live segment is damaged; -ENOSPC; -EEXIST when
 * there is a file at sealed_path; other negative errnos of the file system. After a failure the
 * live file is as it was and nothing new stands at sealed_path; *problem is one line that the
 * caller frees (NULL when memory is short). While it works, it holds flock(2) on the file that
 * it makes: one that can be locked is a leftover.
 */
int segment_seal(const char *live_path, const char *sealed_path, const char *previous_sha256,
		 char digest[SEAL_DIGEST_SIZE], char **problem);

/*
 * The digest that the last line of a sealed segment names; the content is not read.
 * Returns 0, -ENODATA when the file is not sealed, -EBADMSG when the line is damaged, or
 * another negative errno.
 */
int segment_digest(const char *path, char digest[SEAL_DIGEST_SIZE]);

#endif

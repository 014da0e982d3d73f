/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plane: n bytes of one kind, stored as the one byte that they all are, as they are, or
 * compressed by zstd. FORMAT.md has the bytes.
 */
#ifndef SCHEMA_PLANE_H
#define SCHEMA_PLANE_H

#include "schema/bytes.h"

struct plane_coder; /* compression contexts, used again and again */

/* NULL when memory is short. The level is zstd's; 0 for who only reads. */
struct plane_coder *plane_coder_new(int level);
void plane_coder_free(struct plane_coder *coder);

/*
 * Append a plane. Where drifting is set its distribution changes along the way, and it gets a
 * new entropy code every now and then. Returns 0 or -ENOMEM.
 */
int plane_put(struct plane_coder *coder, const uint8_t *plane, size_t size, int drifting,
	      struct bytes *out);

/* Read a plane of exactly that size. Returns 0 or -EBADMSG. */
int plane_get(struct plane_coder *coder, struct reader *reader, uint8_t *plane, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dictionary of strings in memory: every distinct string once, numbered 1, 2, 3... in the
 * order of first sight. Code 0 is "no text".
 */
#ifndef SCHEMA_DICTIONARY_H
#define SCHEMA_DICTIONARY_H

#include <stddef.h>
#include <stdint.h>

struct dictionary;

/* NULL when memory is short. */
struct dictionary *dictionary_new(void);
void dictionary_free(struct dictionary *dictionary);

/* Forget all strings; codes begin at 1 again. */
void dictionary_clear(struct dictionary *dictionary);

/* The code of a text; the bytes are copied. 0 when memory is short. */
uint32_t dictionary_intern(struct dictionary *dictionary, const char *text, size_t size);

/*
 * The text of a code, ended by a 0 byte that size leaves out, or NULL. It stays valid until the
 * next intern or clear.
 */
const char *dictionary_text(const struct dictionary *dictionary, uint32_t code, size_t *size);

uint32_t dictionary_count(const struct dictionary *dictionary);

#endif

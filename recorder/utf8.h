/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that the kernel takes for a name, as text that can be stored: what is no UTF-8 becomes
 * \xNN.
 */
#ifndef RECORDER_UTF8_H
#define RECORDER_UTF8_H

#include <stddef.h>

/* Bytes of the character that text begins with, 0 when it is none (RFC 3629). size is not 0. */
size_t utf8_character(const char *text, size_t size);

/* A copy up to the first 0 byte, at most size bytes of it; NULL when memory is short. */
char *utf8_escape(const char *text, size_t size);

#endif

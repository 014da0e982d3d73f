/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as valid UTF-8 text.
 */
#include "recorder/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_character(const char *text, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)text;
	uint8_t low = 0x80, high = 0xbf; /* what the second byte may be */
	size_t need;

	if (bytes[0] < 0x80)
		return 1;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
		return 0;
	need = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	if (size < need)
		return 0;
	if (bytes[0] == 0xe0)
		low = 0xa0;
	else if (bytes[0] == 0xed)
		high = 0x9f; /* no surrogates */
	else if (bytes[0] == 0xf0)
		low = 0x90;
	else if (bytes[0] == 0xf4)
		high = 0x8f;
	if (bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if (bytes[i] < 0x80 || bytes[i] > 0xbf)
			return 0;
	return need;
}

char *utf8_escape(const char *text, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = strnlen(text, size), step;
	char *out = malloc(4 * used + 1), *to = out;

	if (!out)
		return NULL;
	for (size_t i = 0; i < used; i += step) {
		step = utf8_character(text + i, used - i);
		if (step) {
			to = mempcpy(to, text + i, step);
			continue;
		}
		step = 1;
		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[(uint8_t)text[i] >> 4];
		*to++ = digits[(uint8_t)text[i] & 15];
	}
	*to = 0;
	return out;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process's arguments as one line: plain ones as they are, odd ones in single quotes, those
 * with control characters or bytes that are no UTF-8 as $'...'.
 */
#include "recorder/command_line.h"
#include "recorder/secrets.h"
#include "recorder/utf8.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MASK "***"

enum quoting {
	QUOTE_NONE,
	QUOTE_SINGLE,
	QUOTE_ESCAPED,
};

static int is_plain(char byte)
{
	return isalnum((uint8_t)byte) || (byte && strchr("_@%+=:,./-", byte));
}

static enum quoting choose_quoting(const char *text, const uint8_t *masked, size_t size)
{
	enum quoting quoting = size ? QUOTE_NONE : QUOTE_SINGLE;
	size_t step;

	for (size_t i = 0; i < size; i += step) {
		step = 1;
		if (masked[i])
			continue;
		step = utf8_character(text + i, size - i);
		if (!step || iscntrl((uint8_t)text[i]))
			return QUOTE_ESCAPED;
		if (step == 1 && !is_plain(text[i]))
			quoting = QUOTE_SINGLE;
	}
	return quoting;
}

static void put_escaped(FILE *out, const char *text, size_t step)
{
	static const char names[] = "\aa\bb\tt\nn\vv\ff\rr\\\\''";
	const char *name;

	if (step > 1) {
		fwrite(text, 1, step, out);
		return;
	}
	for (name = names; *name; name += 2) {
		if (*name == *text) {
			fprintf(out, "\\%c", name[1]);
			return;
		}
	}
	if (!step || iscntrl((uint8_t)*text))
		fprintf(out, "\\x%02x", (uint8_t)*text);
	else
		fputc(*text, out);
}

static void put_argument(FILE *out, const char *text, const uint8_t *masked, size_t size)
{
	enum quoting quoting = choose_quoting(text, masked, size);
	size_t step;

	if (quoting == QUOTE_ESCAPED)
		fputc('$', out);
	if (quoting != QUOTE_NONE)
		fputc('\'', out);
	for (size_t i = 0; i < size; i += step ? step : 1) {
		step = 1;
		if (masked[i]) {
			if (!i || !masked[i - 1])
				fputs(MASK, out);
			continue;
		}
		step = utf8_character(text + i, size - i);
		if (quoting == QUOTE_ESCAPED)
			put_escaped(out, text + i, step);
		else if (text[i] == '\'')
			fputs("'\\''", out);
		else
			fwrite(text + i, 1, step, out);
	}
	if (quoting != QUOTE_NONE)
		fputc('\'', out);
}

/* A process that writes its title over its arguments leaves many empty ones behind it. */
static size_t without_padding(const char *arguments, size_t size)
{
	size_t used = size;

	while (used && !arguments[used - 1])
		used--;
	return size - used > 2 ? used + 1 : size;
}

char *command_line_format(const char *arguments, size_t size, int redact, int cut)
{
	uint8_t *masked;
	char *line = NULL;
	size_t line_size, length;
	FILE *out;

	size = without_padding(arguments, size);
	if (!size || (size == 1 && !arguments[0]))
		return NULL;
	masked = calloc(size, 1);
	if (!masked)
		return NULL;
	if (redact)
		secrets_mark(arguments, size, masked);
	out = open_memstream(&line, &line_size);
	if (!out) {
		free(masked);
		return NULL;
	}
	for (size_t i = 0; i < size; i += length + 1) {
		length = strnlen(arguments + i, size - i);
		if (i)
			fputc(' ', out);
		put_argument(out, arguments + i, masked + i, length);
	}
	if (cut)
		fputs(" ...", out);
	free(masked);
	if (fclose(out)) {
		free(line);
		return NULL;
	}
	return line;
}

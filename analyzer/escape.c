/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes texts that attackers may have chosen so that they stay texts.
 */
#include "analyzer/escape.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* The next character; *size is how many bytes it has. -1: one byte that is not UTF-8. */
static int32_t decode(const char *text, size_t left, size_t *size)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length = bytes[0] < 0x80		? 1
			: bytes[0] >> 5 == 0x06 ? 2
			: bytes[0] >> 4 == 0x0e ? 3
			: bytes[0] >> 3 == 0x1e ? 4
						: 0;
	uint32_t value;

	*size = 1;
	if (length == 1)
		return bytes[0];
	if (!length || length > left)
		return -1;
	value = bytes[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if (bytes[i] >> 6 != 2)
			return -1;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || value >> 11 == 0x1b)
		return -1;
	*size = length;
	return (int32_t)value;
}

static int is_control(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Characters without a shape of their own that change how others are shown. */
static int is_hidden(int32_t c)
{
	return c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/* Write a character that must not be sent as it is. Returns the width. */
static size_t show(FILE *out, int32_t c, unsigned char byte)
{
	int width;

	if (c == '\n' || c == '\r' || c == '\t')
		width = fprintf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
	else if (c < 0x80)
		width = fprintf(out, "\\x%02x", byte);
	else
		width = fprintf(out, "\\u{%x}", (unsigned int)c);
	return (size_t)width;
}

/* Write the bytes from *plain up to end as they are; what follows begins at next. */
static void pass(FILE *out, const char *text, size_t *plain, size_t end, size_t next)
{
	if (end > *plain)
		fwrite(text + *plain, 1, end - *plain, out);
	*plain = next;
}

size_t escape_text(FILE *out, const char *text, size_t size)
{
	size_t width = 0, plain = 0, length;

	for (size_t i = 0; i < size; i += length) {
		int32_t c = decode(text + i, size - i, &length);

		if (is_control(c) || is_hidden(c)) {
			pass(out, text, &plain, i, i + length);
			width += show(out, c, (unsigned char)text[i]);
		} else {
			width++;
		}
	}
	pass(out, text, &plain, size, size);
	return width;
}

void escape_json(FILE *out, const char *text, size_t size)
{
	size_t plain = 0, length;

	putc('"', out);
	for (size_t i = 0; i < size; i += length) {
		int32_t c = decode(text + i, size - i, &length);

		if (c >= 0 && c != '"' && c != '\\' && !is_control(c) && !is_hidden(c))
			continue;
		pass(out, text, &plain, i, i + length);
		if (c < 0)
			fputs("\xef\xbf\xbd", out);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else
			fprintf(out, "\\u%04x", (unsigned int)c);
	}
	pass(out, text, &plain, size, size);
	putc('"', out);
}

void escape_csv(FILE *out, const char *text, size_t size)
{
	int formula = size && memchr("=+-@\t\r", text[0], 6);
	int quoted = !size;
	size_t plain = 0, length;

	for (size_t i = 0; i < size && !quoted; i++)
		quoted = memchr(",\"\n\t", text[i], 4) != NULL;
	if (quoted)
		putc('"', out);
	if (formula)
		putc('\'', out);
	for (size_t i = 0; i < size; i += length) {
		int32_t c = decode(text + i, size - i, &length);

		if (c == '"') {
			pass(out, text, &plain, i, i); /* and again with what follows */
			putc('"', out);
		} else if (c != '\n' && c != '\t' && (is_control(c) || is_hidden(c))) {
			pass(out, text, &plain, i, i + length);
			show(out, c, (unsigned char)text[i]);
		}
	}
	pass(out, text, &plain, size, size);
	if (quoted)
		putc('"', out);
}

/* An underscore between letters or digits is no emphasis. */
static int is_inside_word(const char *text, size_t i, size_t size)
{
	return text[i] == '_' && i && i + 1 < size && isalnum((unsigned char)text[i - 1]) &&
	       isalnum((unsigned char)text[i + 1]);
}

static int is_markup(int32_t c)
{
	return c >= 0 && c < 0x80 && memchr("\\`*_{}[]|~", c, 10);
}

size_t escape_markdown(FILE *out, const char *text, size_t size)
{
	size_t width = 0, plain = 0, length;

	for (size_t i = 0; i < size; i += length) {
		int32_t c = decode(text + i, size - i, &length);

		if (is_control(c) || is_hidden(c)) {
			pass(out, text, &plain, i, i + length);
			putc('\\', out);
			width += 1 + show(out, c, (unsigned char)text[i]);
		} else if (c == '<' || c == '>' || c == '&') {
			pass(out, text, &plain, i, i + length);
			width += (size_t)fprintf(out, "&%s;",
						 c == '<'   ? "lt"
						 : c == '>' ? "gt"
							    : "amp");
		} else if (is_markup(c) && !is_inside_word(text, i, size)) {
			pass(out, text, &plain, i, i);
			putc('\\', out);
			width += 2;
		} else {
			width++;
		}
	}
	pass(out, text, &plain, size, size);
	return width;
}

static const char *entity(int32_t c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void escape_html(FILE *out, const char *text, size_t size)
{
	size_t plain = 0, length;

	for (size_t i = 0; i < size; i += length) {
		int32_t c = decode(text + i, size - i, &length);

		/* The last two of a plane are no characters, and XML takes them for damage. */
		if (is_control(c) || is_hidden(c) || (c & 0xfffe) == 0xfffe) {
			pass(out, text, &plain, i, i + length);
			show(out, c, (unsigned char)text[i]);
		} else if (entity(c)) {
			pass(out, text, &plain, i, i + length);
			fputs(entity(c), out);
		}
	}
	pass(out, text, &plain, size, size);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The account of an import as text, JSON, CSV or Markdown.
 */
#include "recorder/import_table.h"
#include "recorder/utf8.h"

#include <inttypes.h>
#include <string.h>

/* More files than this, and a person wants the exceptions and the sum. */
#define MANY_FILES 20

static const char *const verdict_columns[PACKET_VERDICTS] = {
	[PACKET_COUNTED] = "counted",
	[PACKET_NOT_IP] = "not_ip",
	[PACKET_TRUNCATED] = "truncated",
	[PACKET_MALFORMED] = "malformed",
	[PACKET_UNKNOWN_LINK_TYPE] = "unknown_link_type",
};

/* Of the text table. */
static const int verdict_widths[PACKET_VERDICTS] = {10, 8, 9, 9, 17};

void import_table_safe(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			putc(c, out);
	}
}

/* --- for programs --- */

static void print_json_text(FILE *out, const char *text)
{
	size_t left = text ? strlen(text) : 0, size;

	if (!text) {
		fputs("null", out);
		return;
	}
	putc('"', out);
	for (; left; text += size, left -= size) {
		size = utf8_character(text, left);
		if (size == 0) {
			fputs("\\ufffd", out);
			size = 1;
		} else if (*text == '"' || *text == '\\') {
			fprintf(out, "\\%c", *text);
		} else if (size == 1 && (*text < 0x20 || *text == 0x7f)) {
			fprintf(out, "\\u%04x", *text);
		} else {
			fwrite(text, 1, size, out);
		}
	}
	putc('"', out);
}

static void print_json(FILE *out, const struct import_file *file)
{
	fputs("{\"path\":", out);
	print_json_text(out, file->path);
	fprintf(out, ",\"size_bytes\":%" PRIu64 ",\"link_type\":", file->size_bytes);
	print_json_text(out, file->link_type);
	fprintf(out, ",\"packets\":%" PRIu64, file->packets);
	for (int i = 0; i < PACKET_VERDICTS; i++)
		fprintf(out, ",\"%s\":%" PRIu64, verdict_columns[i], file->verdicts[i]);
	if (file->packets)
		fprintf(out, ",\"first_ns\":%" PRIu64 ",\"last_ns\":%" PRIu64, file->first_ns,
			file->last_ns);
	else
		fputs(",\"first_ns\":null,\"last_ns\":null", out);
	fputs(",\"problem\":", out);
	print_json_text(out, file->problem);
	putc('}', out);
}

/*
 * RFC 4180, no text being an empty field. A field that a spreadsheet would run as a formula
 * gets a ' before it.
 */
static void print_csv_text(FILE *out, const char *text)
{
	int is_quoted;

	if (!text)
		return;
	is_quoted = !*text || strpbrk(text, ",\"") != NULL;
	if (is_quoted)
		putc('"', out);
	if (*text && strchr("=+-@", *text))
		putc('\'', out);
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			fprintf(out, "\\x%02x", (unsigned char)*text);
		else
			fputs(*text == '"' ? "\"\"" : (char[]){*text, 0}, out);
	}
	if (is_quoted)
		putc('"', out);
}

static void print_csv(FILE *out, const struct import_file *files, size_t count)
{
	fputs("path,size_bytes,link_type,packets", out);
	for (int i = 0; i < PACKET_VERDICTS; i++)
		fprintf(out, ",%s", verdict_columns[i]);
	fputs(",first_ns,last_ns,problem\r\n", out);
	for (size_t n = 0; n < count; n++) {
		const struct import_file *file = &files[n];

		print_csv_text(out, file->path);
		fprintf(out, ",%" PRIu64 ",", file->size_bytes);
		print_csv_text(out, file->link_type);
		fprintf(out, ",%" PRIu64, file->packets);
		for (int i = 0; i < PACKET_VERDICTS; i++)
			fprintf(out, ",%" PRIu64, file->verdicts[i]);
		if (file->packets)
			fprintf(out, ",%" PRIu64 ",%" PRIu64 ",", file->first_ns,
				file->last_ns);
		else
			fputs(",,,", out);
		print_csv_text(out, file->problem);
		fputs("\r\n", out);
	}
}

/* --- for people --- */

static void print_line(FILE *out, int markdown, const struct import_file *file, int path_width)
{
	fprintf(out, markdown ? "| %" PRIu64 : "%10" PRIu64, file->packets);
	for (int i = 0; i < PACKET_VERDICTS; i++)
		if (markdown)
			fprintf(out, " | %" PRIu64, file->verdicts[i]);
		else
			fprintf(out, "  %*" PRIu64, verdict_widths[i], file->verdicts[i]);
	fputs(markdown ? " | " : "  ", out);
	for (const char *c = file->path; markdown && *c; c++)
		fprintf(out, strchr("|<>&`*_\\[]", *c) ? "\\%c" : "%c",
			(unsigned char)*c < 0x20 ? '?' : *c);
	if (!markdown)
		import_table_safe(out, file->path);
	if (markdown) {
		fputs(" | ", out);
	} else if (file->problem) {
		fprintf(out, "%*s  ", path_width - (int)strlen(file->path), "");
	}
	if (file->problem)
		import_table_safe(out, file->problem);
	fputs(markdown ? " |\n" : "\n", out);
}

static void print_text(FILE *out, int markdown, int all, const struct import_file *files,
		       size_t count)
{
	struct import_file sum = {.path = "all files"};
	int path_width = 0;

	for (size_t n = 0; n < count; n++) {
		int width = (int)strlen(files[n].path);

		if (width > path_width && width < 60)
			path_width = width;
		sum.packets += files[n].packets;
		for (int i = 0; i < PACKET_VERDICTS; i++)
			sum.verdicts[i] += files[n].verdicts[i];
	}
	if (markdown)
		fputs("| packets | counted | not IP | truncated | malformed "
		      "| unknown link type | file | problem |\n"
		      "|--:|--:|--:|--:|--:|--:|---|---|\n",
		      out);
	else
		fputs("   packets     counted    not IP  truncated  malformed  unknown link type  "
		      "file\n",
		      out);
	for (size_t n = 0; n < count; n++)
		if (all || count <= MANY_FILES || files[n].problem)
			print_line(out, markdown, &files[n], path_width);
	if (count > 1)
		print_line(out, markdown, &sum, path_width);
}

void import_table_print(FILE *out, enum table_format format, int all,
			const struct import_file *files, size_t count)
{
	switch (format) {
	case TABLE_TEXT:
	case TABLE_MARKDOWN:
		print_text(out, format == TABLE_MARKDOWN, all, files, count);
		break;
	case TABLE_CSV:
		print_csv(out, files, count);
		break;
	case TABLE_JSON:
		fputs("[\n", out);
		for (size_t n = 0; n < count; n++) {
			print_json(out, &files[n]);
			fputs(n + 1 < count ? ",\n" : "\n", out);
		}
		fputs("]\n", out);
		break;
	case TABLE_JSONL:
		for (size_t n = 0; n < count; n++) {
			print_json(out, &files[n]);
			putc('\n', out);
		}
		break;
	}
}

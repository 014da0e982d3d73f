/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands of flowrec have in common.
 */
#include "recorder/commands.h"

#include <stdio.h>
#include <stdlib.h>

int command_misuse(const char *command, const char *what, const char *word)
{
	fprintf(stderr, "flowrec %s: %s%s%s; see flowrec %s --help\n", command, what,
		word ? ": " : "", word ? word : "", command);
	return COMMAND_MISUSE;
}

char *command_words(int argc, char **argv)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("flowrec", out);
	for (int i = 0; i < argc; i++)
		fprintf(out, " %s", argv[i]);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which fingerprints a model is asked about.
 */
#include "analyzer/models/choice.h"
#include "analyzer/models/fingerprint_rows.h"

#include <string.h>

static int from_fields(const char *fields, const struct choice_shape *shape,
		       struct fingerprint *fingerprint, char **problem)
{
	fingerprint->digest.function = (enum digest_function)shape->function;
	fingerprint->digest.width = (unsigned int)shape->width;
	fingerprint->entries = (uint32_t)shape->entries;
	fingerprint_all_windows(fingerprint);
	return digest_parse(&fingerprint->digest, fields, problem);
}

int choice_make(struct choice *choice, const char *name, const struct choice_shape *shape,
		char **problem)
{
	int is_all = !name || !*name || !strcmp(name, "all"), error = 0;
	const struct recipe *recipe = is_all ? recipe_get(0) : recipe_find(name);

	if (!recipe) {
		choice->count = 1;
		choice->fields[0] = name;
		return from_fields(name, shape, &choice->fingerprints[0], problem);
	}
	while (recipe && !error) {
		choice->recipes[choice->count] = recipe;
		choice->fields[choice->count] = recipe->fields;
		error = recipe_take(recipe, &choice->fingerprints[choice->count], problem);
		choice->count++;
		recipe = is_all ? recipe_get(choice->count) : NULL;
	}
	return error;
}

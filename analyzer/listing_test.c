/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of which files of a path are segments.
 */
#include "analyzer/listing.h"
#include "analyzer/sample_test.h"

#include <errno.h>

static void touch(const char *directory, const char *name)
{
	char *path;
	FILE *file;

	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	free(path);
}

static void only_one_of_the_live_and_the_sealed_segment_counts(void **state)
{
	static const char *const names[] = {
		"000003.live.segment", "000001.live.segment",	 "000001.segment", "catalog",
		"000002.segment",      "000003.segment.sealing", ".segment",	   "notes.txt",
	};
	char *directory = scratch_make(), *problem;
	struct listing listing;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		touch(directory, names[i]);
	assert_int_equal(listing_make(directory, &listing, &problem), 0);
	assert_int_equal(listing.count, 3);
	assert_string_equal(listing.files[0].name, "000001.segment");
	assert_string_equal(listing.files[1].name, "000002.segment");
	assert_string_equal(listing.files[2].name, "000003.live.segment");
	assert_int_equal(listing_find(&listing, "000002.segment"), 1);
	assert_int_equal(listing_find(&listing, "000003.segment"), -1);
	listing_free(&listing);
	scratch_remove(directory);
}

static void a_live_segment_is_followed_to_the_sealed_one(void **state)
{
	char *directory = sample_sealed_recording(1), *problem, *live, *sealed;
	struct listing listing;

	sealed = sample_path(directory, 1);
	assert_true(asprintf(&live, "%s/000001" SEGMENT_LIVE_SUFFIX, directory) > 0);
	assert_int_equal(rename(sealed, live), 0);
	assert_int_equal(listing_make(directory, &listing, &problem), 0);
	assert_int_equal(listing_follow(&listing.files[0]), -ENOENT);
	assert_string_equal(listing.files[0].name, "000001.live.segment");
	assert_int_equal(rename(live, sealed), 0);
	assert_int_equal(listing_follow(&listing.files[0]), 0);
	assert_string_equal(listing.files[0].name, "000001.segment");
	assert_string_equal(listing.files[0].path, sealed);
	assert_int_equal(listing_follow(&listing.files[0]), -ENOENT);
	listing_free(&listing);
	free(live);
	free(sealed);
	scratch_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_of_the_live_and_the_sealed_segment_counts),
		cmocka_unit_test(a_live_segment_is_followed_to_the_sealed_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

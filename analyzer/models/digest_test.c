/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of digests: known answers, fields, and rows.
 */
#include "analyzer/models/digest.h"
#include "analyzer/models/lru.h"
#include "analyzer/models/recipe.h"
#include "analyzer/sample_test.h"

static void crc32_gives_the_check_value_of_its_catalogue(void **state)
{
	assert_int_equal(digest_crc32((const unsigned char *)"123456789", 9), 0xcbf43926);
	assert_int_equal(digest_crc32((const unsigned char *)"", 0), 0);
}

/*
 * By hand for 4 bytes of zero: a = b = 0x9e3779b9, c = 4, then one mix, step by step as in Bob
 * Jenkins' lookup2.
 */
static void bob_mixes_as_lookup2_does(void **state)
{
	uint32_t a = 0x9e3779b9, b = 0x9e3779b9, c = 4;

	a -= b, a -= c, a ^= c >> 13;
	b -= c, b -= a, b ^= a << 8;
	c -= a, c -= b, c ^= b >> 13;
	a -= b, a -= c, a ^= c >> 12;
	b -= c, b -= a, b ^= a << 16;
	c -= a, c -= b, c ^= b >> 5;
	a -= b, a -= c, a ^= c >> 3;
	b -= c, b -= a, b ^= a << 10;
	c -= a, c -= b, c ^= b >> 15;
	assert_int_equal(digest_bob((const unsigned char *)"\0\0\0\0", 4), c);
	/* Every byte counts, at every place in its block. */
	for (size_t i = 0; i < 29; i++) {
		unsigned char bytes[29] = {0};
		uint32_t before = digest_bob(bytes, sizeof(bytes));

		bytes[i] = 1;
		assert_int_not_equal(digest_bob(bytes, sizeof(bytes)), before);
	}
}

static void ipsx_follows_the_formula(void **state)
{
	/* f1 = 1, the others 0: v1 = 1, v2 = 0; only 1 << 8 is left of it. */
	static const unsigned char one[16] = {0, 0, 0, 1};
	/* f3 = 0x80, v2 = 0x80: 0x80 << 6 ^ 0x80 << 10 ^ 0x80 << 14 ^ 0x80 >> 7, 16 bits. */
	static const unsigned char other[16] = {[11] = 0x80};

	assert_int_equal(digest_ipsx(one, 16), 0x100);
	assert_int_equal(digest_ipsx(other, 16), (0x2000 ^ 0x20000 ^ 0x200000 ^ 1) & 0xffff);
}

static struct digest parse(const char *fields)
{
	struct digest digest = {.width = 64};
	char *problem = NULL;

	if (digest_parse(&digest, fields, &problem))
		fail_msg("%s", problem);
	return digest;
}

static void expect_refused(const char *fields, const char *words)
{
	struct digest digest;
	char *problem = NULL;

	assert_int_not_equal(digest_parse(&digest, fields, &problem), 0);
	assert_non_null(strstr(problem, words));
	free(problem);
}

static void what_is_no_field_of_a_fingerprint_is_refused_by_name(void **state)
{
	expect_refused("packet_id", "packet_id");
	expect_refused("ip_ttl,payload_stamp", "payload_stamp");
	expect_refused("time_ns", "time_ns");
	expect_refused("source_address|skb_head", "no alternative");
	expect_refused("skb_head|source_address", "no alternative");
	expect_refused("packet_identity", "packet_identity");
	expect_refused("colour", "colour");
	expect_refused("source_address:32", "source_address:32");
	expect_refused("ip_ttl:16", "ip_ttl:16");
	expect_refused("", "at least one");
}

static void the_cost_of_a_digest_follows_from_what_it_is_given(void **state)
{
	struct digest digest = parse("ip_identification:16,source_address,network_iana_number");

	/* XXH3 is given words: an identification, an address of two, a protocol. */
	assert_int_equal(digest_bytes(&digest), 32);
	digest.function = DIGEST_BOB;
	assert_int_equal(digest_bytes(&digest), 2 + 4 + 1);
	assert_true(digest_ns(&digest) ==
		    digest_costs[DIGEST_BOB].ns + digest_costs[DIGEST_BOB].ns_per_byte * 7);
	/* Of alternatives there is one. */
	digest = parse("ip_identification:16,skb_time_ns|payload_first:16|tcp_flags,skb_head");
	digest.function = DIGEST_CRC32;
	assert_int_equal(digest_bytes(&digest), 2 + 8 + 8);
}

static void every_published_recipe_parses(void **state)
{
	for (size_t i = 0; recipe_get(i); i++) {
		struct digest digest = parse(recipe_get(i)->fields);

		assert_true(digest.field_count > 0);
		assert_ptr_equal(recipe_find(recipe_get(i)->name), recipe_get(i));
	}
}

/* Two rows: digests differ exactly when a field that is in them differs. */
static void a_digest_depends_on_its_fields_only(void **state)
{
	uint64_t ids[2] = {7, 0x10007}, ttls[2] = {64, 63}, out[2];
	struct address sources[2] = {sample_address("10.0.0.1"), sample_address("10.0.0.1")};
	union column_values id = {.integers = ids}, ttl = {.integers = ttls};
	union column_values source = {.addresses = sources};
	struct digest digest = parse("ip_identification,source_address");
	const union column_values *values[] = {&id, &source};
	const union column_values *others[] = {&ttl, &source};

	digest_rows(&digest, values, 2, out);
	assert_true(out[0] != out[1]);
	digest = parse("ip_identification:16,source_address");
	for (int function = 0; function < DIGEST_FUNCTIONS; function++) {
		digest.function = (enum digest_function)function;
		digest_rows(&digest, values, 2, out);
		assert_true(out[0] == out[1]);
	}
	digest = parse("ip_ttl,source_address");
	digest.width = 16;
	digest_rows(&digest, others, 2, out);
	assert_true(out[0] != out[1] && out[0] < 65536 && out[1] < 65536);
}

static void ipsx_of_a_row_takes_the_words_of_the_header(void **state)
{
	uint64_t id = 0x1234, fragment = 0x4000, payload = 0x1111111122222222;
	struct address source = sample_address("10.0.0.1"),
		       destination = sample_address("10.0.0.2");
	union column_values columns[5] = {{.integers = &id},
					  {.integers = &fragment},
					  {.addresses = &source},
					  {.addresses = &destination},
					  {.integers = &payload}};
	const union column_values *values[] = {&columns[0], &columns[1], &columns[2],
					       &columns[3], &columns[4]};
	static const unsigned char wire[16] = {0x12, 0x34, 0x40, 0x00, 10,   0,	   0,	 1,
					       10,   0,	   0,	 2,    0x22, 0x22, 0x22, 0x22};
	struct digest digest = parse(recipe_find("ipsx")->fields);
	uint64_t out;

	digest.function = DIGEST_IPSX;
	digest.width = 16;
	digest_rows(&digest, values, 1, &out);
	assert_int_equal(out, digest_ipsx(wire, sizeof(wire)));
}

static void an_lru_map_forgets_what_was_not_used_for_longest(void **state)
{
	struct lru lru;

	assert_int_equal(lru_init(&lru, 3), 0);
	for (uint64_t key = 1; key <= 3; key++)
		lru_put(&lru, key, 10 * key);
	assert_int_equal(*lru_find(&lru, 1), 10); /* 2 is the oldest now */
	lru_put(&lru, 4, 40);
	assert_null(lru_find(&lru, 2));
	lru_delete(&lru, 1);
	lru_put(&lru, 5, 50);
	assert_int_equal(*lru_find(&lru, 3), 30);
	assert_int_equal(*lru_find(&lru, 4), 40);
	assert_int_equal(*lru_find(&lru, 5), 50);
	assert_int_equal(lru.evicted, 1);
	lru_clear(&lru);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc32_gives_the_check_value_of_its_catalogue),
		cmocka_unit_test(bob_mixes_as_lookup2_does),
		cmocka_unit_test(ipsx_follows_the_formula),
		cmocka_unit_test(what_is_no_field_of_a_fingerprint_is_refused_by_name),
		cmocka_unit_test(the_cost_of_a_digest_follows_from_what_it_is_given),
		cmocka_unit_test(every_published_recipe_parses),
		cmocka_unit_test(a_digest_depends_on_its_fields_only),
		cmocka_unit_test(ipsx_of_a_row_takes_the_words_of_the_header),
		cmocka_unit_test(an_lru_map_forgets_what_was_not_used_for_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

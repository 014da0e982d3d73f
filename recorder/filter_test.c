/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the filter's rules: what is read, what is refused and why, and what they say of
 * tuples.
 */
#include "recorder/filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct address address(const char *text)
{
	struct address out = {{0}};
	uint8_t bytes[16] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET, text, bytes + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, bytes), 1);
	memcpy(&out, bytes, sizeof(out));
	return out;
}

static struct flow_key tuple(const char *one, uint16_t one_port, const char *other,
			     uint16_t other_port, uint8_t protocol)
{
	return (struct flow_key){
		.address = {address(one), address(other)},
		.port = {one_port, other_port},
		.protocol = protocol,
	};
}

/* A filter of rules, each "+" (only) or "-" (not) and the rule; ended by NULL. */
static struct filter *make(const char *first, ...)
{
	struct filter *filter = filter_new();
	struct filter_problem problem = {0};
	va_list rules;

	assert_non_null(filter);
	va_start(rules, first);
	for (const char *rule = first; rule; rule = va_arg(rules, const char *)) {
		int error = filter_add(filter, *rule == '+' ? RULE_ALLOW : RULE_DENY, rule + 1,
				       &problem);

		if (error)
			fail_msg("%s: %s: %s", rule, problem.what, problem.word);
	}
	va_end(rules);
	return filter;
}

static void assert_judged(struct filter *filter, uint32_t kind, const char *one,
			  uint16_t one_port, const char *other, uint16_t other_port,
			  uint8_t protocol)
{
	struct flow_key there = tuple(one, one_port, other, other_port, protocol);
	struct flow_key back = tuple(other, other_port, one, one_port, protocol);

	assert_int_equal(filter_excludes(filter, &there), kind);
	assert_int_equal(filter_excludes(filter, &back), kind);
}

static void without_rules_all_is_recorded(void **state)
{
	struct filter *filter = make(NULL);

	assert_int_equal(filter->settings.kinds, 0);
	assert_judged(filter, 0, "10.0.0.1", 1, "192.0.2.1", 22, 6);
	filter_free(filter);
}

static void a_network_matches_either_end(void **state)
{
	struct filter *filter = make("+net=10.0.0.0/8,2001:db8::/32,192.0.2.7", NULL);

	assert_judged(filter, 0, "10.255.255.255", 1, "198.51.100.1", 2, 6);
	assert_judged(filter, 0, "10.0.0.0", 1, "10.0.0.1", 2, 6);
	assert_judged(filter, 0, "192.0.2.7", 1, "198.51.100.1", 2, 6);
	assert_judged(filter, 0, "2001:db8:ffff::1", 1, "2001:db9::1", 2, 17);
	assert_judged(filter, RULES_NET, "11.0.0.0", 1, "198.51.100.1", 2, 6);
	assert_judged(filter, RULES_NET, "192.0.2.8", 1, "192.0.2.6", 2, 6);
	assert_judged(filter, RULES_NET, "2001:db9::1", 1, "2001:db7:ffff::1", 2, 6);
	filter_free(filter);
}

static void within_matches_when_both_ends_do(void **state)
{
	struct filter *filter = make("-within=10.0.0.0/8,172.16.0.0/12", NULL);

	assert_judged(filter, RULES_WITHIN, "10.0.0.1", 1, "10.9.9.9", 2, 6);
	assert_judged(filter, RULES_WITHIN, "10.0.0.1", 1, "172.31.0.1", 2, 6);
	assert_judged(filter, 0, "10.0.0.1", 1, "172.32.0.1", 2, 6);
	filter_free(filter);
	filter = make("+within=10.0.0.0/8", NULL);
	assert_judged(filter, 0, "10.0.0.1", 1, "10.9.9.9", 2, 6);
	assert_judged(filter, RULES_WITHIN, "10.0.0.1", 1, "11.0.0.1", 2, 6);
	filter_free(filter);
}

static void deny_beats_allow_whichever_is_narrower(void **state)
{
	struct filter *filter = make("+net=10.0.0.0/8", "-net=10.1.0.0/16", NULL);

	assert_judged(filter, 0, "10.2.0.1", 1, "192.0.2.1", 2, 6);
	assert_judged(filter, RULES_NET, "10.1.0.1", 1, "10.2.0.1", 2, 6);
	filter_free(filter);
	filter = make("-net=10.0.0.0/8", "+net=10.1.0.0/16", NULL);
	assert_judged(filter, RULES_NET, "10.1.0.1", 1, "192.0.2.1", 2, 6);
	filter_free(filter);
}

static void networks_of_ipv6_say_nothing_of_ipv4(void **state)
{
	struct filter *filter = make("+net=::/0", NULL);

	assert_judged(filter, 0, "2001:db8::1", 1, "fe80::1", 2, 6);
	assert_judged(filter, RULES_NET, "10.0.0.1", 1, "10.0.0.2", 2, 6);
	assert_int_equal(filter_bits(&filter->nets, &filter_ipv4, sizeof(filter_ipv4)), 0);
	filter_free(filter);
	filter = make("+net=0.0.0.0/0", NULL);
	assert_judged(filter, 0, "10.0.0.1", 1, "10.0.0.2", 2, 6);
	assert_judged(filter, RULES_NET, "2001:db8::1", 1, "fe80::1", 2, 6);
	filter_free(filter);
}

static void ports_match_where_there_are_ports(void **state)
{
	struct filter *filter = make("+port=22,8000-8100", NULL);

	assert_judged(filter, 0, "10.0.0.1", 50000, "10.0.0.2", 22, 6);
	assert_judged(filter, 0, "10.0.0.1", 8000, "10.0.0.2", 1, 17);
	assert_judged(filter, 0, "10.0.0.1", 8100, "10.0.0.2", 1, 132);
	assert_judged(filter, RULES_PORT, "10.0.0.1", 7999, "10.0.0.2", 8101, 6);
	assert_judged(filter, RULES_PORT, "10.0.0.1", 22, "10.0.0.2", 22, 1);
	filter_free(filter);
	filter = make("-port=0-65535", NULL);
	assert_judged(filter, RULES_PORT, "10.0.0.1", 0, "10.0.0.2", 65535, 17);
	assert_judged(filter, 0, "10.0.0.1", 7, "10.0.0.2", 7, 1);
	filter_free(filter);
}

static void protocols_go_by_name_and_number(void **state)
{
	struct filter *filter = make("+proto=tcp,47,icmpv6", "-proto=6", NULL);

	assert_judged(filter, RULES_PROTOCOL, "10.0.0.1", 1, "10.0.0.2", 2, 6);
	assert_judged(filter, RULES_PROTOCOL, "10.0.0.1", 1, "10.0.0.2", 2, 17);
	assert_judged(filter, 0, "10.0.0.1", 0, "10.0.0.2", 0, 47);
	assert_judged(filter, 0, "fe80::1", 0, "fe80::2", 0, 58);
	filter_free(filter);
}

static void every_kind_has_to_admit(void **state)
{
	struct filter *filter = make("+net=10.0.0.0/8", "+port=22", "-proto=udp", NULL);

	assert_judged(filter, 0, "10.0.0.1", 1, "192.0.2.1", 22, 6);
	assert_judged(filter, RULES_NET, "11.0.0.1", 1, "192.0.2.1", 22, 6);
	assert_judged(filter, RULES_PORT, "10.0.0.1", 1, "192.0.2.1", 23, 6);
	assert_judged(filter, RULES_PROTOCOL, "10.0.0.1", 1, "192.0.2.1", 22, 17);
	filter_free(filter);
}

static void a_translation_is_matched_by_both_tuples(void **state)
{
	struct nat_event event = {
		.original = {.source = address("10.0.0.1"),
			     .destination = address("203.0.113.1"),
			     .source_port = 50000,
			     .destination_port = 80,
			     .protocol = 6},
		.reply = {.source = address("192.0.2.20"),
			  .destination = address("192.0.2.1"),
			  .source_port = 8080,
			  .destination_port = 60000,
			  .protocol = 6},
		.network_namespace = 7,
	};
	static const struct {
		const char *rule;
		uint32_t kind;
	} cases[] = {
		{"+net=10.0.0.1", 0},
		{"+net=203.0.113.1", 0},
		{"+net=192.0.2.20", 0},
		{"+net=192.0.2.1", 0},
		{"+net=10.0.0.2", RULES_NET},
		{"-net=192.0.2.1", RULES_NET},
		{"+port=80", 0},
		{"+port=8080", 0},
		{"+port=81", RULES_PORT},
		{"-port=60000", RULES_PORT},
		{"+within=192.0.2.0/24", 0},
		{"+within=10.0.0.1,192.0.2.20", RULES_WITHIN},
		{"+netns=7", 0},
		{"-netns=7", RULES_NETNS},
		{"+netns=8", RULES_NETNS},
		{"+proto=udp", RULES_PROTOCOL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter *filter = make(cases[i].rule, NULL);

		if (filter_excludes_translation(filter, &event) != cases[i].kind)
			fail_msg("%s", cases[i].rule);
		filter_free(filter);
	}
}

/* What the kernel's trie is given for a key: it finds the longest match only. */
static void a_longer_match_says_what_the_shorter_ones_say(void **state)
{
	struct filter *filter =
		make("+net=10.0.0.0/8", "-net=10.1.0.0/16", "+within=10.1.2.0/24", NULL);
	const struct filter_values *nets = &filter->nets;

	assert_int_equal(nets->count, 3);
	assert_int_equal(filter_bits(nets, &nets->list[0].net, sizeof(struct net_key)),
			 RULE_ALLOW);
	assert_int_equal(filter_bits(nets, &nets->list[1].net, sizeof(struct net_key)),
			 RULE_ALLOW | RULE_DENY);
	assert_int_equal(filter_bits(nets, &nets->list[2].net, sizeof(struct net_key)),
			 RULE_ALLOW | RULE_DENY | RULE_ALLOW << RULE_SECOND);
	filter_free(filter);
}

static void names_match_whole_or_by_their_begin(void **state)
{
	struct filter *filter =
		make("+interface=eth*", "-interface=eth0", "+interface=eth01", NULL);
	const struct filter_values *names = &filter->interfaces;

	assert_int_equal(filter->settings.interface_lookups, INTERFACE_NAME);
	assert_int_equal(names->list[0].name.prefix_bits, 32 + 3 * 8);
	assert_int_equal(names->list[1].name.prefix_bits, 32 + 5 * 8);
	assert_int_equal(filter_bits(names, &names->list[1].name, sizeof(struct name_key)),
			 RULE_ALLOW | RULE_DENY);
	assert_int_equal(filter_bits(names, &names->list[2].name, sizeof(struct name_key)),
			 RULE_ALLOW);
	filter_free(filter);
}

static void an_interface_may_be_in_a_namespace(void **state)
{
	struct filter *filter =
		make("+interface=web/eth0,/proc/1/ns/net/lo,4026531840/3,5", NULL);
	const struct filter_value *values = filter->interfaces.list;

	assert_int_equal(filter->interfaces.count, 4);
	assert_string_equal(values[0].text, "/run/netns/web");
	assert_string_equal(values[0].name.name, "eth0");
	assert_string_equal(values[1].text, "/proc/1/ns/net");
	assert_null(values[2].text);
	assert_int_equal(values[2].inode, 4026531840U);
	assert_int_equal(values[2].name.name[0], 0);
	assert_int_equal(values[2].name.prefix_bits, 32 + 5 * 8);
	assert_int_equal(filter->settings.interface_lookups,
			 INTERFACE_NAME_HERE | INTERFACE_INDEX_HERE | INTERFACE_INDEX);
	filter_free(filter);
}

static void a_namespace_is_followed_by_its_path(void **state)
{
	char path[] = "/tmp/filter_test.XXXXXX", rule[64];
	int file = mkstemp(path);
	struct filter *filter;
	struct stat status;

	assert_true(file >= 0);
	assert_int_equal(fstat(file, &status), 0);
	close(file);
	snprintf(rule, sizeof(rule), "-netns=%s", path);
	filter = make(rule, NULL);
	assert_int_equal(filter->namespaces.list[0].inode, 0);
	assert_true(filter_resolve(filter));
	assert_int_equal(filter->namespaces.list[0].inode, (uint32_t)status.st_ino);
	assert_false(filter_resolve(filter));
	assert_int_equal(filter_namespace_bits(filter, (uint32_t)status.st_ino), RULE_DENY);
	unlink(path);
	assert_true(filter_resolve(filter));
	assert_int_equal(filter_namespace_bits(filter, (uint32_t)status.st_ino), 0);
	filter_free(filter);
}

static void an_executable_s_name_is_cut_as_the_kernel_cuts_it(void **state)
{
	struct filter *filter = make("+exe=a-name-of-many-letters,java*", NULL);

	assert_string_equal(filter->executables.list[0].name.name, "a-name-of-many-");
	assert_int_equal(filter->executables.list[0].name.prefix_bits, 32 + 16 * 8);
	assert_int_equal(filter->executables.list[1].name.prefix_bits, 32 + 4 * 8);
	filter_free(filter);
}

static void what_is_wrong_is_told_by_its_word(void **state)
{
	static const struct {
		const char *rule, *word;
	} cases[] = {
		{"", ""},
		{"port", "port"},
		{"ports=22", "ports"},
		{"=22", ""},
		{"port=", "port="},
		{"port=22,", "port=22,"},
		{"port=,22", "port=,22"},
		{"port=22,ssh", "ssh"},
		{"port=65536", "65536"},
		{"port=18446744073709551638", "18446744073709551638"},
		{"port=80-22", "80-22"},
		{"port=1-2-3", "1-2-3"},
		{"port=-5", "-5"},
		{"port= 5", " 5"},
		{"net=10.0.0.0/33", "10.0.0.0/33"},
		{"net=10.0.0.1/8", "10.0.0.1/8"},
		{"net=10.0.0/8", "10.0.0/8"},
		{"net=10.0.0.0/", "10.0.0.0/"},
		{"net=10.0.0.0/8/9", "10.0.0.0/8/9"},
		{"net=2001:db8::/129", "2001:db8::/129"},
		{"net=2001:db8::1/64", "2001:db8::1/64"},
		{"net=fe80::1%eth0", "fe80::1%eth0"},
		{"net=example.org", "example.org"},
		{"within=1.2.3.4.5", "1.2.3.4.5"},
		{"proto=256", "256"},
		{"proto=http", "http"},
		{"interface=sixteen-letters-", "sixteen-letters-"},
		{"interface=e*h0", "e*h0"},
		{"interface=/eth0", "/eth0"},
		{"interface=web/", "web/"},
		{"interface=a/b/c", "a/b/c"},
		{"netns=a/b", "a/b"},
		{"netns=..", ".."},
		{"netns=0", "0"},
		{"cgroup=system.slice", "system.slice"},
		{"cgroup=/a//b", "/a//b"},
		{"cgroup=/a/../b", "/a/../b"},
		{"exe=/usr/bin/curl", "/usr/bin/curl"},
		{"exe=c*l", "c*l"},
		{"exe=sixteen-letters-*", "sixteen-letters-*"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter *filter = filter_new();
		struct filter_problem problem = {0};

		assert_non_null(filter);
		if (filter_add(filter, RULE_ALLOW, cases[i].rule, &problem) != -EINVAL ||
		    strcmp(problem.word, cases[i].word) || !problem.what)
			fail_msg("%s: %s: %s", cases[i].rule, problem.what, problem.word);
		filter_free(filter);
	}
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	struct filter *filter = filter_new();
	struct filter_problem problem;
	char rule[CGROUP_PATH_SIZE + 16], huge[65536];

	snprintf(rule, sizeof(rule), "cgroup=/%0*d", CGROUP_PATH_SIZE - 3, 0);
	assert_int_equal(filter_add(filter, RULE_DENY, rule, &problem), 0);
	snprintf(rule, sizeof(rule), "cgroup=/%0*d", CGROUP_PATH_SIZE - 2, 0);
	assert_int_equal(filter_add(filter, RULE_DENY, rule, &problem), -EINVAL);
	snprintf(huge, sizeof(huge), "netns=/%065000d", 0);
	assert_int_equal(filter_add(filter, RULE_DENY, huge, &problem), -EINVAL);
	filter_free(filter);
}

static void a_kind_has_room_for_4096_values(void **state)
{
	struct filter *filter = filter_new();
	struct filter_problem problem;

	for (unsigned int i = 0; i < FILTER_VALUES_MOST; i++) {
		char rule[32];

		snprintf(rule, sizeof(rule), "net=10.0.%u.%u", i / 256, i % 256);
		assert_int_equal(filter_add(filter, RULE_ALLOW, rule, &problem), 0);
	}
	assert_int_equal(filter_add(filter, RULE_ALLOW, "net=10.1.0.0", &problem), -E2BIG);
	assert_string_equal(problem.word, "10.1.0.0");
	filter_free(filter);
}

static void a_sample_is_one_in_a_number(void **state)
{
	static const char *const wrong[] = {"",	  "0",	 "1/0",	  "2/3",	"1/",
					    "-1", "1.5", "1/2/3", "1000000001", "1/ 2"};
	struct filter *filter = filter_new();
	struct filter_problem problem;

	assert_int_equal(filter_sample(filter, "1/10", &problem), 0);
	assert_int_equal(filter->sampling_rate, 10);
	assert_int_equal(filter->settings.kinds, RULES_SAMPLE);
	assert_int_equal(filter->settings.sample_limit, UINT64_MAX / 10);
	assert_int_equal(filter_sample(filter, "1", &problem), 0);
	assert_int_equal(filter->settings.kinds, 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(filter_sample(filter, wrong[i], &problem), -EINVAL);
		assert_string_equal(problem.word, wrong[i]);
	}
	filter_free(filter);
}

static void the_same_seed_gives_the_same_sample(void **state)
{
	struct filter *one = filter_new(), *other = filter_new();
	struct filter_problem problem;
	unsigned int kept = 0;

	assert_int_equal(filter_sample(one, "4", &problem), 0);
	assert_int_equal(filter_sample(other, "4", &problem), 0);
	filter_seed(one, 5);
	filter_seed(other, 5);
	for (uint16_t port = 1; port < 2000; port++) {
		struct flow_key key = tuple("10.0.0.1", port, "10.0.0.2", 53, 17);

		assert_int_equal(filter_excludes(one, &key), filter_excludes(other, &key));
		kept += !filter_excludes(one, &key);
	}
	/* Of 1999, six standard deviations of 19.4 around 499.75. */
	assert_in_range(kept, 384, 616);
	filter_free(one);
	filter_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules_all_is_recorded),
		cmocka_unit_test(a_network_matches_either_end),
		cmocka_unit_test(within_matches_when_both_ends_do),
		cmocka_unit_test(deny_beats_allow_whichever_is_narrower),
		cmocka_unit_test(networks_of_ipv6_say_nothing_of_ipv4),
		cmocka_unit_test(ports_match_where_there_are_ports),
		cmocka_unit_test(protocols_go_by_name_and_number),
		cmocka_unit_test(every_kind_has_to_admit),
		cmocka_unit_test(a_translation_is_matched_by_both_tuples),
		cmocka_unit_test(a_longer_match_says_what_the_shorter_ones_say),
		cmocka_unit_test(names_match_whole_or_by_their_begin),
		cmocka_unit_test(an_interface_may_be_in_a_namespace),
		cmocka_unit_test(a_namespace_is_followed_by_its_path),
		cmocka_unit_test(an_executable_s_name_is_cut_as_the_kernel_cuts_it),
		cmocka_unit_test(what_is_wrong_is_told_by_its_word),
		cmocka_unit_test(a_path_that_is_too_long_is_refused),
		cmocka_unit_test(a_kind_has_room_for_4096_values),
		cmocka_unit_test(a_sample_is_one_in_a_number),
		cmocka_unit_test(the_same_seed_gives_the_same_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

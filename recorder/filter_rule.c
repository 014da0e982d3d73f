/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the rules of a filter: KIND=VALUE[,VALUE...].
 */
#include "recorder/filter.h"
#include "recorder/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_SIZE (PATH_MAX + 32) /* room for a path and an interface's name */

static int complain(struct filter_problem *problem, const char *what, const char *word)
{
	problem->what = what;
	snprintf(problem->word, sizeof(problem->word), "%.127s", word);
	return -EINVAL;
}

/* A decimal number up to most, and nothing else. Returns 0 or -EINVAL. */
static int parse_number(const char *text, uint64_t most, uint64_t *out)
{
	uint64_t number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > most)
			return -EINVAL;
	}
	*out = number;
	return 0;
}

/* A new value at the end of a list. Returns NULL when there are too many or memory is short. */
static struct filter_value *add_value(struct filter_values *values, unsigned int bits)
{
	struct filter_value *list;

	if (values->count >= FILTER_VALUES_MOST)
		return NULL;
	list = realloc(values->list, (values->count + 1) * sizeof(*list));
	if (!list)
		return NULL;
	values->list = list;
	list[values->count] = (struct filter_value){.bits = (uint8_t)bits};
	return &list[values->count++];
}

/* What is wrong when there is no room for a value. */
static int no_room(const struct filter_values *values, struct filter_problem *problem,
		   const char *word)
{
	if (values->count < FILTER_VALUES_MOST)
		return -ENOMEM;
	complain(problem, "there are more than 4096 values of a kind", word);
	return -E2BIG;
}

/* --- values of each kind --- */

static int has_bits_behind(const struct net_key *key)
{
	for (uint32_t bit = key->prefix_bits; bit < 128; bit++)
		if (key->address[bit / 8] & 0x80 >> bit % 8)
			return 1;
	return 0;
}

static int add_net_of(struct filter *filter, unsigned int bits, const char *word,
		      struct filter_problem *problem)
{
	struct net_key key = {.prefix_bits = 128};
	struct filter_value *value;
	char address[INET6_ADDRSTRLEN];
	size_t size = strcspn(word, "/");
	uint64_t prefix, whole = 128;

	if (size >= sizeof(address))
		return complain(problem, "not an address or a network", word);
	memcpy(address, word, size);
	address[size] = 0;
	if (inet_pton(AF_INET, address, key.address + 12) == 1) {
		memcpy(key.address, filter_ipv4.address, 12);
		whole = 32;
	} else if (inet_pton(AF_INET6, address, key.address) != 1)
		return complain(problem, "not an address or a network", word);
	if (word[size]) {
		if (parse_number(word + size + 1, whole, &prefix))
			return complain(problem,
					"a prefix is a number up to 32 (IPv4) or 128 (IPv6)",
					word);
		key.prefix_bits = (uint32_t)(prefix + 128 - whole);
	}
	if (has_bits_behind(&key))
		return complain(problem, "the address has bits behind its prefix", word);
	value = add_value(&filter->nets, bits);
	if (!value)
		return no_room(&filter->nets, problem, word);
	value->net = key;
	return 0;
}

static int add_net(struct filter *filter, unsigned int meaning, char *word,
		   struct filter_problem *problem)
{
	return add_net_of(filter, meaning, word, problem);
}

static int add_within(struct filter *filter, unsigned int meaning, char *word,
		      struct filter_problem *problem)
{
	return add_net_of(filter, meaning << RULE_SECOND, word, problem);
}

static int add_port(struct filter *filter, unsigned int meaning, char *word,
		    struct filter_problem *problem)
{
	char *dash = strchr(word, '-'), whole[32];
	uint64_t first, last;

	snprintf(whole, sizeof(whole), "%.31s", word);
	if (dash)
		*dash = 0;
	if (parse_number(word, UINT16_MAX, &first) ||
	    parse_number(dash ? dash + 1 : word, UINT16_MAX, &last))
		return complain(problem,
				"a port is a number up to 65535, or two with - between", whole);
	if (last < first)
		return complain(problem, "the range of ports ends before it begins", whole);
	for (uint64_t port = first; port <= last; port++) {
		struct port_rules *rules = &filter->ports[port / 64];

		*(meaning == RULE_ALLOW ? &rules->allow : &rules->deny) |= 1ULL << port % 64;
	}
	return 0;
}

static int add_protocol(struct filter *filter, unsigned int meaning, char *word,
			struct filter_problem *problem)
{
	struct filter_settings *settings = &filter->settings;
	int named = transport_find(word);
	uint64_t number = (uint64_t)named;

	if (named < 0 && parse_number(word, UINT8_MAX, &number))
		return complain(problem, "no such protocol", word);
	(meaning == RULE_ALLOW ? settings->protocol_allow
			       : settings->protocol_deny)[number / 64] |= 1ULL << number % 64;
	return 0;
}

/* A name of up to 15 bytes, or the begin of one with * behind it. */
static int parse_name(const char *word, struct name_key *key)
{
	size_t size = strlen(word), whole = size < sizeof(key->name) ? size + 1 : 0;

	if (size && word[size - 1] == '*')
		whole = --size;
	else if (!whole || !size)
		return -EINVAL;
	if (size >= sizeof(key->name) || memchr(word, '*', size))
		return -EINVAL;
	memcpy(key->name, word, size);
	key->prefix_bits = (uint32_t)(sizeof(key->network_namespace) + whole) * 8;
	return 0;
}

/* The path of a namespace's file, or its number. */
static int parse_netns(const char *word, struct filter_value *value)
{
	char path[WORD_SIZE];
	uint64_t inode;

	if (!parse_number(word, UINT32_MAX, &inode)) {
		value->inode = (uint32_t)inode;
		return inode ? 0 : -EINVAL;
	}
	if (*word == '/')
		value->text = strdup(word);
	else {
		if (!*word || strchr(word, '/') || strlen(word) > NAME_MAX ||
		    !strcmp(word, ".") || !strcmp(word, ".."))
			return -EINVAL;
		snprintf(path, sizeof(path), "/run/netns/%s", word);
		value->text = strdup(path);
	}
	return value->text ? 0 : -ENOMEM;
}

static int add_interface(struct filter *filter, unsigned int meaning, char *word,
			 struct filter_problem *problem)
{
	static const char expected[] =
		"an interface is a name of up to 15 letters, the begin of one with * behind "
		"it, or an index; with NETNS/ before it in that namespace only";
	struct filter_value *value = add_value(&filter->interfaces, meaning);
	char *slash = strrchr(word, '/');
	uint64_t index;
	int error = 0;

	if (!value)
		return no_room(&filter->interfaces, problem, word);
	if (!parse_number(slash ? slash + 1 : word, INT32_MAX, &index) && index) {
		uint32_t number = (uint32_t)index;

		memcpy(value->name.name + 1, &number, sizeof(number));
		value->name.prefix_bits = (sizeof(value->name.network_namespace) + 5) * 8;
		filter->settings.interface_lookups |=
			slash ? INTERFACE_INDEX_HERE : INTERFACE_INDEX;
	} else {
		error = parse_name(slash ? slash + 1 : word, &value->name);
		filter->settings.interface_lookups |=
			slash ? INTERFACE_NAME_HERE : INTERFACE_NAME;
	}
	if (slash && !error) {
		*slash = 0;
		error = parse_netns(word, value);
		*slash = '/';
	}
	return error == -EINVAL ? complain(problem, expected, word) : error;
}

static int add_netns(struct filter *filter, unsigned int meaning, char *word,
		     struct filter_problem *problem)
{
	struct filter_value *value = add_value(&filter->namespaces, meaning);
	int error;

	if (!value)
		return no_room(&filter->namespaces, problem, word);
	error = parse_netns(word, value);
	return error == -EINVAL ? complain(problem,
					   "a network namespace is a name as ip netns has it, "
					   "a path or an inode number",
					   word)
				: error;
}

static int add_cgroup(struct filter *filter, unsigned int meaning, char *word,
		      struct filter_problem *problem)
{
	struct filter_value *value;
	size_t size = strlen(word);

	while (size > 1 && word[size - 1] == '/')
		word[--size] = 0;
	/* The kernel side compares texts, and says of those that it cut only that they are
	 * long. */
	if (*word != '/' || size > CGROUP_PATH_SIZE - 2 || strstr(word, "//") ||
	    strstr(word, "/../") || strstr(word, "/./"))
		return complain(problem,
				"a cgroup is its path from the root of the hierarchy, "
				"such as /system.slice/ssh.service, of up to 254 letters",
				word);
	value = add_value(&filter->cgroups, meaning);
	if (!value)
		return no_room(&filter->cgroups, problem, word);
	value->text = strdup(word);
	return value->text ? 0 : -ENOMEM;
}

/* Of a longer name the kernel keeps 15 letters, so those are what is compared. */
static int add_executable(struct filter *filter, unsigned int meaning, char *word,
			  struct filter_problem *problem)
{
	struct filter_value *value = add_value(&filter->executables, meaning);
	size_t size = strlen(word);

	if (!value)
		return no_room(&filter->executables, problem, word);
	if (size >= sizeof(value->name.name) && word[size - 1] != '*' && !strchr(word, '/'))
		word[sizeof(value->name.name) - 1] = 0;
	if (strchr(word, '/') || parse_name(word, &value->name))
		return complain(problem,
				"an executable is a name, or the begin of one, of up to 15 "
				"letters, with * behind it",
				word);
	return 0;
}

/* --- rules --- */

static const struct kind {
	const char *name;
	uint32_t bit;
	int (*add)(struct filter *filter, unsigned int meaning, char *word,
		   struct filter_problem *problem);
} kinds[] = {
	{"net", RULES_NET, add_net},
	{"within", RULES_WITHIN, add_within},
	{"port", RULES_PORT, add_port},
	{"proto", RULES_PROTOCOL, add_protocol},
	{"interface", RULES_INTERFACE, add_interface},
	{"netns", RULES_NETNS, add_netns},
	{"cgroup", RULES_CGROUP, add_cgroup},
	{"exe", RULES_EXECUTABLE, add_executable},
};

static const struct kind *find_kind(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].name) == size && !memcmp(kinds[i].name, name, size))
			return &kinds[i];
	return NULL;
}

int filter_add(struct filter *filter, unsigned int meaning, const char *rule,
	       struct filter_problem *problem)
{
	const char *values = strchr(rule, '=');
	const struct kind *kind;
	char word[WORD_SIZE];
	int error = 0;

	if (!values)
		return complain(problem, "a rule is KIND=VALUE, such as port=22, not", rule);
	kind = find_kind(rule, (size_t)(values - rule));
	if (!kind) {
		snprintf(word, sizeof(word), "%.*s", (int)(values - rule), rule);
		return complain(problem,
				"a rule is of net, within, port, proto, interface, netns, "
				"cgroup or exe, not",
				word);
	}
	while (values && !error) {
		const char *begin = values + 1;
		size_t size = strcspn(begin, ",");

		values = begin[size] ? begin + size : NULL;
		if (!size)
			return complain(problem, "a value is missing in the rule", rule);
		if (size >= sizeof(word))
			return complain(problem, "the value is too long", begin);
		memcpy(word, begin, size);
		word[size] = 0;
		error = kind->add(filter, meaning, word, problem);
	}
	filter->settings.kinds |= kind->bit;
	if (meaning == RULE_ALLOW)
		filter->settings.allows |= kind->bit;
	return error;
}

int filter_sample(struct filter *filter, const char *share, struct filter_problem *problem)
{
	uint64_t rate;

	if (parse_number(strncmp(share, "1/", 2) ? share : share + 2, FILTER_SAMPLE_MOST,
			 &rate) ||
	    !rate)
		return complain(
			problem,
			"--sample takes 1/N, N being a number from 1 to 1000000000, not",
			share);
	filter->sampling_rate = (uint32_t)rate;
	filter->settings.sample_limit = UINT64_MAX / rate;
	filter->settings.kinds &= ~RULES_SAMPLE;
	if (rate > 1)
		filter->settings.kinds |= RULES_SAMPLE;
	return 0;
}

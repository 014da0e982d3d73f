/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter on the kernel side.
 *
 * Programs are loaded with the settings as constants, so that the kernel takes out what no rule
 * asks for. Maps that only such code would use are not made at all.
 */
#include "recorder/filter_maps.h"
#include "recorder/cgroup.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bpf/flowtape.skel.h"

/* Number of the v1 hierarchy that the memory controller is in; 0: none, it is in v2. */
static uint32_t memory_hierarchy(void)
{
	FILE *file = fopen("/proc/cgroups", "re");
	unsigned int number = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "memory %u", &number) == 1)
			break;
	if (file)
		fclose(file);
	return number;
}

static void size_maps(const struct filter *filter, struct flowtape_bpf *skeleton)
{
	/* One more: where IPv4 begins among the networks of IPv6. */
	bpf_map__set_max_entries(skeleton->maps.net_rules, filter->nets.count + 1);
	bpf_map__set_max_entries(skeleton->maps.interface_rules, filter->interfaces.count);
	bpf_map__set_max_entries(skeleton->maps.executable_rules, filter->executables.count);
	/* New ones come before old ones go. */
	bpf_map__set_max_entries(skeleton->maps.netns_rules, 2 * filter->namespaces.count);
	bpf_map__set_max_entries(skeleton->maps.cgroup_path_rules, filter->cgroups.count);
}

void filter_maps_prepare(const struct filter *filter, struct flowtape_bpf *skeleton)
{
	uint32_t kinds = filter ? filter->settings.kinds : 0;
	const struct {
		struct bpf_map *map;
		uint32_t kinds; /* any of which needs it */
	} maps[] = {
		{skeleton->maps.net_rules, RULES_NET | RULES_WITHIN},
		{skeleton->maps.port_rules, RULES_PORT},
		{skeleton->maps.interface_rules, RULES_INTERFACE},
		{skeleton->maps.executable_rules, RULES_EXECUTABLE},
		{skeleton->maps.netns_rules, RULES_NETNS},
		{skeleton->maps.cgroup_path_rules, RULES_CGROUP},
		{skeleton->maps.cgroup_rules, RULES_CGROUP},
		{skeleton->maps.process_flows, RULES_PROCESS},
		{skeleton->maps.sample_exceptions, RULES_SAMPLE},
	};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		bpf_map__set_autocreate(maps[i].map, (kinds & maps[i].kinds) != 0);
	bpf_program__set_autoload(skeleton->progs.on_cgroup_make, (kinds & RULES_CGROUP) != 0);
	if (!filter)
		return;
	size_maps(filter, skeleton);
	skeleton->rodata->filter = filter->settings;
	skeleton->rodata->filter.memory_hierarchy = memory_hierarchy();
}

/* Add a meaning to what a map says of a key already. */
static int add(struct bpf_map *map, const void *key, uint8_t bits)
{
	int descriptor = bpf_map__fd(map);
	uint8_t known = 0;

	bpf_map_lookup_elem(descriptor, key, &known);
	known |= bits;
	return bpf_map_update_elem(descriptor, key, &known, BPF_ANY);
}

static int fill_nets(const struct filter *filter, struct flowtape_bpf *skeleton)
{
	const struct filter_values *nets = &filter->nets;
	int map = bpf_map__fd(skeleton->maps.net_rules), error = 0;
	uint8_t bits;

	if (!nets->count)
		return 0;
	for (size_t i = 0; i < nets->count && !error; i++) {
		bits = filter_bits(nets, &nets->list[i].net, sizeof(nets->list[i].net));
		error = bpf_map_update_elem(map, &nets->list[i].net, &bits, BPF_ANY);
	}
	bits = filter_bits(nets, &filter_ipv4, sizeof(filter_ipv4));
	return error ? error : bpf_map_update_elem(map, &filter_ipv4, &bits, BPF_ANY);
}

static int fill_ports(const struct filter *filter, struct flowtape_bpf *skeleton)
{
	int error = 0;

	for (uint32_t i = 0; i < PORT_RULES && !error; i++)
		error = bpf_map_update_elem(bpf_map__fd(skeleton->maps.port_rules), &i,
					    &filter->ports[i], BPF_ANY);
	return error;
}

static int fill_names(const struct filter_values *names, struct bpf_map *map)
{
	int error = 0;

	for (size_t i = 0; i < names->count && !error; i++) {
		const struct name_key *key = &names->list[i].name;
		uint8_t bits = filter_bits(names, key, sizeof(*key));

		/* A namespace that is not there has no number yet. */
		if (!names->list[i].text || key->network_namespace)
			error = bpf_map_update_elem(bpf_map__fd(map), key, &bits, BPF_ANY);
	}
	return error;
}

/* Names that are in a namespace get its number of now, and lose the one before. */
static void number_names(struct filter_values *names, struct bpf_map *map)
{
	for (size_t i = 0; i < names->count; i++) {
		struct filter_value *value = &names->list[i];

		if (value->name.network_namespace == value->inode)
			continue;
		if (value->name.network_namespace)
			bpf_map_delete_elem(bpf_map__fd(map), &value->name);
		value->name.network_namespace = value->inode;
	}
}

static int fill_namespaces(const struct filter *filter, struct bpf_map *map)
{
	const struct filter_values *namespaces = &filter->namespaces;
	int descriptor = bpf_map__fd(map), error = 0;
	uint32_t key, kept, *before = NULL;

	for (size_t i = 0; i < namespaces->count && !error; i++) {
		uint32_t inode = namespaces->list[i].inode;
		uint8_t bits = filter_namespace_bits(filter, inode);

		if (inode)
			error = bpf_map_update_elem(descriptor, &inode, &bits, BPF_ANY);
	}
	while (!error && !bpf_map_get_next_key(descriptor, before, &key)) {
		if (!filter_namespace_bits(filter, key))
			error = bpf_map_delete_elem(descriptor, &key);
		else {
			kept = key;
			before = &kept;
		}
	}
	return error;
}

static int fill_cgroups(struct filter *filter, struct flowtape_bpf *skeleton)
{
	const uint32_t numbers[CGROUP_HIERARCHIES] = {
		[CGROUP_V1_MEMORY] = skeleton->rodata->filter.memory_hierarchy,
	};
	struct cgroups *cgroups = cgroups_new();
	int error = cgroups ? 0 : -ENOMEM;

	for (size_t i = 0; i < filter->cgroups.count && !error; i++) {
		struct filter_value *value = &filter->cgroups.list[i];
		struct cgroup_path path = {{0}};

		strncpy(path.text, value->text, sizeof(path.text) - 1);
		error = add(skeleton->maps.cgroup_path_rules, &path, value->bits);
		for (int hierarchy = 0; hierarchy < CGROUP_HIERARCHIES && !error; hierarchy++) {
			struct cgroup_key key = {.hierarchy = numbers[hierarchy]};
			uint64_t id;

			if ((hierarchy != CGROUP_V2 && !numbers[hierarchy]) ||
			    cgroups_id(cgroups, hierarchy, value->text, &id))
				continue;
			value->inode = (uint32_t)id;
			key.id = id;
			error = add(skeleton->maps.cgroup_rules, &key, value->bits);
		}
	}
	cgroups_free(cgroups);
	return error;
}

int filter_maps_follow(struct filter *filter, struct flowtape_bpf *skeleton)
{
	int error = 0;

	if (!filter || !filter_resolve(filter))
		return 0;
	number_names(&filter->interfaces, skeleton->maps.interface_rules);
	error = fill_names(&filter->interfaces, skeleton->maps.interface_rules);
	return error ? error : fill_namespaces(filter, skeleton->maps.netns_rules);
}

int filter_maps_fill(struct filter *filter, struct flowtape_bpf *skeleton)
{
	uint32_t kinds = filter ? filter->settings.kinds : 0;
	int error = 0;

	if (kinds & RULES_CGROUP) {
		/* Attached first: a cgroup made from now on is not missed. */
		skeleton->links.on_cgroup_make =
			bpf_program__attach(skeleton->progs.on_cgroup_make);
		if (!skeleton->links.on_cgroup_make)
			return errno ? -errno : -EIO;
		error = fill_cgroups(filter, skeleton);
	}
	if (!error && kinds & (RULES_NET | RULES_WITHIN))
		error = fill_nets(filter, skeleton);
	if (!error && kinds & RULES_PORT)
		error = fill_ports(filter, skeleton);
	if (!error && kinds & RULES_EXECUTABLE)
		error = fill_names(&filter->executables, skeleton->maps.executable_rules);
	if (error || !(kinds & (RULES_INTERFACE | RULES_NETNS)))
		return error;
	filter_resolve(filter);
	number_names(&filter->interfaces, skeleton->maps.interface_rules);
	error = fill_names(&filter->interfaces, skeleton->maps.interface_rules);
	return error ? error : fill_namespaces(filter, skeleton->maps.netns_rules);
}

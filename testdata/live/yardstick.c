/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets a published design's kernel program count what passes interfaces, and says what its map
 * held at each eviction.
 *
 *   yardstick [--room ENTRIES] 1.7|1.8 NAMESPACE/INTERFACE...
 *
 * Attaches the program to TC ingress and egress there, all with one map, and says "ready" on
 * standard error. At SIGUSR1 it evicts: it prints the map as CSV, a row for each entry in the
 * map's own order, the number of the eviction first, and deletes each entry as it is
 * read; 1.7's CPUs are summed. On standard error it says
 *
 *   evicted NUMBER ENTRIES BEGIN END
 *
 * with BEGIN and END in nanoseconds since the Unix epoch. At SIGTERM it detaches, evicts, and
 * says what did not fit. Both designs may look at the same interface; its clsact stays.
 * --room is for other numbers of entries than 131,072.
 *
 *   yardstick --switched [--room ENTRIES] 1.7|1.8 [NAMESPACE/INTERFACE...]
 *
 * is an agent of flowrec bench --held or --probe: it attaches when it is told "on", there or to
 * both ends of the probe's link, and at "off" takes away all that it attached, clsact too, and
 * deletes the entries.
 */
#include "testdata/bench/kernel/yardsticks.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "testdata/bench/kernel/yardsticks.skel.h"

#define PLACES_MOST 16

struct yardstick {
	struct yardsticks *skeleton;
	struct bpf_program *ingress, *egress;
	struct bpf_map *table;
	uint32_t priority;
	unsigned int evictions;
	int is_silent; /* takes entries, and prints none */
};

struct options {
	const char *design;
	uint32_t room; /* 0: as the map is made */
};

/* A row: what an entry of either table says. */
struct row {
	struct seven_tuple tuple;
	const uint8_t *source_mac, *destination_mac;
	uint64_t start_ns, packets, bytes;
	uint32_t interface;
	uint16_t ethertype;
	uint8_t direction;
};

_Noreturn static void fail(const char *what, int error)
{
	fprintf(stderr, "yardstick: %s: %s\n", what, strerror(error < 0 ? -error : error));
	exit(1);
}

static void load(struct yardstick *yardstick, const struct options *options)
{
	struct yardsticks *skeleton = yardsticks__open();
	int is_1_8 = !strcmp(options->design, "1.8"), error;
	struct bpf_program *program;

	if (!skeleton)
		fail("cannot open the programs", errno);
	*yardstick = (struct yardstick){
		.skeleton = skeleton,
		.ingress =
			is_1_8 ? skeleton->progs.lock_ingress : skeleton->progs.percpu_ingress,
		.egress = is_1_8 ? skeleton->progs.lock_egress : skeleton->progs.percpu_egress,
		.table = is_1_8 ? skeleton->maps.seven_lock : skeleton->maps.twelve_percpu,
		.priority = is_1_8 ? 1 : 2,
	};
	bpf_object__for_each_program(program, skeleton->obj) bpf_program__set_autoload(
		program, program == yardstick->ingress || program == yardstick->egress);
	bpf_map__set_autocreate(skeleton->maps.seven_prealloc, false);
	if (options->room)
		bpf_map__set_max_entries(yardstick->table, options->room);
	error = yardsticks__load(skeleton);
	if (error)
		fail("cannot load the programs", error);
}

/* --- places --- */

/*
 * The process goes to the namespace of NAMESPACE/INTERFACE, or of FILE:INTERFACE; the
 * interface's index.
 */
static int go_to(const char *place)
{
	const char *end = strrchr(place, ':');
	char path[128];
	int file, interface;

	if (end)
		snprintf(path, sizeof(path), "%.*s", (int)(end - place), place);
	else if ((end = strchr(place, '/')))
		snprintf(path, sizeof(path), "/run/netns/%.*s", (int)(end - place), place);
	else
		fail(place, EINVAL);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || setns(file, CLONE_NEWNET))
		fail(path, errno);
	close(file);
	interface = (int)if_nametoindex(end + 1);
	if (!interface)
		fail(place, errno);
	return interface;
}

/* Returns whether there was no clsact before. */
static int attach(const struct yardstick *yardstick, const char *place)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = go_to(place),
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, ingress, .prog_fd = bpf_program__fd(yardstick->ingress),
		    .handle = 1, .priority = yardstick->priority);
	LIBBPF_OPTS(bpf_tc_opts, egress, .prog_fd = bpf_program__fd(yardstick->egress),
		    .handle = 1, .priority = yardstick->priority);
	int error = bpf_tc_hook_create(&hook), was_made = !error;

	if (error == -EEXIST)
		error = 0;
	hook.attach_point = BPF_TC_INGRESS;
	if (!error)
		error = bpf_tc_attach(&hook, &ingress);
	hook.attach_point = BPF_TC_EGRESS;
	if (!error)
		error = bpf_tc_attach(&hook, &egress);
	if (error)
		fail(place, error);
	return was_made;
}

static void detach(const struct yardstick *yardstick, const char *place)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = go_to(place));
	LIBBPF_OPTS(bpf_tc_opts, what, .handle = 1, .priority = yardstick->priority);
	int error;

	hook.attach_point = BPF_TC_INGRESS;
	error = bpf_tc_detach(&hook, &what);
	hook.attach_point = BPF_TC_EGRESS;
	if (!error)
		error = bpf_tc_detach(&hook, &what);
	if (error)
		fail(place, error);
}

/* All filters of the interface go with it. */
static void remove_clsact(const char *place)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = go_to(place),
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	int error = bpf_tc_hook_destroy(&hook);

	if (error)
		fail(place, error);
}

/* --- what the map holds --- */

static const char *direction_word(unsigned int direction)
{
	return direction == YARDSTICK_BOTH	? "both"
	       : direction == YARDSTICK_INGRESS ? "receive"
						: "transmit";
}

static void print_address(const uint8_t address[16], uint16_t port)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	char text[INET6_ADDRSTRLEN];

	if (memcmp(address, mapped, sizeof(mapped)))
		inet_ntop(AF_INET6, address, text, sizeof(text));
	else
		inet_ntop(AF_INET, address + 12, text, sizeof(text));
	printf("%s,%u,", text, port);
}

static unsigned long long mac_number(const uint8_t mac[6])
{
	unsigned long long number = 0;

	for (int i = 0; i < 6; i++)
		number = number << 8 | mac[i];
	return number;
}

static void print_row(const struct row *row)
{
	printf("%llu,", (unsigned long long)row->start_ns);
	print_address(row->tuple.source, row->tuple.source_port);
	print_address(row->tuple.destination, row->tuple.destination_port);
	printf("%u,%u,%u,%u,%llu,%llu,%u,%s,%llu,%llu,", row->tuple.protocol,
	       row->tuple.icmp_type, row->tuple.icmp_code, row->ethertype,
	       mac_number(row->source_mac), mac_number(row->destination_mac), row->interface,
	       direction_word(row->direction), (unsigned long long)row->packets,
	       (unsigned long long)row->bytes);
}

static void print_seven(const struct seven_tuple *key, const void *value)
{
	const struct seven_tuple_flow *flow = value;

	print_row(&(struct row){
		.tuple = *key,
		.source_mac = flow->source_mac,
		.destination_mac = flow->destination_mac,
		.start_ns = flow->start_ns,
		.packets = flow->packets,
		.bytes = flow->bytes,
		.interface = flow->first_interface,
		.ethertype = flow->ethertype,
		.direction = flow->first_direction,
	});
	putchar('"');
	for (unsigned int i = 0; i < flow->interface_count; i++)
		printf("%s%u %s", i ? "," : "", flow->interfaces[i],
		       direction_word(flow->directions[i]));
	puts("\"");
}

static void print_twelve(const struct twelve_tuple *key, const char *values, size_t stride)
{
	struct row row = {
		.tuple = {.source_port = key->source_port,
			  .destination_port = key->destination_port,
			  .protocol = key->protocol,
			  .icmp_type = key->icmp_type,
			  .icmp_code = key->icmp_code},
		.source_mac = key->source_mac,
		.destination_mac = key->destination_mac,
		.interface = key->interface,
		.ethertype = key->ethertype,
		.direction = key->direction,
	};

	memcpy(row.tuple.source, key->source, sizeof(key->source));
	memcpy(row.tuple.destination, key->destination, sizeof(key->destination));
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
		const struct twelve_tuple_flow *flow =
			(const void *)(values + (size_t)cpu * stride);

		if (flow->packets && (!row.start_ns || flow->start_ns < row.start_ns))
			row.start_ns = flow->start_ns;
		row.packets += flow->packets;
		row.bytes += flow->bytes;
	}
	print_row(&row);
	puts("\"\"");
}

static void print_entry(const struct yardstick *yardstick, const void *key, const char *values,
			size_t stride)
{
	printf("%u,", yardstick->evictions);
	if (bpf_map__type(yardstick->table) == BPF_MAP_TYPE_PERCPU_HASH)
		print_twelve(key, values, stride);
	else
		print_seven(key, values);
}

/* Print and delete all entries; how many there were. */
static unsigned int take_table(const struct yardstick *yardstick)
{
	size_t stride = (bpf_map__value_size(yardstick->table) + 7) / 8 * 8;
	char *values = calloc((size_t)libbpf_num_possible_cpus(), stride);
	union {
		struct seven_tuple seven;
		struct twelve_tuple twelve;
	} key, next;
	int table = bpf_map__fd(yardstick->table), is_left;
	unsigned int entries = 0;

	if (!values)
		fail("memory", ENOMEM);
	is_left = !bpf_map_get_next_key(table, NULL, &next);
	for (; is_left; entries++) {
		key = next;
		/* Who deletes a key no longer knows which is next. */
		is_left = !bpf_map_get_next_key(table, &key, &next);
		if (bpf_map_lookup_and_delete_elem(table, &key, values))
			fail("cannot take from the map", errno);
		if (!yardstick->is_silent)
			print_entry(yardstick, &key, values, stride);
	}
	free(values);
	return entries;
}

static unsigned long long epoch_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (unsigned long long)now.tv_sec * 1000000000 + (unsigned long long)now.tv_nsec;
}

static void evict(struct yardstick *yardstick)
{
	unsigned long long begin_ns = epoch_ns(), end_ns;
	unsigned int entries;

	yardstick->evictions++;
	entries = take_table(yardstick);
	end_ns = epoch_ns();
	if (fflush(stdout))
		fail("cannot write", errno);
	fprintf(stderr, "evicted %u %u %llu %llu\n", yardstick->evictions, entries, begin_ns,
		end_ns);
}

static void print_losses(const struct yardstick *yardstick)
{
	struct yardstick_losses *each =
		calloc((size_t)libbpf_num_possible_cpus(), sizeof(*each));
	struct yardstick_losses sum = {0};
	uint32_t zero = 0;

	if (!each ||
	    bpf_map_lookup_elem(bpf_map__fd(yardstick->skeleton->maps.losses), &zero, each))
		fail("losses", errno);
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
		sum.flows += each[cpu].flows;
		sum.interfaces += each[cpu].interfaces;
	}
	free(each);
	fprintf(stderr, "lost packets %llu interfaces %llu\n", (unsigned long long)sum.flows,
		(unsigned long long)sum.interfaces);
}

/* Do as one is told, and say so. */
static int be_switched(const struct options *options, char *const *places, int count)
{
	struct yardstick yardstick;
	int is_on = 0, is_wanted = 0, was_made[PLACES_MOST];
	char line[16];

	load(&yardstick, options);
	yardstick.is_silent = 1;
	while (fgets(line, sizeof(line), stdin) || is_on) {
		is_wanted = !feof(stdin) && !strcmp(line, "on\n");
		for (int i = 0; i < count && is_wanted != is_on; i++)
			if (is_wanted)
				was_made[i] = attach(&yardstick, places[i]);
			else if (was_made[i])
				remove_clsact(places[i]);
			else
				detach(&yardstick, places[i]);
		if (!is_wanted)
			take_table(&yardstick);
		is_on = is_wanted;
		puts(is_on ? "on" : "off");
		fflush(stdout);
	}
	yardsticks__destroy(yardstick.skeleton);
	return 0;
}

/* Where no places are named, they are the ends of the probe's link. */
static int be_agent(const struct options *options, char *const *places, int count)
{
	char *ends[] = {getenv("FLOWTAPE_PROBE_NEAR"), getenv("FLOWTAPE_PROBE_FAR")};

	if (count)
		return be_switched(options, places, count);
	if (!ends[0] || !ends[1])
		fail("FLOWTAPE_PROBE_NEAR, FLOWTAPE_PROBE_FAR", EINVAL);
	return be_switched(options, ends, 2);
}

/* Returns whether it is told to evict, and to go on. */
static int wait_for_work(const sigset_t *signals)
{
	return sigwaitinfo(signals, NULL) == SIGUSR1;
}

static int usage(void)
{
	fputs("usage: yardstick [--room ENTRIES] 1.7|1.8 "
	      "NAMESPACE/INTERFACE... or --switched [--room ENTRIES] 1.7|1.8 "
	      "[NAMESPACE/INTERFACE...]\n",
	      stderr);
	return 64;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {{"room", required_argument, NULL, 'r'},
					      {"switched", no_argument, NULL, 's'},
					      {NULL, 0, NULL, 0}};
	struct options options = {0};
	struct yardstick yardstick;
	int option, is_switched = 0;
	sigset_t signals;

	while ((option = getopt_long(argc, argv, "+", known, NULL)) != -1)
		if (option == 's')
			is_switched = 1;
		else if (option == 'r')
			options.room = (uint32_t)strtoul(optarg, NULL, 10);
		else
			return usage();
	options.design = argv[optind++];
	if (!options.design ||
	    (strcmp(options.design, "1.7") && strcmp(options.design, "1.8")) ||
	    (!is_switched && optind == argc) || argc - optind > PLACES_MOST)
		return usage();
	if (is_switched)
		return be_agent(&options, argv + optind, argc - optind);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	load(&yardstick, &options);
	for (int i = optind; i < argc; i++)
		attach(&yardstick, argv[i]);
	fputs("ready\n", stderr);
	while (wait_for_work(&signals))
		evict(&yardstick);
	for (int i = optind; i < argc; i++)
		detach(&yardstick, argv[i]);
	evict(&yardstick);
	print_losses(&yardstick);
	yardsticks__destroy(yardstick.skeleton);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowrec's programs in the kernel, made slower by a known time: an agent for
 * flowrec bench --probe, to see whether it finds the difference.
 *
 *   slower NANOSECONDS
 *
 * That much is spent for each packet at each of the hooks where packets are counted, in a
 * program beside the recorder's; with 0 it is there too, and spends nothing. How long a round
 * of it takes, the kernel's own test of programs tells first.
 */
#include "recorder/probes.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testdata/bench/slower/slower.skel.h"

#define TRIAL_ROUNDS 2000
#define TRIALS	     9
#define REPEAT	     2000

struct slower {
	struct probes *probes;
	struct slower_bpf *skeleton;
};

_Noreturn static void fail(const char *what, int error)
{
	fprintf(stderr, "slower: %s: %s\n", what, strerror(error < 0 ? -error : error));
	exit(1);
}

/* The least of some trials, in ns. */
static double try_rounds(const struct slower_bpf *skeleton, uint32_t rounds)
{
	char packet[64] = {0};
	double least = 0;

	skeleton->bss->rounds = rounds;
	for (int i = 0; i < TRIALS; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet,
			    .data_size_in = sizeof(packet), .repeat = REPEAT);
		int error = bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.slow_trial),
						   &options);

		if (error)
			fail("cannot try the program", error);
		if (!i || options.duration < least)
			least = options.duration;
	}
	return least;
}

static void load(struct slower *slower, double ns)
{
	const struct probes_options options = {0};
	char *problem = NULL;
	double round_ns;
	int error = probes_open(&options, &slower->probes, &problem);

	if (error)
		fail(problem ? problem : "cannot load the recorder's programs", error);
	probes_own_sockets(slower->probes);
	probes_detach(slower->probes);
	slower->skeleton = slower_bpf__open_and_load();
	if (!slower->skeleton)
		fail("cannot load the busy program", errno);
	round_ns =
		(try_rounds(slower->skeleton, TRIAL_ROUNDS) - try_rounds(slower->skeleton, 0)) /
		TRIAL_ROUNDS;
	slower->skeleton->bss->rounds = (uint32_t)(ns / round_ns + 0.5);
	fprintf(stderr, "%u rounds of %.2f ns\n", slower->skeleton->bss->rounds, round_ns);
}

static int pass_flow(void *context, const struct flow_key *key, const struct flow_value *value)
{
	return 0;
}

static int pass_event(void *context, void *record, size_t size)
{
	return 0;
}

static void turn_on(struct slower *slower)
{
	int error = probes_attach(slower->probes);

	if (error)
		fail("cannot attach", error);
	slower->skeleton->links.slow_receive =
		bpf_program__attach(slower->skeleton->progs.slow_receive);
	slower->skeleton->links.slow_transmit =
		bpf_program__attach(slower->skeleton->progs.slow_transmit);
	if (!slower->skeleton->links.slow_receive || !slower->skeleton->links.slow_transmit)
		fail("cannot attach the busy program", errno);
}

static void turn_off(struct slower *slower)
{
	size_t drained;

	bpf_link__destroy(slower->skeleton->links.slow_receive);
	bpf_link__destroy(slower->skeleton->links.slow_transmit);
	slower->skeleton->links.slow_receive = slower->skeleton->links.slow_transmit = NULL;
	probes_detach(slower->probes);
	if (probes_are_filling(slower->probes) && !probes_turn(slower->probes))
		probes_drain_flows(slower->probes, pass_flow, NULL, &drained);
	probes_poll(slower->probes, 0, pass_event, NULL);
}

int main(int argc, char **argv)
{
	struct slower slower;
	char line[16], *end;
	double ns = argc == 2 ? strtod(argv[1], &end) : -1;
	int is_on = 0, is_wanted;

	if (ns < 0 || *end) {
		fputs("usage: slower NANOSECONDS\n", stderr);
		return 64;
	}
	load(&slower, ns);
	while (fgets(line, sizeof(line), stdin)) {
		is_wanted = !strcmp(line, "on\n");
		if (is_wanted && !is_on)
			turn_on(&slower);
		if (!is_wanted && is_on)
			turn_off(&slower);
		is_on = is_wanted;
		puts(is_on ? "on" : "off");
		fflush(stdout);
	}
	slower_bpf__destroy(slower.skeleton);
	probes_close(slower.probes);
	return 0;
}

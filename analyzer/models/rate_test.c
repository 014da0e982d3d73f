/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of what a fingerprint would do at other rates, each worked out on paper.
 */
#include "analyzer/models/path_test.h"
#include "analyzer/models/rate.h"
#include "analyzer/models/sighting.h"

#include "schema/flow_hash.h"

#include <math.h>
#include <stdlib.h>

#define PACKETS 10000

enum kind {
	RUNS,
	STAYS,
	JUMPS,
};

/*
 * Packets of so many flows in turn, 1 us apart. Their contents go round: as many for each flow
 * as contents says, the same for all flows where is_shared; none comes twice where it is 0.
 */
static struct rate *measure(size_t count, uint64_t flows, enum kind kind, uint64_t contents,
			    int is_shared, int has_identification)
{
	struct rate_packet *packets = calloc(count, sizeof(*packets));
	struct rate *rate = NULL;

	assert_non_null(packets);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t flow = i % flows, number = i / flows;

		packets[i] = (struct rate_packet){
			.content =
				contents ? number % contents + (is_shared ? 0 : flow << 32) : i,
			.flow = flow,
			.time_ns = i * 1000,
			.identification = (uint32_t)(kind == RUNS    ? number + flow * 1000
						     : kind == STAYS ? 7
								     : flow_hash_mix(i + 1)),
		};
	}
	assert_int_equal(rate_measure(packets, count, has_identification, &rate), 0);
	free(packets);
	return rate;
}

static void expect(const struct rate *rate, double window, unsigned int width, double error)
{
	double low, high, found = rate_calculate(rate, window, width).either;
	const uint64_t trials = 20000;
	uint64_t dismissed = rate_replay(rate, window, width, trials, 1);

	if (fabs(found - error) > 1e-9 + 1e-6 * error)
		fail_msg("%g packets: %.12g, not %.12g", window, found, error);
	/* 1 in 30,000 would be outside of four and more standard deviations. */
	low = (double)trials * error - 4.2 * sqrt((double)trials * error * (1 - error)) - 1;
	high = (double)trials * error + 4.2 * sqrt((double)trials * error * (1 - error)) + 1;
	if ((double)dismissed < low || (double)dismissed > high)
		fail_msg("%g packets: replayed %g, not %g", window,
			 (double)dismissed / (double)trials, error);
}

/* 1 - (1 - 2^-16)^n: 0.15 % of 100 packets, 78.3 % of 100,000. */
static void a_uniform_identification_collides_as_its_bits_say(void **state)
{
	struct rate *rate = measure(PACKETS, 1, JUMPS, 1, 1, 1);

	for (double window = 100; window < 1e7; window *= 10)
		expect(rate, window, 64, 1 - pow(1 - 1 / 65536.0, window));
	assert_true(fabs(rate_calculate(rate, 100, 64).either - 0.00152473) < 1e-8);
	assert_true(fabs(rate_calculate(rate, 100000, 64).either - 0.782573) < 1e-6);
	rate_free(rate);
}

/* Nothing but the digest errs where no content comes twice. */
static void a_narrow_digest_errs_by_itself(void **state)
{
	struct rate *rate = measure(PACKETS, 1, RUNS, 0, 0, 1);

	expect(rate, 1e5, 16, 1 - pow(1 - 1 / 65536.0, 1e5));
	expect(rate, 1e5, 20, 1 - pow(1 - 1 / 1048576.0, 1e5));
	expect(rate, 1e5, 32, 2.3282794e-5); /* 1e5 / 2^32, less half its square */
	assert_true(rate_calculate(rate, 1e5, 64).either < 6e-15);
	assert_true(rate_calculate(rate, 1e5, 16).structural < 1e-12);
	assert_true(rate->summary.equal == 0);
	rate_free(rate);
}

/* With one flow and one content, no packet is dismissed before the 65536th, and all after. */
static void identifications_that_run_hold_until_they_wrap(void **state)
{
	struct rate *rate = measure(PACKETS, 1, RUNS, 1, 1, 1);

	expect(rate, 10000, 64, 0);
	expect(rate, 64000, 64, 0);
	expect(rate, 65536, 64, 0.5); /* as many packets as that, more or less */
	expect(rate, 67000, 64, 1);
	assert_int_equal(rate->summary.counters, 1);
	assert_true(rate->summary.counter == 1);
	rate_free(rate);
}

/* Of two contents, half of the packets that have the identification: 1/2, 3/4, 7/8. */
static void each_time_round_is_one_more_chance(void **state)
{
	struct rate *rate = measure(PACKETS, 1, RUNS, 2, 1, 1);

	expect(rate, 60000, 64, 0);
	expect(rate, 1.5 * 65536, 64, 0.5);
	expect(rate, 2.5 * 65536, 64, 0.75);
	expect(rate, 3.5 * 65536, 64, 0.875);
	rate_free(rate);
}

/*
 * Four flows that look the same but for their identifications: each of the three others is
 * within the window behind with the part of 65536 that it sent; the own one wraps last.
 */
static void flows_whose_contents_agree_share_identifications(void **state)
{
	struct rate *rate = measure(PACKETS, 4, RUNS, 1, 1, 1);

	expect(rate, 0.4 * 65536, 64, 1 - pow(1 - 0.1, 3));
	expect(rate, 2 * 65536, 64, 1 - pow(1 - 0.5, 3));
	expect(rate, 4.2 * 65536, 64, 1);
	rate_free(rate);
}

/* With the tuple in the content there are no others, and each flow wraps by itself. */
static void flows_that_are_told_apart_wrap_each_by_itself(void **state)
{
	struct rate *rate = measure(PACKETS, 4, RUNS, 1, 0, 1);

	expect(rate, 3.8 * 65536, 64, 0);
	expect(rate, 4.2 * 65536, 64, 1);
	assert_true(rate->summary.counter == 0.25);
	rate_free(rate);
}

/* Fields that recur with a probability of 1/4 each: 1 - (3/4)^n. */
static void contents_that_recur_collide_by_their_share(void **state)
{
	struct rate *rate = measure(PACKETS, 1, RUNS, 4, 1, 0);

	expect(rate, 1, 64, 0.25);
	expect(rate, 3, 64, 1 - 27.0 / 64);
	expect(rate, 1000, 64, 1);
	/* 4 x 2500 x 2499 / 2 of 10000 x 9999 / 2 pairs. */
	assert_true(fabs(rate->summary.equal - 2499.0 / 9999) < 1e-12);
	assert_int_equal(rate->summary.repeats, PACKETS - 4);
	assert_true(rate->summary.repeat_ns[1] == 4000);
	rate_free(rate);
}

/* Every tenth packet repeats what was sent 5 packets ago, and never again. */
static void what_is_sent_again_comes_so_many_packets_later(void **state)
{
	struct rate_packet packets[PACKETS];
	struct rate *rate = NULL;

	for (uint64_t i = 0; i < PACKETS; i++)
		packets[i] = (struct rate_packet){
			.content = i % 10 == 9 ? i - 5 : i,
			.flow = 1,
			.time_ns = i * 1000,
			.identification = (uint32_t)i,
		};
	assert_int_equal(rate_measure(packets, PACKETS, 0, &rate), 0);
	expect(rate, 4, 64, 0);
	expect(rate, 5, 64, 0.1);
	expect(rate, 1e8, 64, 0.1);
	rate_free(rate);
}

/* Contents without number, of which many running flows have one each. */
static void many_flows_are_replayed_as_they_are_calculated(void **state)
{
	struct rate *rate = measure(PACKETS, 500, RUNS, 1, 1, 1);

	for (double window = 1000; window < 1e6; window *= 3) {
		double place = window / 500 / 65536;

		expect(rate, window, 64, 1 - pow(1 - place, 499));
	}
	rate_free(rate);
}

static void no_packet_has_no_measure(void **state)
{
	struct rate *rate = NULL;

	assert_int_equal(rate_measure(NULL, 0, 1, &rate), -ENODATA);
	assert_null(rate);
}

/* --- of a recording --- */

static void a_recording_is_sped_up(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/* One flow, identifications that run, one length; a payload that never comes twice. */
	path_translated_flow(&path, 1, 1000, 100000);
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT window_ns / 1000000, round(calculated_error, 4), "
		      "round(replayed_error, 4), packets, id_counters, "
		      "round(knee_window_ns / 1e6, 3) "
		      "FROM fingerprint_rate('ip_identification,network_bytes') "
		      "WHERE packets_per_s = 1000000",
		      "1|0.0|0.0|1000|1|65.536\n"
		      "10|0.0|0.0|1000|1|65.536\n"
		      "100|1.0|1.0|1000|1|65.536\n"
		      "1000|1.0|1.0|1000|1|65.536\n"
		      "2000|1.0|1.0|1000|1|65.536");
	sample_expect(sample.database,
		      "SELECT count(*), max(calculated_structural), max(replayed_error) "
		      "FROM fingerprint_rate('ip_identification,payload_first')",
		      "35|0.0|0.0");
	path_close(&path, &sample);
}

/* Recorded at 100,000 packets a second, where nothing is sped up. */
static void what_is_calculated_is_what_fingerprint_finds_at_that_rate(void **state)
{
	static const char *const what[] = {
		"'network_bytes,ip_identification', '1ms,10ms,100ms'",
		"'network_bytes,ip_identification'",
		"'payload_first', '1ms,10ms,100ms', 'width=12'",
		"'payload_first', 'width=12'",
	};
	struct path path = path_begin();
	struct sample sample;

	for (uint64_t i = 1; i <= 60000; i++) {
		struct packet_row row = path_udp(i, "10.1.0.2", 40000, "10.1.0.1", 80);

		row.ip_identification = flow_hash_mix(i) & 0xffff;
		path_hop(&path, &row, PATH_ROUTER, 2, "receive");
	}
	sample = path_open(&path);
	/* 0.15, 1.5 and 14.2 %; 2.4, 21.7 and 91.3 %. The first of them see less of a window.
	 */
	for (size_t i = 0; i < 4; i += 2) {
		char *sql = sqlite3_mprintf(
			"SELECT count(*), max(abs(dismissed_rate - calculated_error) "
			"- calculated_error * window_ns / 6e8) < 0.005 FROM fingerprint(%s) "
			"JOIN fingerprint_rate(%s) USING (window_ns) "
			"WHERE split = 'all' AND packets_per_s = 100000",
			what[i], what[i + 1]);

		sample_expect(sample.database, sql, "3|1");
		sqlite3_free(sql);
	}
	path_close(&path, &sample);
}

static void the_replay_agrees_with_the_calculation_for_each_recipe(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	for (uint64_t i = 0; i < 2000; i++) {
		struct packet_row row =
			path_udp(i / 4, "10.1.0.2", (uint16_t)(40000 + i % 4), "10.1.0.1", 80);

		row.packet_id = i + 1;
		row.network_bytes += (uint32_t)(flow_hash_mix(i) % 3);
		row.ip_identification += (uint32_t)(i % 4) * 9000;
		path_hop(&path, &row, PATH_ROUTER, 2, "receive");
	}
	sample = path_open(&path);
	/* An interval of 95 % holds 19 times in 20. */
	sample_expect(sample.database,
		      "SELECT count(*) >= 500, avg(calculated_error BETWEEN replayed_low "
		      "AND replayed_high) >= 0.9, max(abs(calculated_error - replayed_error)) "
		      "< 0.025 FROM fingerprint_rate",
		      "1|1|1");
	path_close(&path, &sample);
}

static void the_same_seed_gives_the_same_rows(void **state)
{
	struct path path = path_begin();
	struct sample sample;
	char *once;

	path_translated_flow(&path, 1, 200, 100000);
	sample = path_open(&path);
	once = sample_rows(sample.database, "SELECT * FROM fingerprint_rate('ipsx', 'seed=7')");
	assert_true(*once);
	sample_expect(sample.database, "SELECT * FROM fingerprint_rate('ipsx', 'seed=7')",
		      once);
	free(once);
	path_close(&path, &sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uniform_identification_collides_as_its_bits_say),
		cmocka_unit_test(a_narrow_digest_errs_by_itself),
		cmocka_unit_test(identifications_that_run_hold_until_they_wrap),
		cmocka_unit_test(each_time_round_is_one_more_chance),
		cmocka_unit_test(flows_whose_contents_agree_share_identifications),
		cmocka_unit_test(flows_that_are_told_apart_wrap_each_by_itself),
		cmocka_unit_test(contents_that_recur_collide_by_their_share),
		cmocka_unit_test(what_is_sent_again_comes_so_many_packets_later),
		cmocka_unit_test(many_flows_are_replayed_as_they_are_calculated),
		cmocka_unit_test(no_packet_has_no_measure),
		cmocka_unit_test(a_recording_is_sped_up),
		cmocka_unit_test(what_is_calculated_is_what_fingerprint_finds_at_that_rate),
		cmocka_unit_test(the_replay_agrees_with_the_calculation_for_each_recipe),
		cmocka_unit_test(the_same_seed_gives_the_same_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

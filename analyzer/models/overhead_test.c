/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of what is said of the arms of an experiment, on experiments whose differences are
 * known.
 */
#include "analyzer/models/overhead.h"
#include "analyzer/sample_test.h"
#include "analyzer/statistics.h"

#include <errno.h>
#include <math.h>

#define RUNS_MOST 4096

/* An experiment in the making. */
struct experiment {
	struct workload_row runs[RUNS_MOST];
	size_t count;
	uint64_t chance;
	double noise;	/* of each run, relative */
	double weather; /* of each pair */
	double again;	/* what the repeat takes of the baseline's time */
	double factor;	/* and the candidate */
	struct overhead_row *rows;
	size_t row_count;
};

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014). */
static double normal(uint64_t *state)
{
	uint64_t word = *state += 0x9e3779b97f4a7c15ULL;

	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ word >> 27) * 0x94d049bb133111ebULL;
	return statistics_normal_quantile(((double)((word ^ word >> 31) >> 11) + 0.5) /
					  9007199254740992.0);
}

static struct experiment *experiment_new(uint64_t seed)
{
	struct experiment *experiment = calloc(1, sizeof(*experiment));

	assert_non_null(experiment);
	experiment->chance = seed * 1000003;
	experiment->noise = 0.03;
	experiment->weather = 0.5;
	experiment->again = experiment->factor = 1;
	return experiment;
}

static void experiment_free(struct experiment *experiment)
{
	free(experiment->rows);
	free(experiment);
}

static struct workload_row *put(struct experiment *experiment, const char *arm,
				const char *role, uint64_t pair, double slowness)
{
	struct workload_row *run = &experiment->runs[experiment->count++];

	assert_true(experiment->count <= RUNS_MOST);
	*run = (struct workload_row){
		.start_ns = SAMPLE_BEGIN_NS + experiment->count * SECOND_NS,
		.end_ns = SAMPLE_BEGIN_NS + (experiment->count + 1) * SECOND_NS,
		.pair = pair,
		.arm = arm,
		.role = role,
		.command = "load",
		.operation = "request",
		.operations = 100000,
		.duration_ns = (uint64_t)(1e9 * slowness),
		.latency_p50_ns = (uint64_t)(2e5 * slowness),
		.latency_p99_ns = (uint64_t)(6e5 * slowness),
		.machine_user_cpu_ns = (uint64_t)(3e8 * slowness),
		.machine_system_cpu_ns = (uint64_t)(7e8 * slowness),
		.machine_idle_cpu_ns = 1000000000,
	};
	if (!strcmp(role, "candidate")) {
		run->agent = "flowrec record";
		run->agent_user_cpu_ns = 5000000;
		run->agent_memory_bytes = 20 << 20;
	}
	return run;
}

static double run_noise(struct experiment *experiment)
{
	return exp(experiment->noise * normal(&experiment->chance));
}

static void put_pair(struct experiment *experiment, uint64_t pair)
{
	double weather = exp(experiment->weather * normal(&experiment->chance));

	put(experiment, "off", "baseline", pair, weather * run_noise(experiment));
	put(experiment, "on", "candidate", pair,
	    weather * experiment->factor * run_noise(experiment));
	put(experiment, "off-again", "repeat", pair,
	    weather * experiment->again * run_noise(experiment));
}

static void put_pairs(struct experiment *experiment, uint64_t count)
{
	for (uint64_t pair = 1; pair <= count; pair++)
		put_pair(experiment, pair);
}

static void compare_with(struct experiment *experiment, size_t resamples)
{
	const struct overhead_options options = {
		.resamples = resamples, .seed = 1, .groups = ~0U};

	free(experiment->rows);
	assert_int_equal(overhead_compare(experiment->runs, experiment->count, &options,
					  &experiment->rows, &experiment->row_count),
			 0);
}

static void compare(struct experiment *experiment)
{
	compare_with(experiment, 1000);
}

static const struct overhead_row *find(const struct experiment *experiment, const char *arm,
				       const char *metric)
{
	for (size_t i = 0; i < experiment->row_count; i++)
		if (!strcmp(experiment->rows[i].arm, arm) &&
		    !strcmp(experiment->rows[i].metric->name, metric))
			return &experiment->rows[i];
	return NULL;
}

static const struct overhead_row *row(const struct experiment *experiment, const char *arm,
				      const char *metric)
{
	const struct overhead_row *found = find(experiment, arm, metric);

	if (!found)
		fail_msg("no row of %s, %s", arm, metric);
	return found;
}

static void expect_verdict(const struct experiment *experiment, const char *arm,
			   const char *metric, enum overhead_verdict verdict)
{
	assert_string_equal(overhead_verdict_names[row(experiment, arm, metric)->verdict],
			    overhead_verdict_names[verdict]);
}

/* --- what is claimed --- */

static void a_shift_is_found_with_its_size_and_sign(void **state)
{
	struct experiment *experiment = experiment_new(1);
	const struct overhead_row *found;

	experiment->factor = 1.1;
	put_pairs(experiment, 30);
	compare(experiment);
	found = row(experiment, "on", "latency_p50");
	assert_int_equal(found->verdict, OVERHEAD_MORE);
	assert_int_equal(found->pairs, 30);
	assert_true(found->percent_low < 10 && found->percent_high > 10);
	assert_true(fabs(found->percent - 10) < 3);
	assert_true(fabs(found->difference - found->baseline * found->percent / 100) < 1e-6);
	found = row(experiment, "on", "operations_per_s");
	assert_int_equal(found->verdict, OVERHEAD_LESS);
	assert_true(fabs(found->percent - 100 * (1 / 1.1 - 1)) < 3);
	expect_verdict(experiment, "on", "machine_cpu_per_operation", OVERHEAD_MORE);
	expect_verdict(experiment, "off-again", "latency_p50", OVERHEAD_NONE_SEEN);
	experiment_free(experiment);
}

static void without_a_shift_nothing_is_claimed_in_95_of_100_experiments(void **state)
{
	int claims = 0;

	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct experiment *experiment = experiment_new(seed);
		int has_claim = 0;

		put_pairs(experiment, 16);
		compare_with(experiment, 400);
		for (size_t i = 0; i < experiment->row_count; i++)
			has_claim |= !strcmp(experiment->rows[i].role, "candidate") &&
				     (experiment->rows[i].verdict == OVERHEAD_MORE ||
				      experiment->rows[i].verdict == OVERHEAD_LESS);
		claims += has_claim;
		experiment_free(experiment);
	}
	assert_true(claims <= 5);
}

/* With 2 sigma of the binomial distribution to both sides. */
static void the_interval_holds_the_shift_in_95_of_100_experiments(void **state)
{
	static const size_t pairs[] = {6, 12, 60};
	uint64_t chance = 5;

	for (size_t i = 0; i < 3; i++) {
		int held = 0;

		for (int j = 0; j < 500; j++) {
			struct overhead_estimate estimate;
			double values[60];

			/* One in ten is wild. */
			for (size_t k = 0; k < pairs[i]; k++)
				values[k] = 3 + normal(&chance) *
							(normal(&chance) > 1.2816 ? 10 : 1);
			assert_int_equal(overhead_estimate(values, pairs[i], 500, 1, &estimate),
					 0);
			held += estimate.low <= 3 && estimate.high >= 3;
		}
		if (held < 455 || held > 495)
			fail_msg("%zu pairs: held in %d of 500", pairs[i], held);
	}
}

static void the_detectable_shift_is_found_in_most_experiments(void **state)
{
	double detectable[100];
	int found = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct experiment *experiment = experiment_new(seed);
		struct overhead_options options = {.resamples = 400, .seed = 1, .groups = 1};

		if (seed > 100)
			experiment->factor = 1 + statistics_quantile(detectable, 100, 0.5);
		put_pairs(experiment, 20);
		assert_int_equal(overhead_compare(experiment->runs, experiment->count, &options,
						  &experiment->rows, &experiment->row_count),
				 0);
		if (seed <= 100)
			detectable[seed - 1] =
				row(experiment, "on", "latency_p50")->detectable_percent / 100;
		else
			found += row(experiment, "on", "latency_p50")->verdict == OVERHEAD_MORE;
		if (seed == 100)
			statistics_sort(detectable, 100);
		experiment_free(experiment);
	}
	if (found < 60 || found > 95)
		fail_msg("found in %d of 100", found);
}

static void what_a_a_shows_is_no_claim(void **state)
{
	struct experiment *experiment = experiment_new(3);
	const struct overhead_row *found;

	experiment->again = 1.2;
	experiment->factor = 1.1;
	put_pairs(experiment, 20);
	compare(experiment);
	expect_verdict(experiment, "off-again", "latency_p50", OVERHEAD_MORE);
	found = row(experiment, "on", "latency_p50");
	assert_int_equal(found->verdict, OVERHEAD_WITHIN_REPEAT);
	assert_true(found->repeat_low > found->high);
	assert_true(found->repeat_percent_low > 10);
	experiment_free(experiment);
}

static void what_reaches_beyond_a_a_is_a_claim(void **state)
{
	struct experiment *experiment = experiment_new(3);

	experiment->again = 1.05;
	experiment->factor = 1.5;
	put_pairs(experiment, 20);
	compare(experiment);
	expect_verdict(experiment, "off-again", "latency_p50", OVERHEAD_MORE);
	expect_verdict(experiment, "on", "latency_p50", OVERHEAD_MORE);
	experiment_free(experiment);
}

static void few_pairs_claim_nothing(void **state)
{
	struct experiment *experiment = experiment_new(4);

	experiment->factor = 2;
	put_pairs(experiment, 6); /* p is 1/32, and there are three metrics */
	compare(experiment);
	expect_verdict(experiment, "on", "latency_p50", OVERHEAD_TOO_FEW_PAIRS);
	put_pair(experiment, 7);
	compare(experiment);
	expect_verdict(experiment, "on", "latency_p50", OVERHEAD_MORE);
	experiment_free(experiment);
}

static void one_pair_has_no_interval(void **state)
{
	struct experiment *experiment = experiment_new(4);
	const struct overhead_row *found;

	put_pairs(experiment, 1);
	compare(experiment);
	found = row(experiment, "on", "latency_p50");
	assert_int_equal(found->verdict, OVERHEAD_TOO_FEW_PAIRS);
	assert_int_equal(found->pairs, 1);
	assert_true(isfinite(found->difference));
	assert_true(isnan(found->low) && isnan(found->high) && isnan(found->detectable));
	experiment_free(experiment);
}

/* --- what is evidence --- */

static void runs_that_failed_are_left_out_with_their_pair(void **state)
{
	struct experiment *experiment = experiment_new(5);

	put_pairs(experiment, 12);
	experiment->runs[3 * 4].exit_status = 1; /* off in pair 5 */
	experiment->runs[3 * 4].latency_p50_ns = 1;
	experiment->runs[3 * 7 + 1].exit_status = 2; /* on in pair 8 */
	compare(experiment);
	assert_int_equal(row(experiment, "on", "latency_p50")->pairs, 10);
	assert_int_equal(row(experiment, "on", "latency_p50")->left_out, 2);
	assert_int_equal(row(experiment, "off-again", "latency_p50")->pairs, 11);
	assert_int_equal(row(experiment, "off-again", "latency_p50")->left_out, 1);
	experiment_free(experiment);
}

static void a_pair_without_an_arm_is_left_out_for_that_arm(void **state)
{
	struct experiment *experiment = experiment_new(5);

	put_pairs(experiment, 12);
	experiment->runs[3 * 2 + 1].pair = 99; /* on of pair 3 is alone */
	compare(experiment);
	assert_int_equal(row(experiment, "on", "latency_p50")->pairs, 11);
	assert_int_equal(row(experiment, "on", "latency_p50")->left_out, 2);
	assert_int_equal(row(experiment, "off-again", "latency_p50")->left_out, 0);
	experiment_free(experiment);
}

static void warming_up_is_no_evidence(void **state)
{
	struct experiment *experiment = experiment_new(6);

	experiment->factor = 100;
	put_pair(experiment, 0);
	experiment->factor = 1;
	put_pairs(experiment, 12);
	compare(experiment);
	assert_int_equal(row(experiment, "on", "latency_p50")->pairs, 12);
	assert_int_equal(row(experiment, "on", "latency_p50")->left_out, 0);
	expect_verdict(experiment, "on", "latency_p50", OVERHEAD_NONE_SEEN);
	experiment_free(experiment);
}

static void metered_runs_tell_of_programs_alone(void **state)
{
	struct experiment *experiment = experiment_new(6);
	const struct overhead_row *found;

	put_pairs(experiment, 12);
	for (uint64_t pair = 1; pair <= 3; pair++) {
		struct workload_row *run = put(experiment, "on", "candidate", pair, 50);

		run->statistics_ns = SECOND_NS;
		run->program_run_count = 800000;
		run->program_run_time_ns = 80000000;
		run->map_memory_bytes = 4096;
	}
	compare(experiment);
	found = row(experiment, "on", "program_run");
	assert_int_equal(found->verdict, OVERHEAD_MEASURED);
	assert_int_equal(found->pairs, 3);
	assert_true(fabs(found->value - 100) < 1e-9);
	assert_true(fabs(row(experiment, "on", "program_per_operation")->value - 800) < 1e-9);
	assert_int_equal(row(experiment, "on", "map_memory")->pairs, 3);
	assert_int_equal(row(experiment, "on", "latency_p50")->pairs, 12);
	expect_verdict(experiment, "on", "latency_p50", OVERHEAD_NONE_SEEN);
	experiment_free(experiment);
}

static void quantiles_of_few_operations_are_withheld(void **state)
{
	struct experiment *experiment = experiment_new(7);
	const struct overhead_row *found;

	experiment->factor = 2;
	put_pairs(experiment, 12);
	experiment->runs[3].operations = 999;
	experiment->runs[7].operations = 1000; /* ten lie beyond p99 */
	compare(experiment);
	expect_verdict(experiment, "on", "latency_p99", OVERHEAD_MORE);
	experiment->runs[7].operations = 999; /* and now in less than 9 of 10 pairs */
	compare(experiment);
	found = row(experiment, "on", "latency_p99");
	assert_int_equal(found->verdict, OVERHEAD_NOT_RESOLVED);
	assert_true(isnan(found->difference) && isnan(found->percent) && isnan(found->low) &&
		    isnan(found->p) && isnan(found->value));
	assert_true(found->detectable_percent > 0);
	for (size_t i = 0; i < experiment->count; i++)
		experiment->runs[i].operations = 5;
	compare(experiment);
	expect_verdict(experiment, "on", "latency_p99", OVERHEAD_NOT_RESOLVED);
	expect_verdict(experiment, "on", "latency_p50", OVERHEAD_MORE);
	experiment_free(experiment);
}

static void latencies_that_nobody_told_are_no_zeros(void **state)
{
	struct experiment *experiment = experiment_new(8);

	put_pairs(experiment, 12);
	experiment->runs[1].latency_p50_ns = 0;
	for (size_t i = 0; i < experiment->count; i++)
		experiment->runs[i].latency_p99_ns = 0;
	compare(experiment);
	assert_int_equal(row(experiment, "on", "latency_p50")->pairs, 11);
	assert_null(find(experiment, "on", "latency_p99"));
	assert_null(find(experiment, "on", "latency_mean"));
	experiment_free(experiment);
}

static void one_operation_has_no_distribution(void **state)
{
	struct experiment *experiment = experiment_new(8);

	put_pairs(experiment, 12);
	for (size_t i = 0; i < experiment->count; i++) {
		experiment->runs[i].operation = "run";
		experiment->runs[i].operations = 1;
		experiment->runs[i].latency_mean_ns = experiment->runs[i].latency_p50_ns;
	}
	compare(experiment);
	expect_verdict(experiment, "on", "latency_mean", OVERHEAD_NONE_SEEN);
	assert_null(find(experiment, "on", "latency_p50"));
	assert_null(find(experiment, "on", "operations_per_s"));
	experiment_free(experiment);
}

static void zeros_are_compared_by_difference(void **state)
{
	struct experiment *experiment = experiment_new(9);
	const struct overhead_row *found;

	put_pairs(experiment, 12);
	for (size_t i = 0; i < experiment->count; i++)
		if (!strcmp(experiment->runs[i].arm, "on"))
			experiment->runs[i].machine_interrupt_cpu_ns = 5000000 + i;
	compare(experiment);
	found = row(experiment, "on", "machine_interrupt_cpu_per_operation");
	assert_int_equal(found->verdict, OVERHEAD_MORE);
	assert_true(isnan(found->percent));
	assert_true(fabs(found->difference - 50) < 0.01);
	/* Nobody had interrupts in both. */
	assert_null(find(experiment, "off-again", "machine_interrupt_cpu_per_operation"));
	experiment_free(experiment);
}

static void an_agent_without_a_counterpart_is_measured(void **state)
{
	struct experiment *experiment = experiment_new(9);
	const struct overhead_row *found;

	put_pairs(experiment, 12);
	compare(experiment);
	found = row(experiment, "on", "agent_memory");
	assert_int_equal(found->verdict, OVERHEAD_MEASURED);
	assert_true(fabs(found->value - (20 << 20)) < 1e-6 && isnan(found->baseline));
	assert_null(find(experiment, "off-again", "agent_memory"));
	experiment_free(experiment);
}

static void two_agents_are_compared_with_each_other(void **state)
{
	struct experiment *experiment = experiment_new(9);
	const struct overhead_row *found;

	put_pairs(experiment, 12);
	for (size_t i = 0; i < experiment->count; i++)
		if (!strcmp(experiment->runs[i].arm, "off")) {
			experiment->runs[i].agent = "flowrec record --streams flow";
			experiment->runs[i].agent_memory_bytes = 10 << 20;
		}
	compare(experiment);
	found = row(experiment, "on", "agent_memory");
	assert_int_equal(found->verdict, OVERHEAD_MORE);
	assert_true(fabs(found->percent - 100) < 1e-6);
	experiment_free(experiment);
}

static void huge_values_stay_finite(void **state)
{
	struct experiment *experiment = experiment_new(10);
	const struct overhead_row *found;

	put_pairs(experiment, 12);
	for (size_t i = 0; i < experiment->count; i++) {
		struct workload_row *run = &experiment->runs[i];
		int is_on = !strcmp(run->arm, "on");

		run->operations = run->duration_ns = UINT64_MAX;
		run->latency_p50_ns = is_on ? UINT64_MAX - i : 1;
		run->machine_user_cpu_ns = UINT64_MAX;
		run->end_ns = i % 2 ? 0 : UINT64_MAX; /* before it began */
	}
	compare(experiment);
	found = row(experiment, "on", "latency_p50");
	assert_int_equal(found->verdict, OVERHEAD_MORE);
	assert_true(isfinite(found->difference) && isfinite(found->high));
	experiment_free(experiment);
}

static void without_a_baseline_there_is_nothing(void **state)
{
	struct experiment *experiment = experiment_new(11);

	put_pairs(experiment, 6);
	for (size_t i = 0; i < experiment->count; i++)
		experiment->runs[i].role = "candidate";
	compare(experiment);
	assert_int_equal(experiment->row_count, 0);
	experiment->count = 0;
	compare(experiment);
	assert_int_equal(experiment->row_count, 0);
	experiment_free(experiment);
}

static void the_order_of_the_runs_does_not_matter(void **state)
{
	struct experiment *experiment = experiment_new(12);
	struct overhead_row before;

	put_pairs(experiment, 15);
	compare(experiment);
	before = *row(experiment, "on", "latency_p50");
	for (size_t i = 0; i < experiment->count / 2; i++) {
		struct workload_row one = experiment->runs[i];

		experiment->runs[i] = experiment->runs[experiment->count - 1 - i];
		experiment->runs[experiment->count - 1 - i] = one;
	}
	compare(experiment);
	assert_true(row(experiment, "on", "latency_p50")->low == before.low);
	assert_true(row(experiment, "on", "latency_p50")->difference == before.difference);
	experiment_free(experiment);
}

/* --- the estimate --- */

/* Which makes all Walsh averages. */
static void the_estimate_is_that_of_hodges_and_lehmann(void **state)
{
	uint64_t chance = 77;

	for (size_t count = 1; count <= 40; count++) {
		struct overhead_estimate estimate;
		struct statistics_shift shift;
		double values[40];

		for (size_t i = 0; i < count; i++)
			values[i] = i % 5 == 4 ? values[i - 1] : normal(&chance);
		assert_int_equal(overhead_estimate(values, count, 200, 1, &estimate), 0);
		assert_int_equal(statistics_paired_shift(values, count, 0.95, &shift), 0);
		assert_true(fabs(estimate.value - shift.shift) < 1e-9);
		assert_true(fabs(estimate.confidence - shift.confidence) < 1e-12);
	}
}

static void equal_values_leave_no_doubt(void **state)
{
	static const double values[] = {4, 4, 4, 4, 4, 4, 4, 4};
	struct overhead_estimate estimate;

	assert_int_equal(overhead_estimate(values, 8, 200, 1, &estimate), 0);
	assert_true(estimate.value == 4 && estimate.low == 4 && estimate.high == 4);
	assert_true(estimate.standard_error == 0);
}

static void what_is_no_number_is_refused(void **state)
{
	const double values[] = {1, NAN, 3}, infinite[] = {1, INFINITY};
	struct overhead_estimate estimate;

	assert_int_equal(overhead_estimate(values, 3, 200, 1, &estimate), -EINVAL);
	assert_int_equal(overhead_estimate(infinite, 2, 200, 1, &estimate), -EINVAL);
	assert_int_equal(overhead_estimate(values, 0, 200, 1, &estimate), -EINVAL);
	assert_int_equal(overhead_estimate(values, 1, 0, 1, &estimate), -EINVAL);
}

/* --- the table --- */

static char *recording_of(const struct experiment *experiment)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);

	for (size_t i = 0; i < experiment->count; i++)
		sample_row(segment, STREAM_WORKLOAD, &experiment->runs[i]);
	sample_finish(segment);
	return directory;
}

static void the_table_has_a_row_for_each_metric_and_arm(void **state)
{
	struct experiment *experiment = experiment_new(13);
	struct sample sample;
	char *directory;

	experiment->factor = 1.3;
	put_pairs(experiment, 12);
	for (size_t i = 0; i < experiment->count; i++) {
		experiment->runs[i].machine_user_cpu_ns = 0;
		experiment->runs[i].machine_system_cpu_ns = 0;
		experiment->runs[i].machine_interrupt_cpu_ns = 0;
	}
	directory = recording_of(experiment);
	sample = sample_open(directory);
	sample_expect(sample.database,
		      "SELECT recording_id, command, arm, role, metric, unit, pairs, verdict "
		      "FROM overhead('resamples=200,group=workload') WHERE arm = 'on'",
		      "sample|load|on|candidate|latency_p50|ns|12|more\n"
		      "sample|load|on|candidate|latency_p99|ns|12|more\n"
		      "sample|load|on|candidate|operations_per_s|operations/s|12|less");
	/* Once more the same; another seed moves the interval. */
	sample_expect_same(sample.database, "SELECT * FROM overhead",
			   "SELECT * FROM overhead('seed=1,resamples=2000,group=all')");
	sample_expect(sample.database,
		      "SELECT count(*), sum(a.difference = b.difference), "
		      "max(a.difference_low <> b.difference_low) FROM overhead AS a "
		      "JOIN overhead('seed=2') AS b USING (arm, metric) "
		      "WHERE metric = 'latency_p50'",
		      "2|2|1");
	/* Nothing is known of the machine: that is no rows, and nothing to remark. */
	sample_expect(sample.database, "SELECT * FROM overhead('group=machine')", "");
	assert_null(recording_take_remark(sample.recording));
	/* Seen from the other arm it is the other way round. */
	sample_expect(sample.database,
		      "SELECT arm, role, pairs, verdict FROM overhead('group=workload', 'on') "
		      "WHERE metric = 'latency_p50' AND arm = 'off'",
		      "off|candidate|12|less");
	sample_close(&sample);
	scratch_remove(directory);
	experiment_free(experiment);
}

static void a_recording_without_runs_says_how_they_are_made(void **state)
{
	char *directory = sample_recording(5), *remark;
	struct sample sample = sample_open(directory);

	sample_expect(sample.database, "SELECT * FROM overhead", "");
	remark = recording_take_remark(sample.recording);
	assert_non_null(remark);
	assert_non_null(strstr(remark, "flowrec bench"));
	free(remark);
	assert_null(recording_take_remark(sample.recording));
	sample_close(&sample);
	scratch_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shift_is_found_with_its_size_and_sign),
		cmocka_unit_test(without_a_shift_nothing_is_claimed_in_95_of_100_experiments),
		cmocka_unit_test(the_interval_holds_the_shift_in_95_of_100_experiments),
		cmocka_unit_test(the_detectable_shift_is_found_in_most_experiments),
		cmocka_unit_test(what_a_a_shows_is_no_claim),
		cmocka_unit_test(what_reaches_beyond_a_a_is_a_claim),
		cmocka_unit_test(few_pairs_claim_nothing),
		cmocka_unit_test(one_pair_has_no_interval),
		cmocka_unit_test(runs_that_failed_are_left_out_with_their_pair),
		cmocka_unit_test(a_pair_without_an_arm_is_left_out_for_that_arm),
		cmocka_unit_test(warming_up_is_no_evidence),
		cmocka_unit_test(metered_runs_tell_of_programs_alone),
		cmocka_unit_test(quantiles_of_few_operations_are_withheld),
		cmocka_unit_test(latencies_that_nobody_told_are_no_zeros),
		cmocka_unit_test(one_operation_has_no_distribution),
		cmocka_unit_test(zeros_are_compared_by_difference),
		cmocka_unit_test(an_agent_without_a_counterpart_is_measured),
		cmocka_unit_test(two_agents_are_compared_with_each_other),
		cmocka_unit_test(huge_values_stay_finite),
		cmocka_unit_test(without_a_baseline_there_is_nothing),
		cmocka_unit_test(the_order_of_the_runs_does_not_matter),
		cmocka_unit_test(the_estimate_is_that_of_hodges_and_lehmann),
		cmocka_unit_test(equal_values_leave_no_doubt),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(the_table_has_a_row_for_each_metric_and_arm),
		cmocka_unit_test(a_recording_without_runs_says_how_they_are_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

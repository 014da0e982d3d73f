/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of a run that are compared.
 */
#include "analyzer/models/overhead_metric.h"

#include <math.h>
#include <string.h>

static double known(uint64_t value)
{
	return value ? (double)value : NAN;
}

static double ratio(double value, uint64_t by)
{
	return by ? value / (double)by : NAN;
}

/* --- workload --- */

static double latency_mean(const struct workload_row *run)
{
	return known(run->latency_mean_ns);
}

/* Of one operation there is a latency, but no distribution. */
#define QUANTILE(what)                                                               \
	static double latency_##what(const struct workload_row *run)                 \
	{                                                                            \
		return run->operations == 1 ? NAN : known(run->latency_##what##_ns); \
	}

QUANTILE(p50)
QUANTILE(p90)
QUANTILE(p95)
QUANTILE(p99)
QUANTILE(p999)

/* Of runs one after the other this is the mean latency over again. */
static double operations_per_s(const struct workload_row *run)
{
	if (run->operation && !strcmp(run->operation, "run") && run->latency_mean_ns)
		return NAN;
	return ratio(known(run->operations) * 1e9, run->duration_ns);
}

static double bytes_per_s(const struct workload_row *run)
{
	return run->operations ? NAN : ratio(known(run->bytes) * 1e9, run->duration_ns);
}

/* --- machine --- */

/* NaN where nobody looked: a machine that did nothing was idle. */
static double machine_cpu(const struct workload_row *run, uint64_t value)
{
	return run->machine_user_cpu_ns || run->machine_system_cpu_ns ||
			       run->machine_interrupt_cpu_ns || run->machine_idle_cpu_ns
		       ? (double)value
		       : NAN;
}

static uint64_t span_ns(const struct workload_row *run)
{
	return run->end_ns > run->start_ns ? run->end_ns - run->start_ns : 0;
}

static double per_s(const struct workload_row *run, double value)
{
	return ratio(value * 1e9, span_ns(run));
}

static uint64_t machine_busy(const struct workload_row *run)
{
	return run->machine_user_cpu_ns + run->machine_system_cpu_ns +
	       run->machine_interrupt_cpu_ns;
}

/* For each operation, or where none are counted for each second. */
#define MACHINE(what, member)                                                        \
	static double machine_##what##_per_operation(const struct workload_row *run) \
	{                                                                            \
		return ratio(machine_cpu(run, member), run->operations);             \
	}                                                                            \
	static double machine_##what##_per_s(const struct workload_row *run)         \
	{                                                                            \
		return run->operations ? NAN : per_s(run, machine_cpu(run, member)); \
	}

MACHINE(cpu, machine_busy(run))
MACHINE(user_cpu, run->machine_user_cpu_ns)
MACHINE(system_cpu, run->machine_system_cpu_ns)
MACHINE(interrupt_cpu, run->machine_interrupt_cpu_ns)

/* --- agent --- */

/* Without an agent nothing is used; one that used none at all was not looked at. */
static double agent(const struct workload_row *run, uint64_t value, int is_known)
{
	return !run->agent || is_known ? (double)value : NAN;
}

static double agent_cpu(const struct workload_row *run, uint64_t value)
{
	return agent(run, value, run->agent_user_cpu_ns || run->agent_system_cpu_ns);
}

static double agent_user_per_s(const struct workload_row *run)
{
	return per_s(run, agent_cpu(run, run->agent_user_cpu_ns));
}

static double agent_system_per_s(const struct workload_row *run)
{
	return per_s(run, agent_cpu(run, run->agent_system_cpu_ns));
}

static double agent_user_per_operation(const struct workload_row *run)
{
	return ratio(agent_cpu(run, run->agent_user_cpu_ns), run->operations);
}

static double agent_system_per_operation(const struct workload_row *run)
{
	return ratio(agent_cpu(run, run->agent_system_cpu_ns), run->operations);
}

static double agent_memory(const struct workload_row *run)
{
	return agent(run, run->agent_memory_bytes, run->agent_memory_bytes != 0);
}

static double map_memory(const struct workload_row *run)
{
	return agent(run, run->map_memory_bytes, run->map_memory_bytes != 0);
}

static double written_per_s(const struct workload_row *run)
{
	return per_s(run, (double)run->written_bytes);
}

static double program_run(const struct workload_row *run)
{
	return ratio((double)run->program_run_time_ns, run->program_run_count);
}

static double program_per_operation(const struct workload_row *run)
{
	return run->program_run_count ? ratio((double)run->program_run_time_ns, run->operations)
				      : NAN;
}

#define WORKLOAD(name, unit, share, value)                                  \
	{                                                                   \
		name, unit, OVERHEAD_WORKLOAD, OVERHEAD_PLAIN, share, value \
	}
#define MACHINE_CPU(what, how, unit)                                                      \
	{                                                                                 \
		"machine_" #what "_cpu_" #how, unit, OVERHEAD_MACHINE, OVERHEAD_PLAIN, 0, \
			machine_##what##_cpu_##how                                        \
	}
#define AGENT(name, unit, evidence, value)                     \
	{                                                      \
		name, unit, OVERHEAD_AGENT, evidence, 0, value \
	}

static const struct overhead_metric metrics[] = {
	WORKLOAD("latency_mean", "ns", 0, latency_mean),
	WORKLOAD("latency_p50", "ns", 0.5, latency_p50),
	WORKLOAD("latency_p90", "ns", 0.9, latency_p90),
	WORKLOAD("latency_p95", "ns", 0.95, latency_p95),
	WORKLOAD("latency_p99", "ns", 0.99, latency_p99),
	WORKLOAD("latency_p999", "ns", 0.999, latency_p999),
	WORKLOAD("operations_per_s", "operations/s", 0, operations_per_s),
	WORKLOAD("bytes_per_s", "bytes/s", 0, bytes_per_s),
	{"machine_cpu_per_operation", "ns/operation", OVERHEAD_MACHINE, OVERHEAD_PLAIN, 0,
	 machine_cpu_per_operation},
	MACHINE_CPU(user, per_operation, "ns/operation"),
	MACHINE_CPU(system, per_operation, "ns/operation"),
	MACHINE_CPU(interrupt, per_operation, "ns/operation"),
	{"machine_cpu_per_s", "ns/s", OVERHEAD_MACHINE, OVERHEAD_PLAIN, 0, machine_cpu_per_s},
	MACHINE_CPU(user, per_s, "ns/s"),
	MACHINE_CPU(system, per_s, "ns/s"),
	MACHINE_CPU(interrupt, per_s, "ns/s"),
	AGENT("agent_user_cpu_per_s", "ns/s", OVERHEAD_PLAIN, agent_user_per_s),
	AGENT("agent_system_cpu_per_s", "ns/s", OVERHEAD_PLAIN, agent_system_per_s),
	AGENT("agent_user_cpu_per_operation", "ns/operation", OVERHEAD_PLAIN,
	      agent_user_per_operation),
	AGENT("agent_system_cpu_per_operation", "ns/operation", OVERHEAD_PLAIN,
	      agent_system_per_operation),
	AGENT("program_run", "ns/run", OVERHEAD_METERED, program_run),
	AGENT("program_per_operation", "ns/operation", OVERHEAD_METERED, program_per_operation),
	AGENT("agent_memory", "bytes", OVERHEAD_EITHER, agent_memory),
	AGENT("map_memory", "bytes", OVERHEAD_EITHER, map_memory),
	AGENT("written_per_s", "bytes/s", OVERHEAD_PLAIN, written_per_s),
};

const struct overhead_metric *overhead_metric(size_t i)
{
	return i < sizeof(metrics) / sizeof(metrics[0]) ? &metrics[i] : NULL;
}

int overhead_metric_bears(const struct overhead_metric *metric, const struct workload_row *run)
{
	return metric->share <= 0.5 ||
	       (double)run->operations * (1 - metric->share) >= OVERHEAD_BEYOND - 1e-6;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Switches agents: programs of the recorder in this process, other agents by their pipes.
 */
#include "recorder/bench/agent_kernel.h"
#include "recorder/bench/bench_switch.h"
#include "recorder/bench/talk.h"
#include "recorder/commands.h"
#include "recorder/probes.h"
#include "recorder/record_options.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wordexp.h>

#define END_MS	      5000
#define COST_MOST     64
#define SIGHTINGS_MAX 1000000U

struct bench_switch {
	const struct arm *arm;
	char *agent; /* as it is stored */
	/* ARM_RECORDER */
	wordexp_t words;
	struct record_options options;
	struct probes *probes;
	struct cost_part cost[COST_MOST];
	/* ARM_COMMAND */
	pid_t pid; /* of the shell, and of its process group; 0: none */
	struct talk talk;
	struct agent_kernel *kernel; /* NULL: not looked for yet */
};

static int say(char **problem, int error, const struct arm *arm, const char *what)
{
	if (asprintf(problem, "arm %s: %s: %s", arm->name, what, strerror(-error)) < 0)
		*problem = NULL;
	return error;
}

/* --- the recorder's programs --- */

static int parse_words(struct bench_switch *agent, char **problem)
{
	const char *words = agent->arm->words ? agent->arm->words : "";
	char *line;
	int error;

	if (asprintf(&line, "record %s", words) < 0)
		return -ENOMEM;
	error = wordexp(line, &agent->words, WRDE_NOCMD | WRDE_UNDEF);
	free(line);
	if (error == WRDE_NOSPACE)
		return -ENOMEM;
	if (error) {
		agent->words.we_wordc = 0;
		return say(problem, -EINVAL, agent->arm, "options that cannot be told apart");
	}
	return record_options_parse((int)agent->words.we_wordc, agent->words.we_wordv,
				    &agent->options) >= 0
		       ? -EINVAL
		       : 0;
}

static int open_probes(struct bench_switch *agent, char **problem)
{
	struct probes_options options;
	int error = parse_words(agent, problem);

	if (error)
		return error;
	if (asprintf(&agent->agent,
		     "flowrec record%s%s: its programs in the kernel, without "
		     "user space",
		     agent->arm->words ? " " : "",
		     agent->arm->words ? agent->arm->words : "") < 0) {
		agent->agent = NULL;
		return -ENOMEM;
	}
	options = record_options_probes(&agent->options);
	error = probes_open(&options, &agent->probes, problem);
	if (error)
		return error;
	if (probes_capture(agent->probes))
		return say(problem, -EOPNOTSUPP, agent->arm,
			   "no program may count packets here");
	error = probes_own_sockets(agent->probes);
	probes_detach(agent->probes);
	return error == -ENOENT ? 0 : error;
}

static int pass_flow(void *context, const struct flow_key *key, const struct flow_value *value)
{
	return 0;
}

static void pass_rate(void *context, const struct rate_key *key, const struct rate_value *value)
{
}

static int pass_event(void *context, void *record, size_t size)
{
	return 0;
}

static int pass_sighting(void *context, const struct sighting_event *event)
{
	return 0;
}

static uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int drain(struct probes *probes)
{
	size_t drained;
	int error = probes_follow(probes);

	if (!error)
		error = probes_turn(probes);
	if (!error)
		error = probes_drain_flows(probes, pass_flow, NULL, &drained);
	probes_drain_rates(probes, boot_ns(), pass_rate, NULL);
	if (!error)
		error = probes_poll(probes, 0, pass_event, NULL);
	if (error >= 0)
		error = probes_read_sightings(probes, SIGHTINGS_MAX, pass_sighting, NULL);
	return error < 0 ? error : 0;
}

/* --- another agent --- */

_Noreturn static void become(const struct arm *arm, const struct bench_link *link, int told,
			     int answers)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	setenv("FLOWTAPE_PROBE_NEAR", bench_link_place(link, BENCH_NEAR), 1);
	setenv("FLOWTAPE_PROBE_FAR", bench_link_place(link, BENCH_FAR), 1);
	if (dup2(told, STDIN_FILENO) < 0 || dup2(answers, STDOUT_FILENO) < 0)
		_exit(126);
	execl("/bin/sh", "sh", "-c", arm->words, (char *)NULL);
	_exit(127);
}

static int start_command(struct bench_switch *agent, const struct bench_link *link)
{
	int ends[2], error = talk_open(&agent->talk, ends);

	if (error)
		return error;
	agent->pid = fork();
	if (!agent->pid)
		become(agent->arm, link, ends[0], ends[1]);
	close(ends[0]);
	close(ends[1]);
	if (agent->pid < 0) {
		agent->pid = 0;
		return -errno;
	}
	/* The child does the same: whoever comes first. */
	setpgid(agent->pid, agent->pid);
	return 0;
}

static int open_command(struct bench_switch *agent, const struct bench_link *link,
			char **problem)
{
	int error;

	agent->agent = strdup(agent->arm->words);
	error = agent->agent ? start_command(agent, link) : -ENOMEM;
	if (!error)
		error = talk_begin(&agent->talk);
	return error ? say(problem, error, agent->arm,
			   "the agent does not answer \"off\" on its standard output")
		     : 0;
}

static void end_command(struct bench_switch *agent)
{
	talk_finish(&agent->talk);
	if (agent->pid) {
		struct pollfd answer = {.fd = agent->talk.answer, .events = POLLIN};
		char rest[256];

		/* It ends when its input does, and then its output ends. */
		while (poll(&answer, 1, END_MS) > 0 &&
		       read(agent->talk.answer, rest, sizeof(rest)) > 0)
			;
		kill(-agent->pid, SIGKILL);
		waitpid(agent->pid, NULL, 0);
	}
	talk_close(&agent->talk);
}

/* --- what the header promises --- */

int bench_switch_open(const struct arm *arm, const struct bench_link *link,
		      struct bench_switch **out, char **problem)
{
	struct bench_switch *agent = calloc(1, sizeof(*agent));
	int error = 0;

	*problem = NULL;
	if (!agent)
		return -ENOMEM;
	agent->arm = arm;
	agent->talk.tell = agent->talk.answer = -1;
	if (arm->kind == ARM_RECORDER)
		error = open_probes(agent, problem);
	if (arm->kind == ARM_COMMAND)
		error = open_command(agent, link, problem);
	if (error) {
		bench_switch_close(agent);
		return error;
	}
	*out = agent;
	return 0;
}

void bench_switch_close(struct bench_switch *agent)
{
	if (!agent)
		return;
	probes_close(agent->probes);
	record_options_free(&agent->options);
	if (agent->words.we_wordc)
		wordfree(&agent->words);
	agent_kernel_free(agent->kernel);
	end_command(agent);
	free(agent->agent);
	free(agent);
}

const char *bench_switch_agent(const struct bench_switch *agent)
{
	return agent->agent;
}

int bench_switch_store(const struct bench_switch *agent, struct inventory *inventory)
{
	const struct probe *plan;
	size_t count = 0;
	int error = 0;

	plan = agent->probes ? probes_plan(agent->probes, &count) : NULL;
	for (size_t i = 0; i < count && !error; i++)
		error = inventory_probe(inventory, plan[i].feature, plan[i].variant,
					plan[i].state == PROBE_CHOSEN, plan[i].explanation);
	return error;
}

int bench_switch_turn(struct bench_switch *agent, int on)
{
	if (agent->arm->kind == ARM_COMMAND)
		return talk_turn(&agent->talk, on);
	if (!agent->probes)
		return 0;
	if (on)
		return probes_attach(agent->probes);
	probes_detach(agent->probes);
	return 0;
}

int bench_switch_tidy(struct bench_switch *agent)
{
	return agent->probes ? drain(agent->probes) : 0;
}

static size_t probe_costs(struct bench_switch *agent, struct cost_row *rows, size_t most)
{
	size_t count =
		probes_cost(agent->probes, agent->cost, COST_MOST < most ? COST_MOST : most);

	for (size_t i = 0; i < count; i++)
		rows[i] = (struct cost_row){
			.part = agent->cost[i].part,
			.name = agent->cost[i].name,
			.run_count = agent->cost[i].run_count,
			.run_time_ns = agent->cost[i].run_time_ns,
			.memory_bytes = agent->cost[i].memory_bytes,
			.entries = agent->cost[i].entries,
			.entries_most = agent->cost[i].entries_most,
		};
	return count;
}

size_t bench_switch_cost(struct bench_switch *agent, struct cost_row *rows, size_t most)
{
	if (agent->probes)
		return probe_costs(agent, rows, most);
	if (!agent->pid || (!agent->kernel && agent_kernel_find(agent->pid, &agent->kernel)))
		return 0;
	return agent_kernel_cost(agent->kernel, rows, most);
}

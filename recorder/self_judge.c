/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges rows of a recording by what is known to have happened.
 */
#include "recorder/self_judge.h"
#include "recorder/procfs.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

/* --- rows --- */

static void note_name(char name[JUDGE_NAME], const char *text)
{
	snprintf(name, JUDGE_NAME, "%s", text ? text : "");
}

static int is_of(const struct self_judge *judge, const struct flow_row *row,
		 const struct conversation *conversation)
{
	const struct tuple *tuple = &conversation->tuple;

	return row->network_namespace == judge->report->network_namespace &&
	       row->network_iana_number == tuple->protocol &&
	       row->source_port == tuple->source_port &&
	       row->destination_port == tuple->destination_port &&
	       !memcmp(&row->source_address, &tuple->source, sizeof(tuple->source)) &&
	       !memcmp(&row->destination_address, &tuple->destination,
		       sizeof(tuple->destination));
}

static void note_process(struct judged_process *process, uint32_t pid, const char *name)
{
	if (!pid)
		return;
	process->pid = pid;
	note_name(process->name, name);
}

static void note_flow(struct judged_flow *flow, const struct flow_row *row)
{
	flow->rows++;
	flow->source_packets += row->source_packets;
	flow->source_bytes += row->source_bytes;
	flow->destination_packets += row->destination_packets;
	flow->destination_bytes += row->destination_bytes;
	note_process(&flow->client, row->process_pid, row->process_executable_name);
	note_process(&flow->server, row->peer_process_pid, row->peer_process_executable_name);
	flow->source_nat_address = row->source_nat_address;
	flow->source_nat_port = row->source_nat_port;
	flow->destination_nat_address = row->destination_nat_address;
	flow->destination_nat_port = row->destination_nat_port;
}

int self_judge_flow(void *context, const void *row)
{
	struct self_judge *judge = context;
	const struct self_report *report = judge->report;
	const struct flow_row *flow = row;

	judge->flows += flow->network_namespace == report->network_namespace;
	if (is_of(judge, flow, &report->tcp))
		note_flow(&judge->tcp, flow);
	if (is_of(judge, flow, &report->udp))
		note_flow(&judge->udp, flow);
	if (is_of(judge, flow, &report->translated))
		note_flow(&judge->translated, flow);
	return 0;
}

int self_judge_nat(void *context, const void *row)
{
	struct self_judge *judge = context;
	const struct nat_row *nat = row;

	if (nat->network_namespace != judge->report->network_namespace ||
	    nat->destination_port != judge->report->translated.tuple.destination_port)
		return 0;
	judge->translations++;
	judge->translation = *nat;
	return 0;
}

static void note_life(struct judged_life *life, const struct process_row *row)
{
	if (!strcmp(row->event_action, "fork")) {
		life->was_forked = 1;
		life->parent_pid = row->process_parent_pid;
	} else if (!strcmp(row->event_action, "exec")) {
		life->was_executed = 1;
		note_process(&life->executed, row->process_pid, row->process_executable_name);
	} else if (!strcmp(row->event_action, "exit")) {
		life->has_ended = 1;
		life->exit_code = row->process_exit_code;
	}
}

int self_judge_process(void *context, const void *row)
{
	struct self_judge *judge = context;
	const struct process_row *process = row;

	if (!process->event_action)
		return 0;
	if (process->process_pid == judge->report->pid)
		judge->was_there |= !strcmp(process->event_action, "exists");
	if (process->process_pid == judge->report->forked_pid)
		note_life(&judge->forked, process);
	if (process->process_pid == judge->report->executed_pid)
		note_life(&judge->executed, process);
	return 0;
}

/* --- judgements --- */

struct verdict {
	int is_good;
	const char *not_tried; /* why; NULL: it was */
	char words[200];
};

static void __attribute__((format(printf, 2, 3)))
say(struct verdict *verdict, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(verdict->words, sizeof(verdict->words), format, arguments);
	va_end(arguments);
}

struct endpoint_text {
	char text[64];
};

static struct endpoint_text endpoint(const struct address *address, uint16_t port)
{
	struct endpoint_text endpoint;
	char text[INET6_ADDRSTRLEN];
	int is_ipv4 = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)address);

	inet_ntop(is_ipv4 ? AF_INET : AF_INET6, (const char *)address + (is_ipv4 ? 12 : 0),
		  text, sizeof(text));
	snprintf(endpoint.text, sizeof(endpoint.text), "%s:%u", text, port);
	return endpoint;
}

static void judge_flow(const struct self_judge *judge, struct verdict *verdict,
		       const struct conversation *expected, const struct judged_flow *seen)
{
	const struct tuple *tuple = &expected->tuple;
	struct endpoint_text source = endpoint(&tuple->source, tuple->source_port);
	struct endpoint_text destination =
		endpoint(&tuple->destination, tuple->destination_port);

	if (expected->problem[0]) {
		verdict->not_tried = expected->problem;
		return;
	}
	verdict->is_good = seen->rows && seen->source_bytes > expected->asked_bytes &&
			   seen->destination_bytes > expected->answered_bytes;
	if (!seen->rows)
		say(verdict, "expected %s > %s; seen: %u other flows in its namespace",
		    source.text, destination.text, judge->flows);
	else if (!verdict->is_good)
		say(verdict,
		    "%s > %s: expected more than %u and %u bytes; seen: %" PRIu64
		    " and %" PRIu64,
		    source.text, destination.text, expected->asked_bytes,
		    expected->answered_bytes, seen->source_bytes, seen->destination_bytes);
	else
		say(verdict,
		    "%s > %s, %" PRIu64 " and %" PRIu64 " packets, %" PRIu64 " and %" PRIu64
		    " bytes",
		    source.text, destination.text, seen->source_packets,
		    seen->destination_packets, seen->source_bytes, seen->destination_bytes);
}

/* The kernel keeps 15 bytes of a name, the recorder may know all of it. */
static void judge_process(struct verdict *verdict, const struct conversation *conversation,
			  uint32_t pid, const struct judged_process *seen)
{
	char own[16] = "";
	int is_pid;

	if (conversation->problem[0]) {
		verdict->not_tried = conversation->problem;
		return;
	}
	prctl(PR_GET_NAME, own);
	is_pid = seen->pid == pid || (seen->pid && !procfs_is_of_host());
	verdict->is_good = is_pid && !strncmp(seen->name, own, strlen(own));
	if (verdict->is_good)
		say(verdict, "pid %u, %s", seen->pid, seen->name);
	else if (seen->pid)
		say(verdict, "expected pid %u, %s; seen: pid %u, %s", pid, own, seen->pid,
		    seen->name[0] ? seen->name : "no name");
	else
		say(verdict, "expected pid %u, %s; seen: none", pid, own);
}

static void judge_tcp(const struct self_judge *judge, struct verdict *verdict)
{
	judge_flow(judge, verdict, &judge->report->tcp, &judge->tcp);
}

static void judge_tcp_client(const struct self_judge *judge, struct verdict *verdict)
{
	judge_process(verdict, &judge->report->tcp, judge->report->tcp.client_pid,
		      &judge->tcp.client);
}

static void judge_tcp_server(const struct self_judge *judge, struct verdict *verdict)
{
	judge_process(verdict, &judge->report->tcp, judge->report->tcp.server_pid,
		      &judge->tcp.server);
}

static void judge_udp(const struct self_judge *judge, struct verdict *verdict)
{
	judge_flow(judge, verdict, &judge->report->udp, &judge->udp);
}

static void judge_udp_client(const struct self_judge *judge, struct verdict *verdict)
{
	judge_process(verdict, &judge->report->udp, judge->report->udp.client_pid,
		      &judge->udp.client);
}

static void judge_udp_server(const struct self_judge *judge, struct verdict *verdict)
{
	judge_process(verdict, &judge->report->udp, judge->report->udp.server_pid,
		      &judge->udp.server);
}

static void judge_translation(const struct self_judge *judge, struct verdict *verdict)
{
	const struct conversation *expected = &judge->report->translated;
	const struct nat_row *seen = &judge->translation;
	struct endpoint_text asked =
		endpoint(&expected->tuple.destination, expected->tuple.destination_port);
	struct endpoint_text served =
		endpoint(&expected->served_address, expected->served_port);
	struct endpoint_text from =
		endpoint(&seen->destination_address, seen->destination_port);
	struct endpoint_text to =
		endpoint(&seen->destination_nat_address, seen->destination_nat_port);

	if (expected->problem[0]) {
		verdict->not_tried = expected->problem;
		return;
	}
	verdict->is_good = judge->translations && !strcmp(asked.text, from.text) &&
			   !strcmp(served.text, to.text);
	if (verdict->is_good)
		say(verdict, "%s to %s", from.text, to.text);
	else if (judge->translations)
		say(verdict, "expected %s to %s; seen: %s to %s", asked.text, served.text,
		    from.text, to.text);
	else
		say(verdict, "expected %s to %s; seen: none in its namespace", asked.text,
		    served.text);
}

static void judge_translated(const struct self_judge *judge, struct verdict *verdict)
{
	const struct conversation *expected = &judge->report->translated;
	const struct judged_flow *seen = &judge->translated;
	struct endpoint_text to,
		served = endpoint(&expected->served_address, expected->served_port);

	judge_flow(judge, verdict, expected, seen);
	if (!verdict->is_good)
		return;
	to = endpoint(&seen->destination_nat_address, seen->destination_nat_port);
	verdict->is_good = !strcmp(served.text, to.text);
	if (verdict->is_good)
		say(verdict, "known to go to %s", to.text);
	else
		say(verdict, "expected to go to %s; seen: %s", served.text,
		    seen->destination_nat_port ? to.text : "no translation");
}

static void judge_existing(const struct self_judge *judge, struct verdict *verdict)
{
	verdict->is_good = judge->was_there;
	say(verdict, judge->was_there ? "pid %u" : "expected pid %u; seen: no such process",
	    judge->report->pid);
}

static void judge_fork(const struct self_judge *judge, struct verdict *verdict)
{
	const struct self_report *report = judge->report;
	const struct judged_life *seen = &judge->forked;

	verdict->is_good = seen->was_forked && seen->parent_pid == report->pid;
	if (verdict->is_good)
		say(verdict, "pid %u of %u", report->forked_pid, report->pid);
	else
		say(verdict, "expected pid %u of %u; seen: %s %u", report->forked_pid,
		    report->pid, seen->was_forked ? "its parent is" : "no fork, parent",
		    seen->parent_pid);
}

static void judge_exec(const struct self_judge *judge, struct verdict *verdict)
{
	const struct self_report *report = judge->report;
	const struct judged_process *seen = &judge->executed.executed;

	if (report->executed_problem[0]) {
		verdict->not_tried = report->executed_problem;
		return;
	}
	verdict->is_good = judge->executed.was_executed && !strcmp(seen->name, SELF_NAME);
	say(verdict,
	    verdict->is_good ? "pid %u, %s%.0s"
			     : "expected pid %u, " SELF_NAME "; seen: %.0s%s",
	    report->executed_pid, verdict->is_good ? seen->name : "",
	    judge->executed.was_executed ? seen->name : "no exec");
}

static void judge_exit(const struct self_judge *judge, struct verdict *verdict)
{
	const struct judged_life *seen = &judge->forked;

	verdict->is_good = seen->has_ended && seen->exit_code == SELF_FORKED_CODE;
	if (verdict->is_good)
		say(verdict, "pid %u, exit code %u", judge->report->forked_pid,
		    seen->exit_code);
	else if (seen->has_ended)
		say(verdict, "pid %u: expected exit code %u; seen: %u",
		    judge->report->forked_pid, SELF_FORKED_CODE, seen->exit_code);
	else
		say(verdict, "expected the end of pid %u; seen: none",
		    judge->report->forked_pid);
}

#define BIT(feature) (1U << (feature))
#define OWNERS                                                                            \
	(BIT(FEATURE_OWNER_CREATE) | BIT(FEATURE_OWNER_BIND) | BIT(FEATURE_OWNER_STATE) | \
	 BIT(FEATURE_OWNER_SEND) | BIT(FEATURE_OWNER_RECEIVE))

static const struct {
	const char *name;
	void (*judge)(const struct self_judge *judge, struct verdict *verdict);
	uint32_t features; /* that it is about */
	int needs_them;	   /* to be tried */
} lines_of_test[] = {
	{"tcp flow", judge_tcp, 0, 0},
	{"tcp client's process", judge_tcp_client, OWNERS | BIT(FEATURE_PROCESS_FORK), 0},
	{"tcp server's process", judge_tcp_server, OWNERS | BIT(FEATURE_PROCESS_FORK), 0},
	{"udp flow", judge_udp, 0, 0},
	{"udp client's process", judge_udp_client, OWNERS | BIT(FEATURE_PROCESS_FORK), 0},
	{"udp server's process", judge_udp_server, OWNERS | BIT(FEATURE_PROCESS_FORK), 0},
	{"translation", judge_translation, BIT(FEATURE_NAT), 1},
	{"translated flow", judge_translated, BIT(FEATURE_NAT), 1},
	{"process before the start", judge_existing, BIT(FEATURE_STATE_PROCESSES), 1},
	{"fork", judge_fork, BIT(FEATURE_PROCESS_FORK), 1},
	{"exec", judge_exec, BIT(FEATURE_PROCESS_EXEC), 1},
	{"exit", judge_exit, BIT(FEATURE_PROCESS_EXIT), 1},
};

_Static_assert(sizeof(lines_of_test) / sizeof(lines_of_test[0]) <= SELF_CHECK_LINES,
	       "room for every line");

/* The first of the features that is not there; NULL: all are. Captured packets have no sockets.
 */
static const char *find_absent(const struct self_judge *judge, uint32_t features)
{
	size_t count;
	const struct probe *plan = probes_plan(judge->probes, &count);

	if (features & OWNERS && probes_capture(judge->probes))
		return "program that sees packets";
	for (size_t i = 0; i < count; i++)
		if (features & BIT(plan[i].alternative->feature) &&
		    !probes_have(judge->probes, plan[i].alternative->feature))
			return plan[i].feature;
	return NULL;
}

/* Why a line cannot be judged, or NULL. */
static const char *find_obstacle(uint32_t features, const char *absent)
{
	const uint32_t of_pids = BIT(FEATURE_STATE_PROCESSES) | BIT(FEATURE_PROCESS_FORK) |
				 BIT(FEATURE_PROCESS_EXEC) | BIT(FEATURE_PROCESS_EXIT);

	if (absent)
		return "nothing to test";
	if (features & of_pids && !procfs_is_of_host())
		return "pids are not the host's here";
	return NULL;
}

size_t self_judge_lines(const struct self_judge *judge, struct self_check_line *lines)
{
	size_t count = sizeof(lines_of_test) / sizeof(lines_of_test[0]);

	for (size_t i = 0; i < count; i++) {
		uint32_t features = lines_of_test[i].features;
		const char *absent = find_absent(judge, features);
		struct self_check_line *line = &lines[i];
		struct verdict verdict = {0};

		if (lines_of_test[i].needs_them)
			verdict.not_tried = find_obstacle(features, absent);
		if (!verdict.not_tried)
			lines_of_test[i].judge(judge, &verdict);
		*line = (struct self_check_line){
			.name = lines_of_test[i].name,
			.state = verdict.not_tried ? SELF_CHECK_NOT_TRIED
				 : verdict.is_good ? SELF_CHECK_PASSED
				 : absent	   ? SELF_CHECK_MISSING
						   : SELF_CHECK_FAILED,
		};
		snprintf(line->words, sizeof(line->words), "%s%s%s",
			 verdict.not_tried ? verdict.not_tried : verdict.words,
			 absent && !verdict.is_good ? ": there is no " : "",
			 absent && !verdict.is_good ? absent : "");
	}
	return count;
}

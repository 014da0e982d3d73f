/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the reports, and of the line that says whether a recording is complete.
 */
#include "analyzer/completeness.h"
#include "analyzer/report_text.h"
#include "analyzer/reports.h"
#include "analyzer/sample_test.h"

static const char *report(const char *name)
{
	for (size_t i = 0; embedded_reports[i].name; i++)
		if (!strcmp(embedded_reports[i].name, name))
			return embedded_reports[i].sql;
	fail_msg("there is no report %s", name);
	return NULL;
}

/* Some columns of a report's rows. */
static void expect(sqlite3 *database, const char *name, const char *columns,
		   const char *expected)
{
	char *sql = sqlite3_mprintf("SELECT %s FROM (%s)", columns, report(name));

	sample_expect(database, sql, expected);
	sqlite3_free(sql);
}

static void expect_line(struct sample *sample, int answer, const char *words)
{
	char *line;

	assert_int_equal(completeness_line(sample->database, sample->recording, &line), answer);
	if (!strstr(line, words))
		fail_msg("'%s' does not say '%s'", line, words);
	free(line);
}

/*
 * A router's recording in two segments: connection 1 (curl, in namespace 10, to a server in
 * namespace 30, through a translation in namespace 20) during two slices, connection 2
 * untouched, and some losses.
 */
static void put_hop(struct segment_writer *segment, uint32_t namespace, uint32_t index,
		    const char *direction, uint32_t order, const char *source)
{
	struct hop_row hop = {
		.flow_id = 1,
		.start_ns = SAMPLE_BEGIN_NS + order,
		.end_ns = SAMPLE_BEGIN_NS + SECOND_NS,
		.source_address = sample_address(source),
		.source_port = 40001,
		.destination_address = sample_address("198.51.100.1"),
		.destination_port = 80,
		.network_iana_number = 6,
		.network_namespace = namespace,
		.interface_index = index,
		.network_io_direction = direction,
		.source_order = order,
		.destination_order = 5 - order,
		.source_packets = 3,
		.source_bytes = 300,
		.destination_packets = 4,
		.destination_bytes = 4000,
	};

	sample_row(segment, STREAM_HOP, &hop);
}

static void put_flows(struct segment_writer *segment, uint64_t slice)
{
	struct flow_row flow = {
		.flow_id = 1,
		.start_ns = SAMPLE_BEGIN_NS + slice * 5 * SECOND_NS,
		.end_ns = SAMPLE_BEGIN_NS + slice * 5 * SECOND_NS + SECOND_NS,
		.source_address = sample_address("10.0.0.2"),
		.source_port = 40001,
		.destination_address = sample_address("198.51.100.1"),
		.destination_port = 80,
		.source_nat_address = sample_address("192.0.2.1"),
		.source_nat_port = 61001,
		.network_iana_number = 6,
		.network_transport = "tcp",
		.source_packets = 3,
		.source_bytes = 300,
		.destination_packets = 4,
		.destination_bytes = 4000,
		.tcp_rtt_ns = slice ? 0 : 1234567,
		.source_tcp_retransmits = 2 - slice,
		.destination_tcp_retransmits = slice,
		.dropped_packets = 3,
		.dropped_reason = "netfilter_drop",
		.dropped_reasons = slice ? "{\"netfilter_drop\":3}"
					 : "{\"netfilter_drop\":2,\"tcp_old_data\":1}",
		.connection_state = slice ? "SF" : "S1",
		.process_entity_id = 77,
		.process_pid = 1234,
		.process_executable_name = "curl",
		.container_id = "0123456789ab",
		.peer_process_entity_id = 77, /* it talks to itself */
		.hop_count = 4,
		.sampling_rate = 1,
	};

	sample_row(segment, STREAM_FLOW, &flow);
	if (slice)
		return;
	flow.flow_id = 2;
	flow.source_nat_address = (struct address){0};
	flow.source_nat_port = 0;
	flow.network_iana_number = 17;
	flow.network_transport = "udp";
	flow.destination_port = 53;
	flow.source_bytes = 60;
	flow.destination_bytes = 90;
	flow.tcp_rtt_ns = flow.source_tcp_retransmits = flow.dropped_packets = 0;
	flow.dropped_reason = flow.dropped_reasons = NULL;
	flow.connection_state = "SF";
	flow.process_entity_id = flow.peer_process_entity_id = 0;
	flow.process_pid = 0;
	flow.process_executable_name = NULL;
	flow.container_id = NULL;
	sample_row(segment, STREAM_FLOW, &flow);
}

static void put_process(struct segment_writer *segment, const char *action, uint64_t entity,
			uint64_t after_ns, const char *name)
{
	struct process_row process = {
		.time_ns = SAMPLE_BEGIN_NS + after_ns,
		.event_action = action,
		.process_entity_id = entity,
		.process_pid = (uint32_t)(entity == 77 ? 1234 : entity),
		.process_parent_pid = 1,
		.process_start_ns = SAMPLE_BEGIN_NS,
		.process_executable_name = name,
		.process_command_line =
			strcmp(action, "exec") ? NULL : "curl http://198.51.100.1/",
		.process_exit_code = strcmp(action, "exit") ? 0 : 7,
	};

	sample_row(segment, STREAM_PROCESS, &process);
}

static void put_nat(struct segment_writer *segment)
{
	struct nat_row nat = {
		.time_ns = SAMPLE_BEGIN_NS + 5,
		.nat_event = 4,
		.event_action = "create",
		.flow_id = 1,
		.network_iana_number = 6,
		.source_address = sample_address("10.0.0.2"),
		.source_port = 40001,
		.destination_address = sample_address("198.51.100.1"),
		.destination_port = 80,
		.source_nat_address = sample_address("192.0.2.1"),
		.source_nat_port = 61001,
		.destination_nat_address = sample_address("198.51.100.1"),
		.destination_nat_port = 80,
		.network_namespace = 20,
		.probe = "net_dev_queue",
	};

	sample_row(segment, STREAM_NAT, &nat);
	nat.network_namespace = 21;
	sample_row(segment, STREAM_NAT, &nat);
}

static void put_cost(struct segment_writer *segment)
{
	struct cost_row cost = {
		.time_ns = SAMPLE_BEGIN_NS,
		.part = "program",
		.name = "receive",
		.run_count = 10,
		.run_time_ns = 5000,
		.memory_bytes = 4096,
	};

	sample_row(segment, STREAM_COST, &cost);
	cost.time_ns += SECOND_NS;
	cost.run_count = 30;
	cost.run_time_ns = 5000;
	sample_row(segment, STREAM_COST, &cost);
}

static char *router_recording(int with_losses)
{
	char *directory = scratch_make();
	struct segment_writer *segment;

	for (uint32_t i = 1; i <= 2; i++) {
		segment = sample_begin(directory, i);
		sample_put(segment, "INSERT INTO interface VALUES"
				    "(10, 'client', 2, 'eth0', 'veth', NULL, 0, NULL),"
				    "(20, 'router', 2, 'lan0', 'veth', NULL, 0, NULL),"
				    "(20, 'router', 3, 'wan0', 'veth', NULL, 0, NULL),"
				    "(30, NULL, 2, 'eth0', 'veth', NULL, 0, NULL)");
		sample_put(segment, "INSERT INTO stage VALUES('packet', 'flow', 100, 90, 10),"
				    "('ring', 'process', 5, 5, 0)");
		put_flows(segment, i - 1);
		if (i == 1) {
			put_hop(segment, 10, 2, "transmit", 1, "10.0.0.2");
			put_hop(segment, 20, 3, "transmit", 3, "192.0.2.1");
			put_hop(segment, 20, 2, "receive", 2, "10.0.0.2");
			put_hop(segment, 30, 2, "receive", 4, "192.0.2.1");
			put_process(segment, "exists", 1, 0, "init");
			put_process(segment, "fork", 77, 1, "sh");
			put_process(segment, "exec", 77, 2, "curl");
			put_nat(segment);
			put_cost(segment);
		} else {
			put_process(segment, "exit", 77, 6 * SECOND_NS, "curl");
		}
		if (i == 2 && with_losses) {
			sample_put(segment, "INSERT INTO loss VALUES"
					    "('ring', 'process', 'ring full', 0, 0, 9, 3),"
					    "('ring', 'process', 'ring full', 1, 0, 9, 4)");
			sample_put(segment, "UPDATE stage SET attempted = attempted + 7"
					    " WHERE stage = 'ring'");
		}
		sample_finish(segment);
	}
	return directory;
}

static int open_router(void **state)
{
	struct sample *sample = malloc(sizeof(*sample));
	char *directory = router_recording(0);

	*sample = sample_open(directory);
	scratch_remove(directory);
	*state = sample;
	return 0;
}

static int close_router(void **state)
{
	sample_close(*state);
	free(*state);
	return 0;
}

static sqlite3 *database(void **state)
{
	return ((struct sample *)*state)->database;
}

static void expect_report(sqlite3 *database, const struct embedded_report *report)
{
	struct report_text text;
	char *problem;

	if (report_text_open(database, report->sql, &text, &problem))
		fail_msg("report %s: %s", report->name, problem);
	assert_non_null(text.title);
	assert_non_null(text.summary);
	for (size_t i = 0; i < text.count; i++) {
		int result;

		while ((result = sqlite3_step(text.sections[i].statement)) == SQLITE_ROW)
			;
		if (result != SQLITE_DONE)
			fail_msg("report %s: %s", report->name, sqlite3_errmsg(database));
	}
	report_text_close(&text);
}

static void every_report_says_what_it_is_and_answers_an_empty_recording(void **state)
{
	char *directory = scratch_make();
	struct sample sample;

	sample_finish(sample_begin(directory, 1));
	sample = sample_open(directory);
	for (size_t i = 0; embedded_reports[i].name; i++)
		expect_report(sample.database, &embedded_reports[i]);
	assert_false(recording_is_partial(sample.recording));
	expect_line(&sample, COMPLETE, "complete: no rows, nothing lost");
	sample_close(&sample);
	scratch_remove(directory);
}

static void what_was_not_recorded_is_told_but_is_no_loss(void **state)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct sample sample;

	sample_put(segment, "INSERT INTO probe VALUES"
			    "('flow receive', 'tcx/ingress', 1, ''),"
			    "('flow receive', 'tp_btf/netif_receive_skb', 0, 'no'),"
			    "('process exec', 'tp_btf/sched_process_exec', 0, 'no'),"
			    "('nat', 'fentry/x', 0, 'no'), ('nat', 'skb/_nfct', 0, 'no'),"
			    "('filter', '/run/netns/none', 0, 'there is no such namespace')");
	sample_finish(segment);
	sample = sample_open(directory);
	expect_line(&sample, COMPLETE, "nothing lost; recorded without nat, process exec");
	sample_close(&sample);
	scratch_remove(directory);
}

static void the_summary_counts_connections_once(void **state)
{
	expect(database(state), "summary",
	       "CASE WHEN fact = 'size of the recording' THEN value > 0 ELSE value || '' END",
	       "\n2023-11-14T22:13:20.000Z\n2023-11-14T22:13:26.000Z\n6.0\n2\n1\n1\n1\n1\n21\n8750\n1\n"
	       "1\n2\n1\n0\n3\n4\n1\n0");
}

static void talkers_join_the_slices_of_a_connection(void **state)
{
	expect(database(state), "talkers",
	       "source_address, destination_address, destination_port, process_executable_name,"
	       " connections, source_bytes, destination_bytes",
	       "10.0.0.2|198.51.100.1|80|curl|1|600|8000\n10.0.0.2|198.51.100.1|53||1|60|90");
}

static void connections_have_their_last_state_and_whole_sums(void **state)
{
	expect(database(state), "connections",
	       "flow_id, first, seconds, connection_state, source_packets, source_bytes,"
	       " destination_bytes, tcp_rtt_ms, tcp_retransmits, dropped_packets,"
	       " source_nat_address, source_nat_port, process_pid, slices",
	       "1|2023-11-14T22:13:20.000Z|6.0|SF|6|600|8000|1.235|4|6|192.0.2.1|61001|1234|2\n"
	       "2|2023-11-14T22:13:20.000Z|1.0|SF|3|60|90||0|0||||1");
}

static void drops_are_told_by_reason_where_a_slice_has_several(void **state)
{
	expect(database(state), "drops",
	       "dropped_reason, source_address, destination_port, process_executable_name,"
	       " connections, dropped_packets, packets",
	       "netfilter_drop|10.0.0.2|80|curl|1|5|14\n"
	       "tcp_old_data|10.0.0.2|80|curl|1|1|14");
}

static void retransmissions_are_told_by_who_sent_them(void **state)
{
	expect(database(state), "retransmissions",
	       "source_address, destination_port, connections, with_retransmits,"
	       " source_tcp_retransmits, source_packets, destination_tcp_retransmits,"
	       " destination_packets, dropped_packets, least_rtt_ns, most_rtt_ns",
	       "10.0.0.2|80|1|1|3|6|1|8|6|1234567|1234567");
}

static void each_translation_is_shown_where_it_was_made(void **state)
{
	expect(database(state), "nat",
	       "flow_id, network_transport, source_address, source_port, destination_address,"
	       " source_nat_address, source_nat_port, destination_nat_address, process_executable_name,"
	       " process_pid, container_id, network_namespace",
	       "1|tcp|10.0.0.2|40001|198.51.100.1|192.0.2.1|61001|198.51.100.1|curl|1234|0123456789ab|"
	       "router\n"
	       "1|tcp|10.0.0.2|40001|198.51.100.1|192.0.2.1|61001|198.51.100.1|curl|1234|0123456789ab|"
	       "21");
}

static void processes_are_shown_with_their_connections(void **state)
{
	expect(database(state), "processes",
	       "process_pid, process_executable_name, connections, bytes, began, ended,"
	       " process_exit_code, process_command_line",
	       "1234|curl|1|8600|2023-11-14T22:13:20.000Z|2023-11-14T22:13:26.000Z|7|"
	       "curl http://198.51.100.1/");
}

static void hops_come_in_the_order_of_the_way(void **state)
{
	expect(database(state), "hops",
	       "network_namespace, network_interface_name, network_io_direction, source_address,"
	       " source_order, source_bytes, destination_bytes",
	       "client|eth0|transmit|10.0.0.2|1|300|4000\n"
	       "router|lan0|receive|10.0.0.2|2|300|4000\n"
	       "router|wan0|transmit|192.0.2.1|3|300|4000\n"
	       "30|eth0|receive|192.0.2.1|4|300|4000");
}

static void accounts_add_up_over_segments(void **state)
{
	expect(database(state), "losses",
	       "stage, stream, attempted, stored, excluded, lost, unaccounted, reasons",
	       "packet|flow|200|180|20|0|0|\nring|process|10|10|0|0|0|");
	expect_line(
		*state, COMPLETE,
		"complete: 2023-11-14T22:13:20.000Z to 2023-11-14T22:13:26.000Z, nothing lost");
}

static void cost_is_summed_by_part(void **state)
{
	expect(database(state), "cost",
	       "part, name, run_count, run_time_ns, ns_per_run, percent_of_one_cpu, memory_bytes",
	       "program|receive|40|10000|250|0.001|4096");
}

/* A second of the recorder, and of its programs where statistics were kept. */
static void put_second(struct segment_writer *segment, uint64_t second, int is_metered)
{
	struct cost_row row = {
		.time_ns = SAMPLE_BEGIN_NS + second * SECOND_NS,
		.span_ns = SECOND_NS,
		.part = "recorder",
		.name = "flowrec",
		.user_cpu_ns = 3000000,
		.system_cpu_ns = 1000000,
		.written_bytes = 40000,
		.packets = second * 1000,
	};

	sample_row(segment, STREAM_COST, &row);
	row = (struct cost_row){.time_ns = row.time_ns,
				.span_ns = SECOND_NS,
				.part = "ring",
				.name = "events",
				.high_water_bytes = second * 8};
	sample_row(segment, STREAM_COST, &row);
	if (!is_metered)
		return;
	row = (struct cost_row){.time_ns = row.time_ns,
				.span_ns = SECOND_NS,
				.part = "program",
				.name = "on_receive",
				.run_count = 2000,
				.run_time_ns = second * 600000};
	sample_row(segment, STREAM_COST, &row);
	row.name = "on_exec";
	row.run_time_ns = 100000;
	sample_row(segment, STREAM_COST, &row);
}

/* Seconds 1 to 4, of which the first so many were metered; and ten flows. */
static struct sample open_seconds(uint64_t metered)
{
	char *directory = scratch_make();
	struct segment_writer *segment = sample_begin(directory, 1);
	struct sample sample;

	sample_flows(segment, 1, 10);
	for (uint64_t second = 1; second <= 4; second++)
		put_second(segment, second, second <= metered);
	sample_finish(segment);
	sample = sample_open(directory);
	scratch_remove(directory);
	return sample;
}

static void a_program_has_its_share_of_the_spans_that_were_metered(void **state)
{
	struct sample sample = open_seconds(2);

	expect(sample.database, "cost",
	       "part, name, span_ns, run_count, ns_per_run, percent_of_one_cpu,"
	       " high_water_bytes",
	       "recorder|flowrec|4000000000|||0.4|\n"
	       "program|on_receive|2000000000|4000|450|0.09|\n"
	       "program|on_exec|2000000000|4000|50|0.01|\n"
	       "ring|events|4000000000||||32");
	sample_close(&sample);
}

static void cost_for_each_claims_nothing_of_spans_that_were_not_metered(void **state)
{
	struct sample some = open_seconds(2), all = open_seconds(4), none = open_seconds(0);
	static const char columns[] = "per, count, program_ns, recorder_cpu_ns, written_bytes";

	expect(some.database, "cost-per", columns,
	       "packet|10000|600.0|1600.0|16.0\n"
	       "flow|10||1600000.0|16000.0\n"
	       "stored row|22||727272.7|7272.73");
	expect(all.database, "cost-per", columns,
	       "packet|10000|600.0|1600.0|16.0\n"
	       "flow|10|640000.0|1600000.0|16000.0\n"
	       "stored row|26|246153.8|615384.6|6153.85");
	expect(none.database, "cost-per", columns,
	       "packet|10000||1600.0|16.0\n"
	       "flow|10||1600000.0|16000.0\n"
	       "stored row|18||888888.9|8888.89");
	sample_close(&some);
	sample_close(&all);
	sample_close(&none);
}

static void losses_are_told_with_their_reasons(void **state)
{
	char *directory = router_recording(1);
	struct sample sample = sample_open(directory);

	expect(sample.database, "losses",
	       "stage, attempted, stored, lost, unaccounted, reasons",
	       "packet|200|180|0|0|\nring|17|10|7|0|ring full 7");
	expect_line(&sample, INCOMPLETE, "7 lost (ring: ring full 7)");
	sample_close(&sample);
	scratch_remove(directory);
}

static void an_account_that_does_not_add_up_is_told(void **state)
{
	char *directory = router_recording(0);
	struct sample sample;

	sample_spoil(directory, 1,
		     "UPDATE stage SET stored = stored - 2 WHERE stage = 'packet'");
	sample = sample_open(directory);
	expect_line(&sample, INCOMPLETE,
		    "the account of packet (flow) does not add up: 2 not accounted for");
	sample_close(&sample);
	scratch_remove(directory);
}

static void a_capture_that_ends_early_is_told(void **state)
{
	char *directory = router_recording(0);
	struct sample sample;

	sample_spoil(
		directory, 1,
		"INSERT INTO capture VALUES(1, 'cut.pcap', 9, 'EN10MB', 1, 1, 0, 0, 0, 0, 1, 1,"
		" 'truncated' || char(27))");
	sample = sample_open(directory);
	expect_line(&sample, INCOMPLETE,
		    "1 capture could not be read to the end (cut.pcap: truncated\\x1b)");
	sample_close(&sample);
	scratch_remove(directory);
}

static void what_could_not_be_read_makes_the_span_partial(void **state)
{
	char *directory = router_recording(1), *path = sample_path(directory, 2);
	struct sample sample;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs("no database", file);
	fclose(file);
	sample = sample_open(directory);
	expect_line(&sample, PARTIAL, path);
	sample_close(&sample);
	free(path);
	scratch_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_report_says_what_it_is_and_answers_an_empty_recording),
		cmocka_unit_test(what_was_not_recorded_is_told_but_is_no_loss),
		cmocka_unit_test(the_summary_counts_connections_once),
		cmocka_unit_test(talkers_join_the_slices_of_a_connection),
		cmocka_unit_test(connections_have_their_last_state_and_whole_sums),
		cmocka_unit_test(drops_are_told_by_reason_where_a_slice_has_several),
		cmocka_unit_test(retransmissions_are_told_by_who_sent_them),
		cmocka_unit_test(each_translation_is_shown_where_it_was_made),
		cmocka_unit_test(processes_are_shown_with_their_connections),
		cmocka_unit_test(hops_come_in_the_order_of_the_way),
		cmocka_unit_test(accounts_add_up_over_segments),
		cmocka_unit_test(cost_is_summed_by_part),
		cmocka_unit_test(a_program_has_its_share_of_the_spans_that_were_metered),
		cmocka_unit_test(cost_for_each_claims_nothing_of_spans_that_were_not_metered),
		cmocka_unit_test(losses_are_told_with_their_reasons),
		cmocka_unit_test(an_account_that_does_not_add_up_is_told),
		cmocka_unit_test(a_capture_that_ends_early_is_told),
		cmocka_unit_test(what_could_not_be_read_makes_the_span_partial),
	};

	return cmocka_run_group_tests(tests, open_router, close_router);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the designs, each with sightings whose right answer is worked out on paper.
 */
#include "analyzer/models/path_test.h"

static void on_the_translated_path_each_design_counts_as_often_as_its_rule_says(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	path_translated_flow(&path, 1, 1000, 100000);
	sample = path_open(&path);
	/* 5 observations; three tuples, and c0 and vc have the same index. */
	sample_expect(sample.database,
		      "SELECT model, printf('%.2f', times_counted), false_positives, "
		      "false_negatives FROM dedup WHERE model <> 'netobserv-poc'",
		      "raw|5.00|0|4000\n"
		      "netobserv-1.7|4.00|0|3000\n"
		      "netobserv-1.8|4.00|0|3000\n"
		      "netobserv-1.8-netns|3.00|0|2000\n"
		      "content|1.00|0|0\n"
		      "flowtape|1.00|0|0");
	sample_expect(
		sample.database,
		"SELECT sightings, true_skbs, true_packets, true_bytes, true_flows, records, "
		"packets, bytes FROM dedup('flowtape')",
		"5000|1000|1000|100000|1|1|1000|100000");
	path_close(&path, &sample);
}

static void designs_of_netobserv_count_the_link_layer_header(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	path_translated_flow(&path, 1, 10, 100000);
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT packets, bytes, records, peak_entries, peak_bytes, "
		      "printf('%.2f %.2f', bytes_ratio, own_bytes_ratio) "
		      "FROM dedup('netobserv-1.8')",
		      "40|4560|3|3|600|4.56 4.00");
	path_close(&path, &sample);
}

static void a_packet_in_flight_at_the_eviction_is_counted_again(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80);
	struct sample sample;

	/* One tuple on interfaces 2, 3, 4; the eviction falls between 2 and 3 of packet 2. */
	path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
	path.now_ns += 4999985000;
	row.packet_id++;
	path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
	path_hop(&path, &row, PATH_ROUTER, 3, "receive");
	path_hop(&path, &row, PATH_ROUTER, 4, "transmit");
	row.packet_id++;
	path_hop(&path, &row, PATH_ROUTER, 3, "receive");
	path_hop(&path, &row, PATH_ROUTER, 4, "transmit");
	sample = path_open(&path);
	/* Packet 2 counts on 2 and on 3, packet 3 on 3. */
	sample_expect(sample.database,
		      "SELECT packets, false_positives, false_negatives, records "
		      "FROM dedup('netobserv-1.8')",
		      "4|0|1|2");
	/* With a longer interval, packet 3 is never counted: it does not pass 2. */
	sample_expect(sample.database,
		      "SELECT packets, false_positives, false_negatives, records "
		      "FROM dedup('netobserv-1.8', 'eviction=60s')",
		      "2|1|0|1");
	path_close(&path, &sample);
}

/* The words 'evict_at=...' with instants in seconds after the beginning. */
static const char *evict_at(const uint64_t *seconds, size_t count)
{
	static char text[256];
	size_t size = (size_t)snprintf(text, sizeof(text), "evict_at=");

	for (size_t i = 0; i < count; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%llu",
					 i ? ";" : "",
					 SAMPLE_BEGIN_NS + seconds[i] * SECOND_NS + 0ULL);
	return text;
}

static void evictions_come_at_the_instants_that_are_given(void **state)
{
	static const uint64_t instants[] = {3, 4, 9};
	struct path path = path_begin();
	struct sample sample;
	char sql[512];

	/* A packet in each second from 0 to 19. */
	for (uint64_t second = 0; second < 20; second++) {
		struct packet_row row = path_udp(second + 1, "10.1.0.2", 40000, "10.1.0.1", 80);

		path.now_ns = SAMPLE_BEGIN_NS + second * SECOND_NS;
		path_hop(&path, &row, PATH_ROUTER, 2, "receive");
	}
	sample = path_open(&path);
	/* After them, they come each 5 s, which is what nobody changed. */
	snprintf(sql, sizeof(sql),
		 "SELECT model, group_concat(packets, ' ') FROM dedup_flows("
		 "'netobserv-1.7,netobserv-1.8', '%s') GROUP BY model",
		 evict_at(instants, 3));
	sample_expect(sample.database, sql,
		      "netobserv-1.7|3 1 5 5 5 1\n"
		      "netobserv-1.8|3 1 5 5 5 1");
	path_close(&path, &sample);
}

static void the_deduper_of_1_7_expires_by_the_time_between_evictions(void **state)
{
	static const uint64_t instants[] = {1, 2, 12, 23};
	struct path path = path_begin();
	struct sample sample;
	char sql[512];

	/* Before each eviction but the second, a packet; the interface is another each time. */
	for (uint32_t i = 0; i < 4; i++) {
		struct packet_row row = path_udp(i + 1, "10.1.0.2", 40000, "10.1.0.1", 80);

		path.now_ns = SAMPLE_BEGIN_NS + instants[i] * SECOND_NS - SECOND_NS / 2;
		if (i != 1)
			path_hop(&path, &row, PATH_ROUTER, 2 + i, "receive");
	}
	sample = path_open(&path);
	for (uint32_t expiry_s = 10; expiry_s <= 11; expiry_s++) {
		snprintf(sql, sizeof(sql),
			 "SELECT group_concat(forwarded, ' ') FROM dedup_flows("
			 "'netobserv-1.7', 'expiry=%us,%s')",
			 expiry_s, evict_at(instants, 4));
		/* From 1 to 12 and from 12 to 23: 11 s, which is not longer than 11. */
		sample_expect(sample.database, sql, expiry_s == 10 ? "1 1 1" : "1 0 0");
	}
	path_close(&path, &sample);
}

static void the_seventh_further_interface_does_not_fit(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80);
	struct sample sample;

	for (uint32_t interface = 2; interface <= 9; interface++)
		path_hop(&path, &row, PATH_ROUTER, interface, "receive");
	/* The list is full: that 3 is in it is not looked at. */
	path_hop(&path, &row, PATH_ROUTER, 3, "transmit");
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT packets, interfaces_missed FROM dedup('netobserv-1.8')", "1|2");
	sample_expect(sample.database,
		      "SELECT further_interfaces FROM dedup_flows('netobserv-1.8')",
		      "3 receive,4 receive,5 receive,6 receive,7 receive,8 receive");
	path_close(&path, &sample);
}

static void what_a_full_map_has_no_room_for_is_told_singly_or_lost(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/* 4 flows over two hops of different index. */
	for (uint16_t i = 0; i < 4; i++) {
		struct packet_row row = path_udp(i + 1U, "10.1.0.2", 40000 + i, "10.1.0.1", 80);

		path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
		path_hop(&path, &row, PATH_ROUTER, 3, "receive");
	}
	sample = path_open(&path);
	/* Two flows fit; of the others each sighting counts. */
	sample_expect(sample.database,
		      "SELECT packets, records, map_full, false_positives, false_negatives, "
		      "flows_dismissed FROM dedup('netobserv-1.8', 'cache=2')",
		      "6|4|4|0|2|0");
	sample_expect(sample.database,
		      "SELECT packets, records, map_full, false_positives, false_negatives, "
		      "flows_dismissed FROM dedup('netobserv-1.8', 'cache=2,fallback=no')",
		      "2|2|4|2|0|2");
	path_close(&path, &sample);
}

static void the_first_interface_stays_elected_over_evictions_in_1_7(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/* Interface 3 sees one packet first; then 2 and 3 see three, 5 s apart each. */
	for (uint64_t id = 1; id <= 4; id++) {
		struct packet_row row = path_udp(id, "10.1.0.2", 40000, "10.1.0.1", 80);

		if (id > 1)
			path_hop(&path, &row, PATH_ROUTER, 2, "receive");
		path_hop(&path, &row, PATH_ROUTER, 3, "transmit");
		path.now_ns += 5 * SECOND_NS;
	}
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT packets, records, false_positives, false_negatives "
		      "FROM dedup('netobserv-1.7')",
		      "4|4|0|0");
	/* Marked duplicates are forwarded, and count no more for it. */
	sample_expect(sample.database,
		      "SELECT packets, records FROM dedup('netobserv-1.7', 'mark=yes')", "4|7");
	sample_expect(sample.database,
		      "SELECT packets, records, interfaces_missed "
		      "FROM dedup('netobserv-1.7', 'merge=no')",
		      "4|4|3");
	/* Without the deduper, all seven count. */
	sample_expect(sample.database,
		      "SELECT packets, records FROM dedup('netobserv-1.7', 'first_come=no')",
		      "7|7");
	path_close(&path, &sample);
}

static void the_election_of_1_7_is_forgotten_after_the_expiry(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	for (uint64_t id = 1; id <= 2; id++) {
		struct packet_row row = path_udp(id, "10.1.0.2", 40000, "10.1.0.1", 80);

		path_hop(&path, &row, PATH_ROUTER, 4 - (uint32_t)id, "receive");
		path.now_ns += 30 * SECOND_NS;
	}
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT packets, false_positives FROM dedup('netobserv-1.7')", "2|0");
	sample_expect(sample.database,
		      "SELECT packets, false_positives "
		      "FROM dedup('netobserv-1.7', 'expiry=60s')",
		      "1|1");
	path_close(&path, &sample);
}

static void the_proof_of_concept_dismisses_packets_in_buffers_used_again(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/*
	 * 6 packets of one UDP flow in 2 buffers, no time, seen twice in one namespace: only
	 * the first in each buffer is new to (hash, address).
	 */
	for (uint64_t id = 1; id <= 6; id++) {
		struct packet_row row = path_udp(id, "10.1.0.2", 40000, "10.1.0.1", 80);

		row.skb_head = 0xffff888100000000 + id % 2 * 1024;
		path_hop(&path, &row, PATH_ROUTER, 2, "receive");
		path_hop(&path, &row, PATH_ROUTER, 3, "transmit");
	}
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT packets, false_positives, false_negatives, collisions, records "
		      "FROM dedup('netobserv-poc')",
		      "2|4|0|2|1");
	path_close(&path, &sample);
}

static void the_proof_of_concept_knows_a_clone_by_its_time(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80);
	struct sample sample;

	row.skb_time_ns = 12345;
	path_hop(&path, &row, PATH_ROUTER, 2, "receive");
	row.skb_head += 4096;
	path_hop(&path, &row, PATH_ROUTER, 3, "transmit");
	/* Another flow's packet of another time at another place is new. */
	row = path_udp(2, "10.1.0.3", 40000, "10.1.0.1", 80);
	row.skb_hash = 78;
	row.skb_time_ns = 12346;
	path_hop(&path, &row, PATH_ROUTER, 2, "receive");
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT packets, false_positives, false_negatives, collisions "
		      "FROM dedup('netobserv-poc')",
		      "2|0|0|0");
	path_close(&path, &sample);
}

static void equal_content_within_the_window_is_one_packet_to_a_fingerprint(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/* Two packets of the same content 50 ms apart. */
	for (uint64_t id = 1; id <= 2; id++) {
		struct packet_row row = path_udp(7, "10.1.0.2", 40000, "10.1.0.1", 80);

		row.packet_id = id;
		path_hop(&path, &row, PATH_ROUTER, 2, "receive");
		path_hop(&path, &row, PATH_ROUTER, 3, "transmit");
		path.now_ns += 50000000;
	}
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT packets, false_positives FROM dedup('content', 'window=100ms')",
		      "1|1");
	sample_expect(sample.database,
		      "SELECT packets, false_positives FROM dedup('content', 'window=10ms')",
		      "2|0");
	path_close(&path, &sample);
}

static void segments_are_views_of_the_super_packet_that_they_were_cut_from(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80);
	struct sample sample;

	/* 3 segments of 1000 bytes with headers of 40: one skb of 3040 bytes at first. */
	row.network_iana_number = IPPROTO_TCP;
	row.network_bytes = 3040;
	row.payload_bytes = 3000;
	row.packets = 3;
	path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
	for (uint64_t id = 2; id <= 4; id++) {
		row.packet_id = id;
		row.packet_relation = "segment";
		row.parent_packet_id = 1;
		row.network_bytes = 1040;
		row.payload_bytes = 1000;
		row.packets = 1;
		path_hop(&path, &row, PATH_ROUTER, 3, "receive");
	}
	/* And the second of them is sent again: a packet of its own. */
	row.packet_id = 5;
	row.packet_relation = "again";
	row.parent_packet_id = 3;
	path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT true_skbs, true_packets, true_bytes, packets, bytes, "
		      "false_positives, false_negatives FROM dedup('flowtape')",
		      "2|4|4160|4|4160|0|0");
	/* 1.8 counts frames at the first hop: two of 3054 and 1054 bytes. */
	sample_expect(sample.database, "SELECT packets, bytes FROM dedup('netobserv-1.8')",
		      "2|4108");
	path_close(&path, &sample);
}

static void a_tunnels_packet_is_a_view_of_what_it_carries(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80);
	struct packet_row outer = path_udp(2, "192.0.2.1", 50000, "192.0.2.2", 4789);
	struct sample sample;

	/* Stamped, then around it a tunnel's packet, then what has come out of it. */
	row.payload_stamp = 0x464cULL << 48 | 1;
	path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
	outer.packet_relation = "around";
	outer.parent_packet_id = 1;
	outer.network_bytes = 150;
	path_hop(&path, &outer, PATH_CLIENT, 3, "transmit");
	path_hop(&path, &outer, PATH_SERVER, 3, "receive");
	row.packet_relation = "inside";
	row.parent_packet_id = 2;
	path_hop(&path, &row, PATH_SERVER, 2, "receive");
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT true_skbs, true_bytes, packets, bytes, false_positives, "
		      "false_negatives FROM dedup('flowtape')",
		      "1|100|1|100|0|0");
	sample_expect(sample.database,
		      "SELECT value, pairs FROM fingerprint('ip_ttl', '1s') "
		      "WHERE split = 'pair' AND pairs",
		      "switched|1\n"
		      "encapsulated|2");
	sample_expect(sample.database, "SELECT true_skbs FROM dedup('raw', 'truth=packet_id')",
		      "1");
	path_close(&path, &sample);
}

static void loopback_is_left_out_unless_it_is_asked_for(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(1, "127.0.0.1", 40000, "127.0.0.1", 80);
	struct sample sample;

	path_hop(&path, &row, PATH_CLIENT, 1, "transmit");
	path_hop(&path, &row, PATH_CLIENT, 1, "receive");
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT packets, flows_dismissed FROM dedup('netobserv-1.8')", "0|1");
	sample_expect(sample.database,
		      "SELECT packets, flows_dismissed "
		      "FROM dedup('netobserv-1.8', 'loopback=yes')",
		      "2|0");
	path_close(&path, &sample);
}

static void an_enriched_flow_without_a_packet_in_the_main_map_is_partial(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80);
	struct sample sample;

	row.network_iana_number = IPPROTO_TCP;
	row.tcp_flags = 0x10;
	path_hop(&path, &row, PATH_CLIENT, 2, "receive");
	/* 15 us before the eviction; what enriches it comes after both maps were drained. */
	path.now_ns += 5 * SECOND_NS - 25000;
	row.packet_id++;
	path_hop(&path, &row, PATH_CLIENT, 2, "receive");
	path.now_ns += 12 * SECOND_NS;
	row.network_iana_number = IPPROTO_UDP;
	row.packet_id++;
	path_hop(&path, &row, PATH_CLIENT, 2, "receive");
	sample = path_open(&path);
	sample_expect(sample.database, "SELECT partial_flows FROM dedup('netobserv-1.8')", "1");
	sample_expect(sample.database,
		      "SELECT partial_flows FROM dedup('netobserv-1.8', 'enrich_lag=1us')",
		      "0");
	path_close(&path, &sample);
}

/* At the hop where the others of its direction begin, under whatever tuple; else where it is.
 */
static void what_is_not_known_counts_where_its_direction_begins(void **state)
{
	struct path path = path_begin();
	struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80), other;
	struct sample sample;

	path_translated(&path, &row);
	/* Two more of it, at the last hop and at the first. */
	row.packet_id = 2;
	row.packet_identity = NULL;
	path_hop(&path, &row, PATH_SERVER, 2, "receive");
	row = path_udp(3, "10.1.0.2", 40000, "10.1.0.1", 80);
	row.packet_identity = NULL;
	path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
	/* Of another flow none is known; one has no number, either. */
	for (uint64_t id = 4; id <= 5; id++) {
		other = path_udp(id % 5, "10.1.0.3", 40000, "10.1.0.1", 80);
		other.packet_identity = NULL;
		path_hop(&path, &other, PATH_CLIENT, 2, "transmit");
		other.packet_id += id % 5 * 2;
		other.packet_identity = NULL;
		path_hop(&path, &other, PATH_SERVER, 2, "receive");
	}
	sample = path_open(&path);
	sample_expect(sample.database, "SELECT packets FROM dedup('flowtape')", "4");
	path_close(&path, &sample);
}

static void a_stamp_tells_the_truth_where_packet_id_does_not(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/* Two packets that the recorder took for one. */
	for (uint64_t i = 1; i <= 2; i++) {
		struct packet_row row = path_udp(1, "10.1.0.2", 40000, "10.1.0.1", 80);

		row.payload_stamp = 0x464cULL << 48 | i;
		path_hop(&path, &row, PATH_ROUTER, 2, "receive");
		path_hop(&path, &row, PATH_ROUTER, 3, "transmit");
	}
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT true_skbs, packets, false_positives FROM dedup('flowtape')",
		      "2|1|1");
	sample_expect(sample.database,
		      "SELECT true_skbs, packets, false_positives "
		      "FROM dedup('flowtape', 'truth=packet_id')",
		      "1|1|0");
	path_close(&path, &sample);
}

static void sampling_counts_in_multiples(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	path_translated_flow(&path, 1, 2000, 100000);
	sample = path_open(&path);
	/* About one in 10 of 4 x 2000, times 10. */
	sample_expect(sample.database,
		      "SELECT packets % 10, packets BETWEEN 6000 AND 10000, "
		      "false_positives > 1000 FROM dedup('netobserv-1.8', 'sampling=10')",
		      "0|1|1");
	path_close(&path, &sample);
}

static void what_a_map_held_of_each_flow_is_listed(void **state)
{
	struct path path = path_begin();
	struct packet_row row;
	struct sample sample;

	/* Two packets of one flow: at 2, 2, then at 4, and the way back at 4. */
	path_translated_flow(&path, 1, 2, 100000);
	row = path_udp(9, "10.2.0.2", 5001, "10.2.0.1", 40000);
	path_hop(&path, &row, PATH_SERVER, 2, "transmit");
	path_hop(&path, &row, PATH_ROUTER, 5, "receive");
	path_hop(&path, &row, PATH_ROUTER, 5, "transmit");
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT source_address, destination_port, network_namespace, "
		      "interface_index, network_io_direction, packets, bytes, "
		      "further_interfaces, forwarded FROM dedup_flows('netobserv-1.8')",
		      "10.1.0.2|80|10|2|transmit|4|456||1\n"
		      "10.1.0.2|5001|20|4|receive|2|228||1\n"
		      "10.2.0.1|5001|20|5|transmit|2|228|2 receive|1\n"
		      "10.2.0.2|40000|30|2|transmit|1|114|5 both|1");
	/* Entries of 1.7 are not joined; those of another interface are not forwarded. */
	sample_expect(sample.database,
		      "SELECT interface_index, network_io_direction, packets, forwarded "
		      "FROM dedup_flows('netobserv-1.7') WHERE source_address LIKE '10.2.%'",
		      "5|transmit|2|1\n"
		      "2|receive|2|0\n"
		      "2|transmit|1|1\n"
		      "5|receive|1|0\n"
		      "5|transmit|1|0");
	sample_expect(sample.database, "SELECT group_concat(DISTINCT model) FROM dedup_flows",
		      "netobserv-1.7,netobserv-1.8,netobserv-1.8-netns");
	path_close(&path, &sample);
}

static void netobserv_does_not_tell_pings_apart(void **state)
{
	struct path path = path_begin();
	struct sample sample;

	/* Two of another identifier each, which is where others have ports. */
	for (uint16_t id = 1; id <= 2; id++) {
		struct packet_row row = path_udp(id, "10.1.0.2", id, "10.1.0.1", id);

		row.network_iana_number = IPPROTO_ICMP;
		row.icmp_type = 8;
		path_hop(&path, &row, PATH_CLIENT, 2, "transmit");
	}
	sample = path_open(&path);
	sample_expect(sample.database,
		      "SELECT model, source_port, packets "
		      "FROM dedup_flows('netobserv-1.8,netobserv-1.7')",
		      "netobserv-1.8|0|2\n"
		      "netobserv-1.7|0|2");
	path_close(&path, &sample);
}

static void what_there_is_not_is_refused_by_name(void **state)
{
	static const struct {
		const char *sql, *words;
	} cases[] = {
		{"SELECT * FROM dedup('netobserv-2')", "'netobserv-2'"},
		{"SELECT * FROM dedup('raw', 'windows=1s')", "'windows'"},
		{"SELECT * FROM dedup('raw', 'window=1h')", "'1h'"},
		{"SELECT * FROM dedup('raw', 'sampling=0')", "'0'"},
		{"SELECT * FROM dedup('raw', 'window')", "'window'"},
		{"SELECT * FROM dedup('raw', 'evict_at=')", "''"},
		{"SELECT * FROM dedup('raw', 'evict_at=0')", "'0'"},
		{"SELECT * FROM dedup('raw', 'evict_at=1;x')", "'1;x'"},
		{"SELECT * FROM dedup('raw', 'evict_at=1;,cpus=2')", "'1;'"},
		{"SELECT * FROM dedup('raw', 'evict_at=1;;2')", "'1;;2'"},
		{"SELECT * FROM dedup('raw', 'evict_at=2;1')", "'2;1'"},
		{"SELECT * FROM dedup_flows('raw')", "'raw'"},
	};
	struct path path = path_begin();
	struct sample sample = path_open(&path);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sqlite3_stmt *statement;

		assert_int_equal(sqlite3_prepare_v2(sample.database, cases[i].sql, -1,
						    &statement, NULL),
				 SQLITE_OK);
		assert_int_equal(sqlite3_step(statement), SQLITE_ERROR);
		if (!strstr(sqlite3_errmsg(sample.database), cases[i].words))
			fail_msg("'%s' does not name %s", sqlite3_errmsg(sample.database),
				 cases[i].words);
		sqlite3_finalize(statement);
	}
	sample_expect(sample.database, "SELECT * FROM dedup", "");
	path_close(&path, &sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			on_the_translated_path_each_design_counts_as_often_as_its_rule_says),
		cmocka_unit_test(designs_of_netobserv_count_the_link_layer_header),
		cmocka_unit_test(a_packet_in_flight_at_the_eviction_is_counted_again),
		cmocka_unit_test(evictions_come_at_the_instants_that_are_given),
		cmocka_unit_test(the_deduper_of_1_7_expires_by_the_time_between_evictions),
		cmocka_unit_test(the_seventh_further_interface_does_not_fit),
		cmocka_unit_test(what_a_full_map_has_no_room_for_is_told_singly_or_lost),
		cmocka_unit_test(the_first_interface_stays_elected_over_evictions_in_1_7),
		cmocka_unit_test(the_election_of_1_7_is_forgotten_after_the_expiry),
		cmocka_unit_test(the_proof_of_concept_dismisses_packets_in_buffers_used_again),
		cmocka_unit_test(the_proof_of_concept_knows_a_clone_by_its_time),
		cmocka_unit_test(
			equal_content_within_the_window_is_one_packet_to_a_fingerprint),
		cmocka_unit_test(
			segments_are_views_of_the_super_packet_that_they_were_cut_from),
		cmocka_unit_test(a_tunnels_packet_is_a_view_of_what_it_carries),
		cmocka_unit_test(loopback_is_left_out_unless_it_is_asked_for),
		cmocka_unit_test(an_enriched_flow_without_a_packet_in_the_main_map_is_partial),
		cmocka_unit_test(what_is_not_known_counts_where_its_direction_begins),
		cmocka_unit_test(a_stamp_tells_the_truth_where_packet_id_does_not),
		cmocka_unit_test(sampling_counts_in_multiples),
		cmocka_unit_test(what_a_map_held_of_each_flow_is_listed),
		cmocka_unit_test(netobserv_does_not_tell_pings_apart),
		cmocka_unit_test(what_there_is_not_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

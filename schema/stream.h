/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a recording holds: every stream, its rows as C structs, and the description of each
 * column.
 *
 * Everything that has to know columns (batches, chunks, SQL tables, JSON keys, documentation)
 * walks these descriptions; nothing has a switch over streams. A new column is a new member of
 * the row and a new line in stream.c.
 *
 * Column names follow OpenTelemetry semantic conventions with "_" for ".", else ECS, else IPFIX
 * in snake case. In rows, times are nanoseconds since the Unix epoch, ports and numbers are in
 * host order, texts are borrowed until the row has been appended, and NULL text means none.
 */
#ifndef SCHEMA_STREAM_H
#define SCHEMA_STREAM_H

#include "schema/event.h"

#include <stddef.h>
#include <stdint.h>

enum column_type {
	COLUMN_INTEGER = 1, /* 64 bits, signed when shown */
	COLUMN_TIME = 2,    /* nanoseconds since the Unix epoch */
	COLUMN_ADDRESS = 3, /* 16 bytes, IPv4 as ::ffff:a.b.c.d, shown as RFC 5952 text */
	COLUMN_TEXT = 4,    /* an entry of the segment's string dictionary */
};

#define COLUMN_REFERENCES 3

struct column {
	const char *name;
	enum column_type type;
	int optional;  /* zero (or no text) means "not known" and is shown as NULL */
	size_t offset; /* of the member in the row struct */
	size_t size;
	int is_key;	  /* what people look for: worth a filter where values hardly repeat */
	const char *unit; /* "" when the value has none */
	const char *meaning;
	const char *otel; /* the name in OpenTelemetry, or "" */
	const char *ecs;
	const char *ipfix; /* element name and number */
	const char *zeek;
	/* Earlier columns that may tell much about this one, best first: what its parts may
	 * refer to. NULL where there are no more. */
	const char *references[COLUMN_REFERENCES];
};

struct stream {
	const char *name;
	const char *meaning;
	const struct column *columns;
	unsigned int column_count;
	unsigned int first_time; /* index of the column that says when a row begins */
	unsigned int last_time;	 /* and when it ends: the same column where rows are instants */
};

enum stream_id {
	STREAM_FLOW,
	STREAM_HOP,
	STREAM_NAT,
	STREAM_CONNTRACK_RATE,
	STREAM_PROCESS,
	STREAM_COST,
	STREAM_PACKET,
	STREAM_WORKLOAD,
	STREAM_LATENCY,
	STREAM_COUNT,
};

/* One connection during one slice, both directions, counted once. */
struct flow_row {
	uint64_t flow_id;
	uint64_t start_ns, end_ns;
	struct address source_address, destination_address;
	uint16_t source_port, destination_port;
	struct address source_nat_address, destination_nat_address;
	uint16_t source_nat_port, destination_nat_port;
	uint8_t network_iana_number;
	const char *network_transport;
	uint8_t icmp_type, icmp_code;
	uint64_t source_packets, source_bytes;
	uint64_t destination_packets, destination_bytes;
	uint16_t source_tcp_flags, destination_tcp_flags;
	uint8_t source_dscp, destination_dscp;
	uint64_t tcp_rtt_ns;
	uint64_t source_tcp_retransmits, destination_tcp_retransmits;
	uint64_t dropped_packets;
	const char *dropped_reason, *dropped_reasons;
	const char *connection_state;
	uint8_t flow_end_reason;
	uint64_t process_entity_id;
	uint32_t process_pid;
	const char *process_executable_name;
	const char *container_id;
	uint64_t peer_process_entity_id;
	uint32_t peer_process_pid;
	const char *peer_process_executable_name;
	uint32_t network_namespace;
	uint32_t hop_count;
	uint32_t sampling_rate;
};

/* The same slice as one hop saw it. */
struct hop_row {
	uint64_t flow_id;
	uint64_t start_ns, end_ns;
	struct address source_address, destination_address;
	uint16_t source_port, destination_port;
	uint8_t network_iana_number;
	uint32_t network_namespace;
	uint32_t interface_index;
	const char *network_io_direction;
	uint32_t source_order, destination_order;
	uint64_t source_packets, source_bytes;
	uint64_t destination_packets, destination_bytes;
};

/* One packet at one hop, as it was there. Its source is who sent the packet. */
struct packet_row {
	uint64_t time_ns;
	uint64_t packet_id;
	const char *packet_identity;
	uint64_t parent_packet_id;
	const char *packet_relation;
	uint32_t network_namespace, interface_index;
	const char *network_io_direction;
	uint64_t source_mac, destination_mac;
	uint16_t ethernet_type;
	struct address source_address, destination_address;
	uint16_t source_port, destination_port;
	uint8_t network_iana_number, icmp_type, icmp_code;
	uint32_t network_bytes, packets;
	uint8_t ip_class_of_service, ip_ttl;
	uint32_t ip_identification;
	uint16_t ip_fragment, ip_checksum;
	uint32_t tcp_sequence_number, tcp_acknowledgement_number;
	uint16_t tcp_flags, tcp_window_size;
	uint16_t transport_checksum;
	uint32_t payload_bytes;
	uint64_t payload_first, payload_second, payload_hash, payload_stamp;
	uint64_t skb_address, skb_head, skb_time_ns;
	uint32_t skb_hash, skb_mark;
	uint64_t conntrack_hash;
	uint32_t sampling_rate;
};

struct nat_row {
	uint64_t time_ns;
	uint64_t since_ns;
	uint8_t nat_event;
	const char *event_action;
	uint64_t flow_id;
	uint8_t network_iana_number;
	struct address source_address, destination_address;
	uint16_t source_port, destination_port;
	struct address source_nat_address, destination_nat_address;
	uint16_t source_nat_port, destination_nat_port;
	uint32_t network_namespace;
	uint16_t conntrack_zone;
	uint32_t conntrack_mark;
	const char *probe;
};

struct conntrack_rate_row {
	uint64_t time_ns;
	uint32_t network_namespace;
	uint64_t inserts, nat_inserts;
};

struct process_row {
	uint64_t time_ns;
	const char *event_action;
	uint64_t process_entity_id;
	uint64_t process_parent_entity_id;
	uint32_t process_pid, process_parent_pid;
	uint64_t process_start_ns;
	const char *process_executable_name;
	const char *process_executable_path;
	const char *process_command_line;
	const char *process_executable_build_id_gnu;
	uint32_t process_exit_code;
	uint32_t process_exit_signal;
	uint32_t user_id, group_id;
	uint64_t cgroup_id;
	const char *cgroup_path;
	const char *container_id;
	const char *container_runtime_name;
	uint32_t network_namespace;
};

/*
 * What one part of the recorder cost from the row before it (of the same part) to this one.
 * Programs have rows of those spans alone in which the kernel kept their run-time statistics.
 */
struct cost_row {
	uint64_t time_ns;
	uint64_t span_ns;
	const char *part; /* "program", "map", "ring", "thread" or "recorder" */
	const char *name;
	uint64_t run_count;
	uint64_t run_time_ns;
	uint64_t user_cpu_ns, system_cpu_ns;
	uint64_t memory_bytes;
	uint64_t entries;
	uint64_t entries_most;	   /* that there is room for */
	uint64_t high_water_bytes; /* the most that waited in a ring */
	uint64_t written_bytes, write_count;
	uint64_t packets; /* that programs counted meanwhile; of the part "recorder" */
};

/*
 * One run of a workload under one arm of a paired experiment. Each pair runs every arm once, in
 * an order drawn by lot. What is not known is 0: see the columns that are optional.
 */
struct workload_row {
	uint64_t start_ns, end_ns;
	uint64_t pair;	     /* counted from 1; 0: to warm up, no evidence */
	uint64_t position;   /* in its pair, counted from 1 */
	const char *arm;     /* its name */
	const char *role;    /* "baseline", "repeat" (the baseline again: A/A) or "candidate" */
	const char *agent;   /* what records in this arm, as a command line; NULL: nothing */
	const char *command; /* the workload, as a command line; "probe round trip", ... */
	const char *tool;    /* see struct workload_result */
	const char *operation;
	uint64_t exit_status; /* 0: it is evidence */
	uint64_t operations, errors, duration_ns, bytes;
	uint64_t latency_mean_ns, latency_p50_ns, latency_p90_ns, latency_p95_ns,
		latency_p99_ns, latency_p999_ns, latency_max_ns;
	uint64_t command_user_cpu_ns, command_system_cpu_ns;
	uint64_t machine_user_cpu_ns, machine_system_cpu_ns, machine_interrupt_cpu_ns,
		machine_idle_cpu_ns;
	uint64_t agent_user_cpu_ns, agent_system_cpu_ns, agent_memory_bytes;
	uint64_t statistics_ns; /* how long the kernel kept run-time statistics of programs */
	uint64_t program_run_count, program_run_time_ns; /* of the agent's programs, then */
	uint64_t map_memory_bytes, map_entries; /* of its maps at the end; entries: room */
	uint64_t written_bytes, write_count;	/* by the agent, to storage */
	uint64_t lost;				/* events that the agent says it lost */
};

/* One bucket of the latencies of one run: see schema/histogram.h. Buckets add up by SQL. */
struct latency_row {
	uint64_t time_ns; /* the run's start_ns */
	uint64_t pair;
	const char *arm;
	const char *command;
	uint64_t lowest_ns, highest_ns;
	uint64_t count;
};

/* The description of a stream; never NULL for a stream_id. */
const struct stream *stream_get(enum stream_id id);

/* The word for a type: integer, time, address or text. */
const char *column_type_name(enum column_type type);

/* Index of the stream or column of that name, or -1. */
int stream_find(const char *name);
int stream_column(const struct stream *stream, const char *name);

#endif

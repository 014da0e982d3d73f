/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of every stream and column.
 *
 * Sources of the names: OpenTelemetry semantic conventions, Elastic Common Schema, the IANA
 * registry of IPFIX information elements, and the fields of Zeek's conn.log.
 */
#include "schema/stream.h"

#include <string.h>

#define ALWAYS	 0
#define OPTIONAL 1

#define COLUMN(row, member, kind, optionality, ...)                              \
	{                                                                        \
		.name = #member, .type = COLUMN_##kind, .optional = optionality, \
		.offset = offsetof(struct row, member),                          \
		.size = sizeof(((struct row *)0)->member), __VA_ARGS__           \
	}
#define NAMES(u, m, o, e, i, z) \
	.unit = u, .meaning = m, .otel = o, .ecs = e, .ipfix = i, .zeek = z
#define KEY	   .is_key = 1
#define AFTER(...) .references = {__VA_ARGS__}

#define FLOW(...) COLUMN(flow_row, __VA_ARGS__)

static const struct column flow_columns[] = {
	FLOW(flow_id, INTEGER, ALWAYS, KEY,
	     NAMES("",
		   "the connection: the same in each of its slices; a running number "
		   "that begins at a random one",
		   "", "", "flowId (148)", "uid")),
	FLOW(start_ns, TIME, ALWAYS,
	     NAMES("ns", "first packet of the slice", "", "event.start",
		   "flowStartNanoseconds (156)", "ts")),
	FLOW(end_ns, TIME, ALWAYS,
	     NAMES("ns", "last packet of the slice", "", "event.end",
		   "flowEndNanoseconds (157)", ""),
	     AFTER("start_ns")),
	FLOW(source_address, ADDRESS, ALWAYS, KEY,
	     NAMES("", "the initiator, as it sees itself", "source.address", "source.ip",
		   "sourceIPv4Address (8), sourceIPv6Address (27)", "id.orig_h")),
	FLOW(source_port, INTEGER, ALWAYS, KEY,
	     NAMES("", "the initiator's port; the identifier of an ICMP query", "source.port",
		   "source.port", "sourceTransportPort (7)", "id.orig_p")),
	FLOW(destination_address, ADDRESS, ALWAYS, KEY,
	     NAMES("", "the address that the initiator sent to", "destination.address",
		   "destination.ip", "destinationIPv4Address (12), destinationIPv6Address (28)",
		   "id.resp_h"),
	     AFTER("source_address")),
	FLOW(destination_port, INTEGER, ALWAYS, KEY,
	     NAMES("", "the port that the initiator sent to", "destination.port",
		   "destination.port", "destinationTransportPort (11)", "id.resp_p"),
	     AFTER("destination_address")),
	FLOW(source_nat_address, ADDRESS, OPTIONAL, KEY,
	     NAMES("", "the initiator as the responder sees it, where that differs", "",
		   "source.nat.ip", "postNATSourceIPv4Address (225)", ""),
	     AFTER("source_address", "destination_address")),
	FLOW(source_nat_port, INTEGER, OPTIONAL, KEY,
	     NAMES("", "its port after translation, where that differs", "", "source.nat.port",
		   "postNAPTSourceTransportPort (227)", ""),
	     AFTER("source_port", "source_nat_address")),
	FLOW(destination_nat_address, ADDRESS, OPTIONAL, KEY,
	     NAMES("", "the responder's own address, where that differs", "",
		   "destination.nat.ip", "postNATDestinationIPv4Address (226)", ""),
	     AFTER("destination_address", "destination_port")),
	FLOW(destination_nat_port, INTEGER, OPTIONAL, KEY,
	     NAMES("", "the responder's own port, where that differs", "",
		   "destination.nat.port", "postNAPTDestinationTransportPort (228)", ""),
	     AFTER("destination_port", "destination_address", "destination_nat_address")),
	FLOW(network_iana_number, INTEGER, ALWAYS,
	     NAMES("", "IP protocol number", "", "network.iana_number",
		   "protocolIdentifier (4)", ""),
	     AFTER("destination_port")),
	FLOW(network_transport, TEXT, ALWAYS,
	     NAMES("", "its name, or the number where it has none here", "network.transport",
		   "network.transport", "", "proto"),
	     AFTER("network_iana_number")),
	FLOW(icmp_type, INTEGER, ALWAYS,
	     NAMES("", "ICMP or ICMPv6 type; of the query where there is a reply", "", "",
		   "icmpTypeIPv4 (176), icmpTypeIPv6 (178)", ""),
	     AFTER("network_iana_number", "destination_address")),
	FLOW(icmp_code, INTEGER, ALWAYS,
	     NAMES("", "ICMP or ICMPv6 code", "", "", "icmpCodeIPv4 (177), icmpCodeIPv6 (179)",
		   ""),
	     AFTER("icmp_type")),
	FLOW(source_packets, INTEGER, ALWAYS,
	     NAMES("packets", "wire segments from the initiator, at the hop where they began",
		   "", "source.packets", "initiatorPackets (298)", "orig_pkts"),
	     AFTER("destination_port")),
	FLOW(source_bytes, INTEGER, ALWAYS,
	     NAMES("bytes", "their network-layer bytes", "", "source.bytes",
		   "initiatorOctets (231)", "orig_ip_bytes"),
	     AFTER("source_packets", "network_iana_number")),
	FLOW(destination_packets, INTEGER, ALWAYS,
	     NAMES("packets", "wire segments from the responder, at the hop where they began",
		   "", "destination.packets", "responderPackets (299)", "resp_pkts"),
	     AFTER("source_packets", "network_iana_number")),
	FLOW(destination_bytes, INTEGER, ALWAYS,
	     NAMES("bytes", "their network-layer bytes", "", "destination.bytes",
		   "responderOctets (232)", "resp_ip_bytes"),
	     AFTER("destination_packets", "network_iana_number", "source_bytes")),
	FLOW(source_tcp_flags, INTEGER, ALWAYS,
	     NAMES("", "OR of the TCP flags that the initiator sent", "", "",
		   "tcpControlBits (6)", ""),
	     AFTER("network_iana_number", "source_packets")),
	FLOW(destination_tcp_flags, INTEGER, ALWAYS,
	     NAMES("", "OR of the TCP flags that the responder sent", "", "",
		   "reverse tcpControlBits (6)", ""),
	     AFTER("source_tcp_flags", "destination_packets")),
	FLOW(source_dscp, INTEGER, ALWAYS,
	     NAMES("", "DSCP of the initiator's latest packet, where they began", "", "",
		   "ipDiffServCodePoint (195)", ""),
	     AFTER("destination_port", "source_packets")),
	FLOW(destination_dscp, INTEGER, ALWAYS,
	     NAMES("", "DSCP of the responder's latest packet, where they began", "", "",
		   "reverse ipDiffServCodePoint (195)", ""),
	     AFTER("source_dscp", "destination_packets")),
	FLOW(tcp_rtt_ns, INTEGER, OPTIONAL,
	     NAMES("ns",
		   "the network's round trip: from SYN to the packet that answers the SYN-ACK; "
		   "in the slice of that packet, where no SYN was sent twice",
		   "", "", "", ""),
	     AFTER("source_tcp_flags", "destination_tcp_flags")),
	FLOW(source_tcp_retransmits, INTEGER, ALWAYS,
	     NAMES("packets", "TCP segments that the initiator's socket here sent again", "",
		   "", "", ""),
	     AFTER("source_tcp_flags", "source_packets")),
	FLOW(destination_tcp_retransmits, INTEGER, ALWAYS,
	     NAMES("packets", "TCP segments that the responder's socket here sent again", "",
		   "", "", ""),
	     AFTER("destination_tcp_flags", "destination_packets")),
	FLOW(dropped_packets, INTEGER, ALWAYS,
	     NAMES("packets", "wire segments that this host dropped, both directions, anywhere",
		   "", "", "droppedPacketDeltaCount (133)", ""),
	     AFTER("destination_port", "source_packets")),
	FLOW(dropped_reason, TEXT, OPTIONAL,
	     NAMES("", "why most of them were, in the kernel's words (enum skb_drop_reason)",
		   "", "", "", ""),
	     AFTER("dropped_packets", "destination_port")),
	FLOW(dropped_reasons, TEXT, OPTIONAL,
	     NAMES("", "the packets of each reason, as JSON", "", "", "", ""),
	     AFTER("dropped_reason", "dropped_packets")),
	FLOW(connection_state, TEXT, ALWAYS,
	     NAMES("",
		   "where the connection stands, in Zeek's words: S0 S1 SF REJ RSTO RSTR OTH",
		   "", "", "", "conn_state"),
	     AFTER("source_tcp_flags", "destination_tcp_flags", "network_iana_number")),
	FLOW(flow_end_reason, INTEGER, ALWAYS,
	     NAMES("", "why this slice ended: 2 time, 3 end of connection, 4 end of recording",
		   "", "", "flowEndReason (136)", ""),
	     AFTER("connection_state", "source_tcp_flags")),
	FLOW(process_entity_id, INTEGER, OPTIONAL, KEY,
	     NAMES("", "the process here that opened the connection, else that accepted it", "",
		   "process.entity_id", "", ""),
	     AFTER("source_address", "destination_port")),
	FLOW(process_pid, INTEGER, OPTIONAL, KEY,
	     NAMES("", "its pid", "process.pid", "process.pid", "", ""),
	     AFTER("process_entity_id", "source_address", "destination_port")),
	FLOW(process_executable_name, TEXT, OPTIONAL,
	     NAMES("", "what it was executing", "process.executable.name", "process.name", "",
		   ""),
	     AFTER("process_entity_id", "process_pid", "destination_port")),
	FLOW(container_id, TEXT, OPTIONAL,
	     NAMES("", "its container", "container.id", "container.id", "", ""),
	     AFTER("process_entity_id", "source_address", "process_pid")),
	FLOW(peer_process_entity_id, INTEGER, OPTIONAL, KEY,
	     NAMES("", "the process at the other end, where it lives here too", "", "", "", ""),
	     AFTER("destination_address", "destination_port")),
	FLOW(peer_process_pid, INTEGER, OPTIONAL, KEY, NAMES("", "its pid", "", "", "", ""),
	     AFTER("peer_process_entity_id", "destination_address", "destination_port")),
	FLOW(peer_process_executable_name, TEXT, OPTIONAL,
	     NAMES("", "what it was executing", "", "", "", ""),
	     AFTER("peer_process_entity_id", "peer_process_pid", "destination_port")),
	FLOW(network_namespace, INTEGER, OPTIONAL,
	     NAMES("", "inode number of the namespace where the first packet began", "", "", "",
		   ""),
	     AFTER("process_entity_id", "source_address")),
	FLOW(hop_count, INTEGER, ALWAYS,
	     NAMES("", "how many hops saw the slice", "", "", "", ""),
	     AFTER("network_namespace", "destination_address")),
	FLOW(sampling_rate, INTEGER, ALWAYS,
	     NAMES("", "one of how many connections is recorded", "", "",
		   "samplingInterval (34)", "")),
};

#define HOP(...) COLUMN(hop_row, __VA_ARGS__)

static const struct column hop_columns[] = {
	HOP(flow_id, INTEGER, ALWAYS, KEY,
	    NAMES("", "the connection, as in flow", "", "", "flowId (148)", "uid")),
	HOP(start_ns, TIME, ALWAYS,
	    NAMES("ns", "first packet of the slice in this view", "", "event.start",
		  "flowStartNanoseconds (156)", "ts")),
	HOP(end_ns, TIME, ALWAYS,
	    NAMES("ns", "last packet of the slice in this view", "", "event.end",
		  "flowEndNanoseconds (157)", ""),
	    AFTER("start_ns")),
	HOP(source_address, ADDRESS, ALWAYS, KEY,
	    NAMES("", "the initiator as this hop saw it", "source.address", "source.ip",
		  "sourceIPv4Address (8), sourceIPv6Address (27)", "id.orig_h"),
	    AFTER("flow_id")),
	HOP(source_port, INTEGER, ALWAYS, KEY,
	    NAMES("", "its port as this hop saw it", "source.port", "source.port",
		  "sourceTransportPort (7)", "id.orig_p"),
	    AFTER("flow_id")),
	HOP(destination_address, ADDRESS, ALWAYS, KEY,
	    NAMES("", "the responder as this hop saw it", "destination.address",
		  "destination.ip", "destinationIPv4Address (12), destinationIPv6Address (28)",
		  "id.resp_h"),
	    AFTER("flow_id", "source_address")),
	HOP(destination_port, INTEGER, ALWAYS, KEY,
	    NAMES("", "its port as this hop saw it", "destination.port", "destination.port",
		  "destinationTransportPort (11)", "id.resp_p"),
	    AFTER("flow_id", "destination_address")),
	HOP(network_iana_number, INTEGER, ALWAYS,
	    NAMES("", "IP protocol number", "", "network.iana_number", "protocolIdentifier (4)",
		  ""),
	    AFTER("flow_id", "destination_port")),
	HOP(network_namespace, INTEGER, OPTIONAL,
	    NAMES("", "inode number of the hop's namespace", "", "", "", ""),
	    AFTER("source_address")),
	HOP(interface_index, INTEGER, OPTIONAL,
	    NAMES("",
		  "the hop's interface, see table interface; none: hops too many to tell apart",
		  "", "", "ingressInterface (10), egressInterface (14)", ""),
	    AFTER("network_namespace", "source_address")),
	HOP(network_io_direction, TEXT, ALWAYS,
	    NAMES("", "receive or transmit, as the interface sees it", "network.io.direction",
		  "network.direction", "flowDirection (61)", ""),
	    AFTER("interface_index")),
	HOP(source_order, INTEGER, OPTIONAL,
	    NAMES("", "1 where the initiator's packets were first seen, 2 at the next hop...",
		  "", "", "", ""),
	    AFTER("interface_index", "network_io_direction")),
	HOP(destination_order, INTEGER, OPTIONAL,
	    NAMES("", "the same for the responder's packets", "", "", "", ""),
	    AFTER("source_order", "interface_index")),
	HOP(source_packets, INTEGER, ALWAYS,
	    NAMES("packets", "wire segments from the initiator at this hop", "",
		  "source.packets", "initiatorPackets (298)", "orig_pkts"),
	    AFTER("flow_id")),
	HOP(source_bytes, INTEGER, ALWAYS,
	    NAMES("bytes", "their network-layer bytes", "", "source.bytes",
		  "initiatorOctets (231)", "orig_ip_bytes"),
	    AFTER("flow_id", "source_packets")),
	HOP(destination_packets, INTEGER, ALWAYS,
	    NAMES("packets", "wire segments from the responder at this hop", "",
		  "destination.packets", "responderPackets (299)", "resp_pkts"),
	    AFTER("flow_id", "source_packets")),
	HOP(destination_bytes, INTEGER, ALWAYS,
	    NAMES("bytes", "their network-layer bytes", "", "destination.bytes",
		  "responderOctets (232)", "resp_ip_bytes"),
	    AFTER("flow_id", "destination_packets")),
};

#define NAT(...) COLUMN(nat_row, __VA_ARGS__)

static const struct column nat_columns[] = {
	NAT(time_ns, TIME, ALWAYS,
	    NAMES("ns", "when the translation was seen, or seen to be over", "", "@timestamp",
		  "observationTimeNanoseconds (325)", "")),
	NAT(since_ns, TIME, OPTIONAL,
	    NAMES("ns", "it happened after this and by time_ns; nothing: at that time", "", "",
		  "", ""),
	    AFTER("time_ns")),
	NAT(nat_event, INTEGER, OPTIONAL,
	    NAMES("",
		  "RFC 8158: 4 NAT44 session made, 5 deleted; IPv6 to IPv6 has no number there",
		  "", "", "natEvent (230)", "")),
	NAT(event_action, TEXT, ALWAYS,
	    NAMES("", "create, delete, or exists for one that was there before", "",
		  "event.action", "", ""),
	    AFTER("nat_event")),
	NAT(flow_id, INTEGER, OPTIONAL, KEY,
	    NAMES("", "the connection, as in flow", "", "", "flowId (148)", "uid")),
	NAT(network_iana_number, INTEGER, ALWAYS,
	    NAMES("", "IP protocol number", "", "network.iana_number", "protocolIdentifier (4)",
		  ""),
	    AFTER("nat_event")),
	NAT(source_address, ADDRESS, ALWAYS, KEY,
	    NAMES("", "source of the original tuple", "source.address", "source.ip",
		  "sourceIPv4Address (8), sourceIPv6Address (27)", "id.orig_h")),
	NAT(source_port, INTEGER, ALWAYS, KEY,
	    NAMES("", "its port; the identifier of an ICMP query", "source.port", "source.port",
		  "sourceTransportPort (7)", "id.orig_p")),
	NAT(destination_address, ADDRESS, ALWAYS, KEY,
	    NAMES("", "destination of the original tuple", "destination.address",
		  "destination.ip", "destinationIPv4Address (12), destinationIPv6Address (28)",
		  "id.resp_h"),
	    AFTER("source_address")),
	NAT(destination_port, INTEGER, ALWAYS, KEY,
	    NAMES("", "its port", "destination.port", "destination.port",
		  "destinationTransportPort (11)", "id.resp_p"),
	    AFTER("destination_address")),
	NAT(source_nat_address, ADDRESS, ALWAYS, KEY,
	    NAMES("", "the source after translation: destination of the reply tuple", "",
		  "source.nat.ip", "postNATSourceIPv4Address (225)", ""),
	    AFTER("source_address", "destination_address")),
	NAT(source_nat_port, INTEGER, ALWAYS, KEY,
	    NAMES("", "its port", "", "source.nat.port", "postNAPTSourceTransportPort (227)",
		  ""),
	    AFTER("source_port")),
	NAT(destination_nat_address, ADDRESS, ALWAYS, KEY,
	    NAMES("", "the destination after translation: source of the reply tuple", "",
		  "destination.nat.ip", "postNATDestinationIPv4Address (226)", ""),
	    AFTER("destination_address", "destination_port")),
	NAT(destination_nat_port, INTEGER, ALWAYS, KEY,
	    NAMES("", "its port", "", "destination.nat.port",
		  "postNAPTDestinationTransportPort (228)", ""),
	    AFTER("destination_port", "destination_address", "destination_nat_address")),
	NAT(network_namespace, INTEGER, OPTIONAL,
	    NAMES("", "inode number of the namespace that translates", "", "", "", ""),
	    AFTER("source_address")),
	NAT(conntrack_zone, INTEGER, ALWAYS,
	    NAMES("", "conntrack zone of the entry", "", "", "", ""),
	    AFTER("network_namespace")),
	NAT(conntrack_mark, INTEGER, ALWAYS, NAMES("", "conntrack mark", "", "", "", ""),
	    AFTER("conntrack_zone", "source_address")),
	NAT(probe, TEXT, ALWAYS, NAMES("", "which probe told", "", "", "", ""),
	    AFTER("event_action")),
};

#define RATE(...) COLUMN(conntrack_rate_row, __VA_ARGS__)

static const struct column conntrack_rate_columns[] = {
	RATE(time_ns, TIME, ALWAYS,
	     NAMES("ns", "begin of a span of 100 ms", "", "@timestamp",
		   "observationTimeNanoseconds (325)", "")),
	RATE(network_namespace, INTEGER, OPTIONAL,
	     NAMES("", "inode number of the namespace", "", "", "", "")),
	RATE(inserts, INTEGER, ALWAYS,
	     NAMES("entries", "conntrack entries first seen in this span", "", "", "", "")),
	RATE(nat_inserts, INTEGER, ALWAYS,
	     NAMES("entries", "those of them that translate", "", "", "", ""),
	     AFTER("inserts", "network_namespace")),
};

#define PROCESS(...) COLUMN(process_row, __VA_ARGS__)

static const struct column process_columns[] = {
	PROCESS(time_ns, TIME, ALWAYS,
		NAMES("ns", "when it happened", "", "@timestamp", "", "")),
	PROCESS(event_action, TEXT, ALWAYS,
		NAMES("",
		      "fork, exec, exit, cgroup for a move to another one, or exists for the "
		      "state at start",
		      "", "event.action", "", "")),
	PROCESS(process_entity_id, INTEGER, ALWAYS, KEY,
		NAMES("", "the process: boot id, pid and start time in one number", "",
		      "process.entity_id", "", "")),
	PROCESS(process_parent_entity_id, INTEGER, OPTIONAL, KEY,
		NAMES("", "its parent", "", "process.parent.entity_id", "", ""),
		AFTER("process_entity_id")),
	PROCESS(process_pid, INTEGER, ALWAYS, KEY,
		NAMES("", "its pid", "process.pid", "process.pid", "", ""),
		AFTER("process_entity_id")),
	PROCESS(process_parent_pid, INTEGER, OPTIONAL, KEY,
		NAMES("", "its parent's pid", "process.parent_pid", "process.parent.pid", "",
		      ""),
		AFTER("process_parent_entity_id")),
	PROCESS(process_start_ns, TIME, OPTIONAL,
		NAMES("ns", "when it began", "process.creation.time", "process.start", "", ""),
		AFTER("process_entity_id", "time_ns")),
	PROCESS(process_executable_name, TEXT, OPTIONAL,
		NAMES("", "what it executes", "process.executable.name", "process.name", "",
		      ""),
		AFTER("process_entity_id")),
	PROCESS(process_executable_path, TEXT, OPTIONAL,
		NAMES("", "the path that was executed", "process.executable.path",
		      "process.executable", "", ""),
		AFTER("process_executable_name", "process_entity_id")),
	PROCESS(process_command_line, TEXT, OPTIONAL,
		NAMES("", "its arguments; values that look secret are masked",
		      "process.command_line", "process.command_line", "", ""),
		AFTER("process_executable_path", "process_entity_id")),
	PROCESS(process_executable_build_id_gnu, TEXT, OPTIONAL,
		NAMES("", "GNU build id of the file that it executes",
		      "process.executable.build_id.gnu", "", "", ""),
		AFTER("process_executable_path", "process_executable_name")),
	PROCESS(process_exit_code, INTEGER, ALWAYS,
		NAMES("", "exit status, at exit", "process.exit.code", "process.exit_code", "",
		      ""),
		AFTER("event_action")),
	PROCESS(process_exit_signal, INTEGER, OPTIONAL,
		NAMES("", "the signal that ended it, at exit", "", "", "", ""),
		AFTER("event_action")),
	PROCESS(user_id, INTEGER, ALWAYS,
		NAMES("", "its user", "process.user.id", "user.id", "", ""),
		AFTER("process_parent_entity_id")),
	PROCESS(group_id, INTEGER, ALWAYS, NAMES("", "its group", "", "group.id", "", ""),
		AFTER("user_id")),
	PROCESS(cgroup_id, INTEGER, OPTIONAL,
		NAMES("",
		      "its cgroup: in v2, or in v1 memory where v2 is not used or names no container",
		      "", "", "", ""),
		AFTER("process_parent_entity_id", "process_entity_id")),
	PROCESS(cgroup_path, TEXT, OPTIONAL,
		NAMES("", "path of that cgroup", "process.linux.cgroup", "", "", ""),
		AFTER("cgroup_id")),
	PROCESS(container_id, TEXT, OPTIONAL,
		NAMES("", "container id that the path names", "container.id", "container.id",
		      "", ""),
		AFTER("cgroup_id")),
	PROCESS(container_runtime_name, TEXT, OPTIONAL,
		NAMES("", "what runs that container, where the path tells",
		      "container.runtime.name", "container.runtime", "", ""),
		AFTER("container_id", "cgroup_id")),
	PROCESS(network_namespace, INTEGER, OPTIONAL,
		NAMES("", "inode number of its namespace", "", "", "", ""),
		AFTER("container_id", "cgroup_id")),
};

#define COST(...) COLUMN(cost_row, __VA_ARGS__)

static const struct column cost_columns[] = {
	COST(time_ns, TIME, ALWAYS, NAMES("ns", "end of the span", "", "@timestamp", "", "")),
	COST(part, TEXT, ALWAYS, NAMES("", "program, map or recorder", "", "", "", "")),
	COST(name, TEXT, ALWAYS, NAMES("", "which one", "", "", "", ""), AFTER("part")),
	COST(run_count, INTEGER, ALWAYS, NAMES("runs", "runs of a program", "", "", "", ""),
	     AFTER("name")),
	COST(run_time_ns, INTEGER, ALWAYS, NAMES("ns", "time in a program", "", "", "", ""),
	     AFTER("name", "run_count")),
	COST(user_cpu_ns, INTEGER, ALWAYS,
	     NAMES("ns", "recorder's CPU time in user space", "", "", "", "")),
	COST(system_cpu_ns, INTEGER, ALWAYS,
	     NAMES("ns", "recorder's CPU time in the kernel", "", "", "", "")),
	COST(memory_bytes, INTEGER, ALWAYS,
	     NAMES("bytes", "memory held at the end of the span", "", "", "", ""),
	     AFTER("name")),
	COST(entries, INTEGER, OPTIONAL,
	     NAMES("entries", "entries of a map at the end of the span", "", "", "", ""),
	     AFTER("name")),
	COST(written_bytes, INTEGER, ALWAYS,
	     NAMES("bytes", "bytes written to the recording", "", "", "", "")),
};

#define STREAM(title, text, first, last)                                              \
	{                                                                             \
		.name = #title, .meaning = text, .columns = title##_columns,          \
		.column_count = sizeof(title##_columns) / sizeof(title##_columns[0]), \
		.first_time = first, .last_time = last                                \
	}

static const struct stream streams[STREAM_COUNT] = {
	[STREAM_FLOW] = STREAM(flow, "one connection during one slice, counted once", 1, 2),
	[STREAM_HOP] = STREAM(hop, "the same slice as one hop saw it", 1, 2),
	[STREAM_NAT] = STREAM(nat, "a translation begins", 0, 0),
	[STREAM_CONNTRACK_RATE] = STREAM(
		conntrack_rate, "conntrack inserts in one namespace during 100 ms", 0, 0),
	[STREAM_PROCESS] =
		STREAM(process, "a process begins, executes, moves, ends, or exists", 0, 0),
	[STREAM_COST] =
		STREAM(cost, "what a part of the recorder cost during one second", 0, 0),
};

const struct stream *stream_get(enum stream_id id)
{
	return &streams[id];
}

const char *column_type_name(enum column_type type)
{
	static const char *const names[] = {
		[COLUMN_INTEGER] = "integer",
		[COLUMN_TIME] = "time",
		[COLUMN_ADDRESS] = "address",
		[COLUMN_TEXT] = "text",
	};

	return names[type];
}

int stream_find(const char *name)
{
	for (int i = 0; i < STREAM_COUNT; i++)
		if (!strcmp(streams[i].name, name))
			return i;
	return -1;
}

int stream_column(const struct stream *stream, const char *name)
{
	for (unsigned int i = 0; i < stream->column_count; i++)
		if (!strcmp(stream->columns[i].name, name))
			return (int)i;
	return -1;
}

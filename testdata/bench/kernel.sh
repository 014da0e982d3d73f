#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What watching costs in the kernel: Flowtape's programs beside yardsticks of published designs
# (testdata/bench/kernel/yardsticks.bpf.c), in namespaces of its own, on the same traffic.
#
# Nanoseconds for each sighting of a packet, above those of a program that does nothing, for six
# workloads; the memory of 100,000 connections and what it costs to take them out; what it costs to
# hear of 100,000 translations, beside a conntrack listener over netlink. Ratios are medians of the
# rounds' own ratios, so not always the ratio of the medians.
# Prints tables; build/bench/kernel.jsonl has one object a figure.
#
# FLOWTAPE_BENCH_PART="one_flow nat" runs those parts alone: one_flow, many_flows, new_flow,
# keep_alive, connections, bulk, tables, nat. ROUNDS=5 runs fewer rounds;
# a machine that is busy gets fewer anyway.
set -eu
cd "$(dirname "$0")/../.."

ROUNDS=${ROUNDS:-9}
all="one_flow many_flows new_flow keep_alive connections bulk tables nat"
parts=${FLOWTAPE_BENCH_PART:-$all}
tool=build/testdata/bench/kernel/kernel
work=build/bench/kernel
out=build/bench/kernel.jsonl
near=fkb-$$-near
far=fkb-$$-far
router=fkb-$$-router
client=fkb-$$-client
translator=fkb-$$-translator
server=fkb-$$-server
namespaces=

if [ "$(id -u)" != 0 ]; then
	echo "kernel.sh: not root: cannot load programs or make namespaces" >&2
	exit 1
fi

clean_up()
{
	for name in $namespaces; do
		ip netns del "$name"
	done
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' HUP INT PIPE TERM

# namespace NAME SETTING=VALUE...: settings below /proc/sys/net, in there alone.
namespace()
{
	name=$1
	shift
	ip netns add "$name"
	namespaces="$namespaces $name"
	for setting in ipv6/conf/all/disable_ipv6=1 ipv6/conf/default/disable_ipv6=1 \
		ipv4/ip_forward=0 "$@"; do
		ip netns exec "$name" sh -c 'echo "$2" >"/proc/sys/net/$1"' sh \
			"${setting%%=*}" "${setting#*=}"
	done
	ip -n "$name" link set lo up
}

# interface NAMESPACE INTERFACE ADDRESS NEIGHBOUR MAC: up, and nobody need ask for the neighbour.
interface()
{
	ip -n "$1" addr add "$3/24" dev "$2"
	ip -n "$1" link set "$2" up
	ip -n "$1" neigh add "$4" lladdr "$5" dev "$2"
}

# cable NAMESPACE INTERFACE ADDRESS NAMESPACE INTERFACE ADDRESS: a veth pair. The two ends must not
# have the same index in their namespaces: designs take that for one interface.
cables=0
cable()
{
	cables=$((cables + 1))
	ip link add "$2" index $((100 + cables)) address 02:00:00:00:$cables:01 netns "$1" type veth \
		peer name "$5" index $((200 + cables)) address 02:00:00:00:$cables:02 netns "$4"
	interface "$1" "$2" "$3" "$6" 02:00:00:00:$cables:02
	interface "$4" "$5" "$6" "$3" 02:00:00:00:$cables:01
}

# Two ends, and addresses behind the far one that it sends to nobody. Connections come quicker than
# ports are free again.
make_pair()
{
	namespace "$near" ipv4/tcp_tw_reuse=1 "ipv4/ip_local_port_range=1024 65535"
	namespace "$far" ipv4/tcp_tw_reuse=1
	cable "$near" veth0 198.18.1.1 "$far" veth0 198.18.1.2
	ip -n "$near" route add 198.18.0.0/24 via 198.18.1.2
}

# A router whose two interfaces end in the tool.
make_router()
{
	namespace "$router" ipv4/ip_forward=1
	for i in 0 1; do
		ip -n "$router" tuntap add dev tap$i mode tap
		interface "$router" tap$i 198.18.$((2 + i)).1 198.18.$((2 + i)).2 02:00:00:00:ff:01
	done
}

# A client, a router that translates both ends, and a server that answers nothing.
make_translator()
{
	namespace "$client"
	namespace "$translator" ipv4/ip_forward=1
	namespace "$server"
	cable "$client" veth0 198.18.4.2 "$translator" client 198.18.4.1
	cable "$translator" server 198.18.5.1 "$server" veth0 198.18.5.2
	ip -n "$translator" route add 198.18.6.0/24 via 198.18.5.2
	ip netns exec "$translator" nft -f - <<-END
		table ip nat {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr 198.18.4.1 udp dport 1024-61023 dnat to 198.18.6.2
			}
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname "server" masquerade
			}
		}
	END
}

# flows WORKLOAD TITLE AIM: the aim is for Flowtape to seven_tuple_lock; empty: none.
flows()
{
	case $namespaces in
	*$near*) ;;
	*) make_pair ;;
	esac
	rounds=$ROUNDS
	[ -n "$3" ] || rounds=$(((ROUNDS + 1) / 2))
	"$tool" flows "$1" "$rounds" "$near" "$far" >"$work/flows.tsv"
	awk -F '\t' -v name="$1" -v title="$2" -v aim="$3" -v out="$out" '
	$1 == "rounds" { rounds = $2; next }
	$1 == "design" { design[++designs] = $2; foreign[$2] = $3; lost[$2] = $4; next }
	{ median[$1, $2, $3] = $4; low[$1, $2, $3] = $5; high[$1, $2, $3] = $6 }
	END {
		printf "%s: ns a sighting, medians of %d rounds\n\n", title, rounds
		printf "%-27s %8s %8s %8s %15s %10s %13s %9s\n", "", "receive", "transmit", \
			"both", "quartiles", "flowtape/", "quartiles", "test run"
		for (i = 1; i <= designs; i++) {
			d = design[i]
			printf "%-27s %8.1f %8.1f %8.1f %7.1f-%7.1f", d, \
				median["cost", d, "receive"], median["cost", d, "transmit"], \
				median["cost", d, "combined"], low["cost", d, "combined"], \
				high["cost", d, "combined"]
			if (d != "flowtape")
				printf " %10.3f %6.3f-%6.3f", median["ratio", d, "combined"], \
					low["ratio", d, "combined"], high["ratio", d, "combined"]
			if (("test_run", d, "") in median)
				printf " %9.0f", median["test_run", d, ""]
			print (lost[d] > 0 ? "  no room for " lost[d] " packets" : "")
		}
		lock = "seven_tuple_lock"
		printf "taken off: a program that does nothing, %.1f at TC, %.1f at a tracepoint\n", \
			median["floor", lock, "combined"], median["floor", "flowtape", "combined"]
		if (foreign["flowtape"] >= 0.02)
			printf "disturbed: flowtape saw %.0f %% of packets more, of other namespaces\n", \
				foreign["flowtape"] * 100
		printf "flowtape/%s: receive %.3f, transmit %.3f\n", lock, \
			median["ratio", lock, "receive"], median["ratio", lock, "transmit"]
		packets = median["cost", "flowtape_with_packets", "combined"] - \
			median["cost", "flowtape", "combined"]
		printf "telling of each packet adds %.1f (aim: at most 400): receive %.1f, transmit %.1f\n", \
			packets, median["cost", "flowtape_with_packets", "receive"] - \
			median["cost", "flowtape", "receive"], \
			median["cost", "flowtape_with_packets", "transmit"] - \
			median["cost", "flowtape", "transmit"]
		reached = median["ratio", lock, "combined"]
		if (aim != "")
			printf "aim: flowtape/%s at most %.2f: %.3f, %s\n", lock, aim, reached, \
				(foreign["flowtape"] >= 0.02 ? "but disturbed" : \
				reached <= aim ? "reached" : "missed")
		print ""
		for (i = 1; i <= designs; i++)
			if (design[i] != "flowtape")
				printf "{\"name\":\"kernel.%s_ns\",\"value\":%.1f,\"unit\":\"ns\"," \
				       "\"yardstick\":\"%s\",\"yardstick_value\":%.1f," \
				       "\"ratio\":%.4f}\n", name, \
					median["cost", "flowtape", "combined"], design[i], \
					median["cost", design[i], "combined"], \
					median["ratio", design[i], "combined"] >>out
	}' "$work/flows.tsv"
}

# tables: three rounds at most, because filling the tables takes long.
tables()
{
	make_router
	rounds=$((ROUNDS < 3 ? ROUNDS : 3))
	"$tool" tables "$rounds" "$router" >"$work/tables.tsv"
	awk -F '\t' -v out="$out" '
	function json(name, value, format, unit, yardstick, yardstick_value, ratio)
	{
		printf "{\"name\":\"%s\",\"value\":" format ",\"unit\":\"%s\"," \
		       "\"yardstick\":\"%s\",\"yardstick_value\":" format ",\"ratio\":%.4f}\n", \
			name, value, unit, yardstick, yardstick_value, ratio >>out
	}
	$1 == "rounds" { rounds = $2; next }
	{
		design[++n] = $1; memory[n] = $2; here[n] = $3; due[n] = $4; others[n] = $5
		packets[n] = $6; drain[n] = $7; low[n] = $8; high[n] = $9; ratio[n] = $10
	}
	END {
		printf "100,000 connections through one namespace, both ways, each received and " \
			"transmitted\nonce a way; drains are medians of %d rounds\n\n", rounds
		printf "%-27s %9s %10s %9s %10s %9s %8s %15s %10s\n", "", "entries", "sightings", \
			"MiB", "flowtape/", "ns/entry", "ns/conn.", "quartiles", "flowtape/"
		for (i = 1; i <= n; i++) {
			printf "%-27s %9d %10d %9.1f", design[i], here[i], packets[i], \
				memory[i] / 1048576
			printf i == 1 ? " %10s" : " %10.3f", i == 1 ? "" : memory[1] / memory[i]
			printf " %9.1f %8.1f %7.1f-%7.1f", drain[i], drain[i] * here[i] / 100000, \
				low[i], high[i]
			printf i == 1 ? "" : " %10.3f", ratio[i]
			print (here[i] + others[i] < due[i] ? "  incomplete: " due[i] " were due" : "") \
				(others[i] ? "  and " others[i] " of other namespaces" : "")
		}
		print "sightings: those whose packets are counted; a 7-tuple table leaves out what " \
			"its\nfirst interface did not see, a per-CPU table those while an entry was " \
			"refused"
		printf "aim: at most 32 MiB: %.1f, %s\n\n", memory[1] / 1048576, \
			here[1] + others[1] < due[1] ? "not all entries were held" : \
			memory[1] <= 32 * 1048576 ? "reached" : "missed"
		for (i = 2; i <= n; i++) {
			json("kernel.map_bytes_100k", memory[1], "%d", "bytes", design[i], memory[i], \
				memory[1] / memory[i])
			json("kernel.drain_ns_per_entry", drain[1], "%.1f", "ns", design[i], drain[i], \
				ratio[i])
		}
	}' "$work/tables.tsv"
}

nat()
{
	make_translator
	room=$(cat /proc/sys/net/netfilter/nf_conntrack_max)
	if [ "$room" -lt 131072 ]; then
		echo "skip nat: net.netfilter.nf_conntrack_max allows $room connections only"
		return
	fi
	rounds=$(((ROUNDS + 2) / 3))
	"$tool" nat "$rounds" "$client" "$translator" >"$work/nat.tsv"
	awk -F '\t' -v out="$out" '
	$1 == "rounds" { rounds = $2; next }
	$1 == "ratio" { ratio = $2; low = $3; high = $4; next }
	{
		arm[NR] = $2; rate[NR] = $3; sender[NR] = $4; flowtape[NR] = $5; got_flowtape[NR] = $6
		flows[NR] = $7; netlink[NR] = $8; got_netlink[NR] = $9; overruns[NR] = $10; n = NR
	}
	END {
		printf "100,000 new translated UDP connections, as fast as they go; medians of %d " \
			"rounds,\nthe fewest received\n\n", rounds
		printf "%-12s %9s %12s %12s %9s %12s %9s %12s\n", "who listens", "conn./s", \
			"sender us/c.", "flowtape CPU", "received", "netlink CPU", "received", \
			"flows CPU"
		for (i = 1; i <= n; i++) {
			printf "%-12s %9d %12.2f", arm[i], rate[i], sender[i]
			printf flowtape[i] == "" ? " %12s %9s" : " %10.4f s %9d", flowtape[i], \
				got_flowtape[i]
			printf netlink[i] == "" ? " %12s %9s" : " %10.4f s %9d", netlink[i], \
				got_netlink[i]
			printf flows[i] == "" ? "" : " %10.4f s", flows[i]
			print overruns[i] ? "  netlink overran " overruns[i] " times" : ""
		}
		print "flows CPU: emptying the flow table beside it, which those packets fill, too"
		printf "aim: at most 0.20 of netlink, both in the same run: %.3f (quartiles %.3f-%.3f), " \
			"%s%s\n\n", ratio, low, high, ratio <= 0.2 ? "reached" : "missed", \
			got_flowtape[n] + got_netlink[n] < 200000 ? ", but not all was received" : ""
		printf "{\"name\":\"nat.listener_cpu_s\",\"value\":%.4f,\"unit\":\"s\"," \
		       "\"yardstick\":\"netlink\",\"yardstick_value\":%.4f,\"ratio\":%.4f}\n", \
			flowtape[n], netlink[n], ratio >>out
	}' "$work/nat.tsv"
}

part()
{
	case $1 in
	one_flow) flows "$1" "one UDP flow" 0.60 ;;
	many_flows) flows "$1" "20,000 UDP flows at random" 0.90 ;;
	new_flow) flows "$1" "a new UDP flow for every packet" 0.45 ;;
	keep_alive) flows "$1" "requests on lasting connections" "" ;;
	connections) flows "$1" "a TCP connection for each request" "" ;;
	bulk) flows "$1" "TCP bulk, large segments" "" ;;
	tables | nat) "$1" ;;
	*)
		echo "kernel.sh: no part $1" >&2
		exit 64
		;;
	esac
}

rm -rf "$work"
mkdir -p "$work"
: >"$out"
for part in $parts; do
	part "$part"
done

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What watching costs in the kernel: Flowtape's programs beside yardsticks of published designs
# (testdata/bench/kernel/yardsticks.bpf.c), in namespaces of its own, on the same traffic.
#
# Nanoseconds for each sighting of a packet, above those of a program that does nothing, for six
# workloads; ratios are medians of the rounds' own ratios, so not always the ratio of the medians.
# Prints tables; build/bench/kernel.jsonl has one object a figure.
#
# FLOWTAPE_BENCH_PART=one_flow runs that part alone; ROUNDS=5 runs fewer rounds.
set -eu
cd "$(dirname "$0")/../.."

ROUNDS=${ROUNDS:-11}
flows="one_flow many_flows new_flow keep_alive connections bulk"
parts=${FLOWTAPE_BENCH_PART:-$flows}
tool=build/testdata/bench/kernel/kernel
work=build/bench/kernel
out=build/bench/kernel.jsonl
near=fkb-$$-near
far=fkb-$$-far
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

# namespace NAME SETTING=VALUE...: settings below /proc/sys/net, in that namespace alone.
namespace()
{
	name=$1
	shift
	ip netns add "$name"
	namespaces="$namespaces $name"
	for setting in ipv6/conf/all/disable_ipv6=1 ipv6/conf/default/disable_ipv6=1 "$@"; do
		ip netns exec "$name" sh -c 'echo "$2" >"/proc/sys/net/$1"' sh \
			"${setting%%=*}" "${setting#*=}"
	done
	ip -n "$name" link set lo up
}

# Two ends, and an address behind the far one that it sends to nobody. Connections come quicker
# than ports are free again, and the two interfaces must not have the same index: designs take that
# for one interface.
make_pair()
{
	for name in "$near" "$far"; do
		namespace "$name" ipv4/ip_forward=0 ipv4/tcp_tw_reuse=1 \
			"ipv4/ip_local_port_range=1024 65535"
	done
	ip link add veth0 index 101 address 02:00:00:00:00:01 netns "$near" \
		type veth peer name veth0 index 102 address 02:00:00:00:00:02 netns "$far"
	ip -n "$near" addr add 198.18.1.1/24 dev veth0
	ip -n "$far" addr add 198.18.1.2/24 dev veth0
	ip -n "$near" link set veth0 up
	ip -n "$far" link set veth0 up
	ip -n "$near" neigh add 198.18.1.2 lladdr 02:00:00:00:00:02 dev veth0
	ip -n "$far" neigh add 198.18.1.1 lladdr 02:00:00:00:00:01 dev veth0
	ip -n "$near" route add 198.18.0.0/24 via 198.18.1.2
}

# flows WORKLOAD TITLE AIM: the aim is for Flowtape to seven_tuple_lock; empty: none.
flows()
{
	rounds=$ROUNDS
	[ -n "$3" ] || rounds=$(((ROUNDS + 1) / 2))
	"$tool" flows "$1" "$rounds" "$near" "$far" >"$work/flows.tsv"
	awk -F '\t' -v name="$1" -v title="$2" -v aim="$3" -v out="$out" -v rounds="$rounds" '
	$1 == "design" { design[++designs] = $2; lost[$2] = $4; next }
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
		printf "flowtape/%s: receive %.3f, transmit %.3f\n", lock, \
			median["ratio", lock, "receive"], median["ratio", lock, "transmit"]
		reached = median["ratio", lock, "combined"]
		if (aim != "")
			printf "aim: flowtape/%s at most %.2f: %.3f, %s\n", lock, aim, reached, \
				reached <= aim ? "reached" : "missed"
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

part()
{
	case $1 in
	one_flow) flows "$1" "one UDP flow" 0.60 ;;
	many_flows) flows "$1" "20,000 UDP flows at random" 0.90 ;;
	new_flow) flows "$1" "a new UDP flow for every packet" 0.45 ;;
	keep_alive) flows "$1" "requests on lasting connections" "" ;;
	connections) flows "$1" "a TCP connection for each request" "" ;;
	bulk) flows "$1" "TCP bulk, large segments" "" ;;
	*)
		echo "kernel.sh: no part $1" >&2
		exit 64
		;;
	esac
}

rm -rf "$work"
mkdir -p "$work"
: >"$out"
make_pair
for part in $parts; do
	part "$part"
done

#!/bin/sh
# Sends crafted packets over a bridge, one after the other, and holds what was recorded of each at
# every hop against what was sent: tags, options, extension headers, fragments, lengths, damage.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/check.sh
. testdata/live/recorder.sh
. testdata/live/quiet.sh
. testdata/live/crafted.sh

recorder_test parser crafted_packets
recording=$work/recording
client=client-$$ router=router-$$ server=server-$$
quiet_namespace "$client" "$router" "$server" &&
	quiet_pair "$client" wire0 "$router" port0 &&
	quiet_pair "$router" port1 "$server" wire1 &&
	quiet_bridge "$router" br0 port0 port1 || exit 1
recorder_start "$recording" "$work/recorder" || exit 1

# kernel_is VERSION: or newer.
kernel_is() { [ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]; }

# craft TOOL PATH OUT GROUP...: a subnet of its own for each; it is at an end when all has arrived.
subnet=$(($$ % 200))
craft()
{
	tool=$1 path=$2 out=$3
	shift 3
	subnet=$((subnet + 1))
	in_client $live_tools/"$tool" "$path" "$out" "/run/netns/$server" wire1 $subnet "$@" \
		>>"$work/truth.csv" 2>>"$work/trouble" || echo "$tool $*: $?" >>"$work/trouble"
}

: >"$work/trouble"
craft craft wire wire0 plain largest options extensions protocols
craft pieces wire wire0 fragments
craft damage wire wire0 lengths damaged
craft pages wire wire0 tcp-supers
if kernel_is 6.2; then
	craft pages wire wire0 udp-supers
else
	skip udp_super_packets "this kernel takes none from a packet socket"
fi
if kernel_is 6.12; then
	craft pages wire wire0 pages
	if [ -c /dev/net/tun ]; then
		in_client $live_tools/card card card0 $((subnet + 1)) >>"$work/truth.csv" \
			2>>"$work/trouble" || echo "card: $?" >>"$work/trouble"
		subnet=$((subnet + 1))
	else
		skip a_card_with_pages "no /dev/net/tun"
	fi
else
	skip headers_in_pages "this kernel lets no tracing program read them"
fi
# The bridge has taken a tag out of the frame; the interface hands it on beside it, or puts it back.
craft craft wire wire0 tags
in_router $live_tools/offload port1 tags off && craft craft wire wire0 tags
# vlan NAME LINK ID ORDER: an interface of its own for a VLAN.
vlan()
{
	ip -n "$client" link add link "$2" name "$1" type vlan id "$3" reorder_hdr "$4" \
		2>"$work/said" && ip -n "$client" link set "$1" up
}
if vlan vlan0 wire0 9 on; then
	vlan vlan1 wire0 10 off
	vlan stack0 vlan0 11 on
	for tags in on off; do
		in_client $live_tools/offload wire0 tags $tags
		for name in vlan0 vlan1 stack0; do
			craft craft $name $name plain
		done
	done
else
	skip vlan_interfaces "$(tail -n 1 "$work/said")"
fi
recorder_stop INT
none every_frame_arrived "$(cat "$work/trouble")"

wire="client:wire0:transmit router:port0:receive router:port1:transmit server:wire1:receive"
crafted_read "$recording" <<-END || exit 1
	wire $wire
	card client:card0:receive
	vlan0 client:vlan0:transmit $wire
	vlan1 client:vlan1:transmit $wire
	stack0 client:stack0:transmit client:vlan0:transmit $wire
END

# --- what became of them ---

if crafted_had_room; then
	none every_packet_is_recorded_as_it_was_at_every_hop "$(crafted_differences sent seen)" \
		"$(ask_truth "SELECT count(*) || ' cases, ' || sum(packets) || ' packets' FROM truth
			WHERE verdict = 'flow'")"
	none flows_count_every_packet_once "$(crafted_differences once counted)"
else
	skip crafted_packets "others on this machine have more flows than there is room for"
fi
none damaged_packets_are_counted_by_their_reason "$(ask_truth "
	WITH due AS (SELECT verdict AS reason, sum(packets) FROM truth JOIN path USING (path)
		WHERE verdict LIKE '%header%' GROUP BY 1)
	SELECT 'expected', * FROM (SELECT * FROM due EXCEPT SELECT * FROM loss)
	UNION ALL SELECT 'recorded', * FROM (SELECT * FROM loss WHERE reason LIKE '%header%'
		EXCEPT SELECT * FROM due)")" \
	"$(ask_truth "SELECT count(*) || ' cases' FROM truth WHERE verdict LIKE '%header%'")"
is packets_that_are_not_ip_are_told_apart 1 "$(play "$recording" "SELECT excluded >= $(ask_truth "
	SELECT sum(packets) FROM truth JOIN path USING (path) WHERE verdict = 'not IP'") FROM stage
	WHERE stage = 'kernel' AND stream = 'flow'" 2>/dev/null | tail -n 1)"
is every_packet_is_accounted_for 0 "$(play "$recording" "SELECT attempted - stored - excluded -
	(SELECT sum(count) FROM loss WHERE loss.stage = stage.stage AND loss.stream = stage.stream)
	FROM stage WHERE stage = 'kernel' AND stream = 'flow'" 2>/dev/null | tail -n 1)"

[ -z "${KEEP:-}" ] || { rm -rf build/parser.kept; cp -r "$work" build/parser.kept; }
finish

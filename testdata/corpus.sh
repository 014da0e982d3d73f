#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Imports real captures (../shared/captures, or CAPTURES) and holds what flowrec says of them against
# what others say: capinfos and tshark, which are tools of this test only.
#
# The captures are other projects' own tests and not part of this tree; without them, or without the
# tools, this says so and skips.
set -u
cd "$(dirname "$0")/.." || exit 1

captures=${CAPTURES:-../shared/captures}
flowrec=${FLOWREC:-build/flowrec}
flowplay=${FLOWPLAY:-build/flowplay}
passed=0
failed=0
skipped=0
LC_ALL=C
export LC_ALL

conclude()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
	exit
}

skip()
{
	skipped=$((skipped + 1))
	echo "skip corpus: $1"
	conclude
}

# check NAME FILE: passes when FILE, which lists what is wrong, is there and empty.
check()
{
	if [ -f "$2" ] && [ ! -s "$2" ]; then
		passed=$((passed + 1))
		echo "ok $1"
	else
		failed=$((failed + 1))
		echo "FAIL $1:"
		head -n 20 "$2" | sed 's/^/    /'
	fi
}

[ -d "$captures/ndpi" ] || [ -d "$captures/tcpdump" ] || skip "no real captures in $captures"
for tool in capinfos tshark; do
	command -v $tool >/dev/null || skip "$tool is not installed (apt-get install tshark)"
done

mkdir -p build
work=$(mktemp -d build/corpus.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM

# ask RECORDING SQL: rows as lines of values with commas between, no heading
ask()
{
	"$flowplay" sql "$1" --format csv "$2" 2>"$work/sql.err" | tr -d '\r"' | tail -n +2
}

# --- every file: all packets accounted for, as many as others count ---

find "$captures" -mindepth 2 -maxdepth 2 -type f -path "$captures/*/*" | sort >"$work/files"

# The limit only ends a test that hangs; an import of all files takes seconds.
tr '\n' '\0' <"$work/files" | timeout 900 xargs -0 -n 100000 -x \
	"$flowrec" import -o "$work/all" --format csv >"$work/all.csv" 2>"$work/all.err"
status=$?
# xargs says 123 for a status of 1 to 125: here 3, because some files are no captures.
[ $status = 123 ] || echo "exit status $status" >"$work/wrong"
grep -E 'Sanitizer|runtime error|core dumped' "$work/all.err" >>"$work/wrong"
: >>"$work/wrong"
check every_capture_is_survived "$work/wrong"

# --- what was stored comes back from another segment, and checks ---

FLOWTAPE_SEGMENTS=$(ls "$work"/all/*.segment) "${flowrec%/*}/schema/rewrite_test" \
	>"$work/rewrite" 2>&1 && : >"$work/rewrite"
check real_rows_come_back "$work/rewrite"
"$flowplay" verify "$work/all" >"$work/verify" 2>&1 && : >"$work/verify"
check the_recording_is_sound "$work/verify"

# path packets counted not_ip truncated malformed unknown_link_type problem, by tabs. Commas and
# quotes are in no path of this corpus.
tail -n +2 "$work/all.csv" | awk -F, -v OFS='\t' '{
	gsub(/[\r"]/, "")
	print $1, $4, $5, $6, $7, $8, $9, $12 }' >"$work/all.tsv"

cut -f 1 "$work/all.tsv" | diff - "$work/files" >"$work/wrong"
check every_file_has_its_row "$work/wrong"

awk -F '\t' '$2 != $3 + $4 + $5 + $6 + $7' "$work/all.tsv" >"$work/wrong"
check packets_are_counted_or_not_and_why "$work/wrong"

# capinfos reads formats that libpcap refuses, refuses link types that libpcap knows, and of a file
# that is cut both tell the packets before the cut. So: where both open a file the counts are equal.
tr '\n' '\0' <"$work/files" | xargs -0 capinfos -T -m -M -Q -c 2>"$work/capinfos.err" |
	tail -n +2 | awk -F, -v OFS='\t' '{ gsub(/"/, ""); print $1, $2 }' |
	sort >"$work/capinfos.tsv"
awk -F '\t' 'NR == FNR { count[$1] = $2; next }
	$1 in count && !($8 != "" && $2 == 0) { both++; if (count[$1] != $2)
		print $1 ": capinfos counts " count[$1] ", flowrec " $2 }
	END { if (both < 100) print "only " both + 0 " files could be compared" }' \
	"$work/capinfos.tsv" "$work/all.tsv" >"$work/wrong"
check as_many_packets_as_capinfos_counts "$work/wrong"

# What capinfos does not open is refused by flowrec too, or all of it is of an unknown link type;
# what flowrec refuses libpcap refuses.
awk -F '\t' 'NR == FNR { count[$1] = $2; next }
	!($1 in count) && $8 == "" && $2 != $7 { print "capinfos does not read " $1 }' \
	"$work/capinfos.tsv" "$work/all.tsv" >"$work/wrong"
awk -F '\t' '$8 != "" { print $1 }' "$work/all.tsv" | while read -r file; do
	if build/testdata/bench/libpcap_loop count "$file" >/dev/null 2>&1; then
		echo "libpcap reads $file to its end"
	fi
	grep -qF "$file: " "$work/all.err" || echo "no error names $file"
done >>"$work/wrong"
check refused_files_are_those_that_libpcap_refuses "$work/wrong"

# sum_equals RECORDING TABLE: the table's packets are those that were counted, each with an IP header.
sum_equals()
{
	ask "$1" "SELECT (SELECT sum(counted) FROM capture),
		sum(source_packets + destination_packets), min(source_bytes + destination_bytes >=
		20 * (source_packets + destination_packets)) AS has_headers FROM $2" >"$work/sum"
	awk -F, '!($1 > 0 && $1 == $2 && $3 == 1)' "$work/sum" >"$work/wrong"
	[ -s "$work/sum" ] || cat "$work/sql.err" >>"$work/wrong"
}

# Every sighting is in one hop row. A flow row counts a packet once even where a cooked capture of
# several interfaces saw it come and go, so only the other captures must show all of theirs.
sum_equals "$work/all" hop
check every_counted_packet_is_in_one_hop_row "$work/wrong"
awk -F, '$3 !~ /LINUX_SLL/ { print $1 }' "$work/all.csv" | tail -n +2 | tr -d '"' |
	tr '\n' '\0' | xargs -0 -n 100000 -x "$flowrec" import -o "$work/one-hop" \
	>"$work/one-hop.txt" 2>&1
sum_equals "$work/one-hop" flow
check every_counted_packet_is_in_one_flow_row "$work/wrong"

# --- twenty files: the same connections, packets and bytes as tshark ---

# tshark's conversations count frames and frame bytes, and its table rounds bytes ("12 kB"). So
# frames are compared by connection (TCP and UDP by addresses and ports, all IP by addresses), and
# bytes in total: the sum of the IP lengths of the frames, which for an uncut Ethernet frame is its
# size less 14 bytes of header and padding.
#
# Conversations that tshark lists apart because a port was used again are summed up here, as are the
# slices of a connection there.
twenty="
ndpi/1kxun.pcap ndpi/KakaoTalk_chat.pcap ndpi/KakaoTalk_talk.pcap ndpi/WebattackRCE.pcap
ndpi/android.pcap ndpi/bittorrent.pcap ndpi/dnscrypt-v2-doh.pcap ndpi/gnutella.pcap
ndpi/h323.pcap ndpi/hsrp2_ipv6.pcapng ndpi/http_ipv6.pcap ndpi/icmp-tunnel.pcap
ndpi/kerberos-login.pcap ndpi/mongodb.pcap ndpi/netflix.pcap ndpi/ocs.pcap
ndpi/opc-ua.pcap ndpi/ssh.pcap ndpi/whatsapp_login_call.pcap tcpdump/forces3.pcap
"

# addresses and ports in text order, so that both directions are one connection
normalize='function put(protocol, a, b, packets) {
	key = protocol " " (a < b ? a " " b : b " " a)
	sum[key] += packets
}
END { for (key in sum) print key, sum[key] }'

# conversations FILE [TSHARK_OPTION]...
conversations()
{
	tshark -n -q -z conv,tcp -z conv,udp -z conv,ip -z conv,ipv6 -r "$@" 2>/dev/null |
		awk '/ Conversations$/ { protocol = tolower($1) }
		/ <-> / {
			n = 0
			for (i = 4; i <= NF; i++)
				if ($i ~ /^(bytes|[kMG]B)$/)
					units[++n] = i
			put(protocol ~ /^ip/ ? "ip" : protocol, $1, $3, $(units[3] - 2))
		}'"$normalize" | sort
}

# connections RECORDING [TABLE]
connections()
{
	ask "$1" "
		SELECT network_iana_number, source_address, source_port, destination_address,
		       destination_port, sum(source_packets + destination_packets)
		FROM ${2:-flow} GROUP BY 1, 2, 3, 4, 5" |
		awk -F, '{
			put("ip", $2, $4, $6)
			if ($1 == 6 || $1 == 17)
				put($1 == 6 ? "tcp" : "udp", $2 ":" $3, $4 ":" $5, $6)
		}'"$normalize" | sort
}

# IP bytes of all frames; tshark gives a field for each header, the outermost first.
ip_bytes()
{
	tshark -n -r "$1" -T fields -e ip.len -e ipv6.plen -E occurrence=f 2>/dev/null |
		awk -F '\t' '$1 != "" { sum += $1; next } $2 != "" { sum += 40 + $2 }
			END { printf "%d\n", sum }'
}

# import_one NAME: into $recording, from $file; fails where the corpus lacks it.
import_one()
{
	file=$captures/$1
	recording=$work/$(echo "$1" | tr / -)
	if [ ! -f "$file" ]; then
		skipped=$((skipped + 1))
		echo "skip corpus: $1 is not there"
		return 1
	fi
	"$flowrec" import -o "$recording" "$file" >/dev/null 2>"$work/wrong"
}

compare_bytes()
{
	ours=$(ask "$recording" "SELECT sum(source_bytes + destination_bytes) FROM ${1:-flow}")
	theirs=$(ip_bytes "$file")
	[ "$ours" = "$theirs" ] || echo "bytes: tshark $theirs, flowrec $ours" >>"$work/wrong"
}

for name in $twenty; do
	import_one "$name" || continue
	conversations "$file" >"$work/theirs"
	connections "$recording" >"$work/ours"
	diff "$work/theirs" "$work/ours" >>"$work/wrong"
	[ -s "$work/theirs" ] || echo "tshark names no conversation" >>"$work/wrong"
	compare_bytes
	check "$(echo "$name" | tr -c 'a-zA-Z0-9\n' _)_agrees_with_tshark" "$work/wrong"
done

# --- where the two differ, and why ---

# tshark also lists what is inside of a tunnel; here a tunnel is one connection, its outer one.
if import_one ndpi/ipv6_in_gtp.pcap; then
	conversations "$file" >"$work/theirs"
	connections "$recording" | comm -13 "$work/theirs" - >>"$work/wrong"
	compare_bytes
	check tunnels_are_counted_by_their_outer_connection "$work/wrong"
fi

# tshark gives the fragments of a datagram to UDP only when all are there, as one packet; here each
# is a packet of its connection. Without its reassembly the later fragments are what it lacks.
if import_one tcpdump/afs.pcap; then
	later=$(tshark -n -r "$file" -o ip.defragment:FALSE -Y 'ip.frag_offset > 0' 2>/dev/null | wc -l)
	conversations "$file" -o ip.defragment:FALSE >"$work/theirs"
	connections "$recording" >"$work/ours"
	cat "$work/theirs" "$work/ours" | grep '^ip ' | sort | uniq -u >>"$work/wrong"
	udp=$(cat "$work/theirs" - <<-END | awk '$1 == "udp" { sum -= $NF } $1 == "ours" { sum += $NF }
		END { print sum }'
		ours $(awk '$1 == "udp" { sum += $NF } END { print sum }' "$work/ours")
	END
	)
	[ "$later" -gt 0 ] && [ "$udp" = "$later" ] ||
		echo "$later later fragments, $udp more packets than tshark" >>"$work/wrong"
	compare_bytes
	check later_fragments_are_counted_with_their_connection "$work/wrong"
fi

# A router's capture of all interfaces: tshark counts every sighting, the hop rows do too, and the
# flow row counts where the packets came from.
if import_one ndpi/rtsp.pcap; then
	conversations "$file" >"$work/theirs"
	connections "$recording" hop | diff "$work/theirs" - >>"$work/wrong"
	compare_bytes hop
	check sightings_of_one_packet_are_hops_of_one_flow "$work/wrong"
fi
conclude

#!/bin/sh
# Makes testdata/captures/story.pcap: the demo's story as its client's interface saw it, cut to the
# headers. The demo imports it where the machine allows no BPF.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/net.sh
. testdata/live/story.sh

work=$(mktemp -d build/story.XXXXXX) || exit 1
trap 'net_down; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
story_addresses
net_up && story_servers "$work" || exit 1
net_start "$client" "$work/dumpcap" dumpcap -P -q -s 96 -i eth0 -w "$work/story.pcap"
dumpcap=$started
wait_for_line '^File: ' "$work/dumpcap.err" "$dumpcap" || { cat "$work/dumpcap.err" >&2; exit 1; }
story_traffic "$work" 20 1000 || exit 1
net_stop INT "$dumpcap" || exit 1
mkdir -p testdata/captures
cp "$work/story.pcap" testdata/captures/story.pcap
chmod 644 testdata/captures/story.pcap

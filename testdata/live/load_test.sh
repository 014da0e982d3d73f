#!/bin/sh
# All kinds of rules together, wherever programs see packets, and each kind alone at TC: the kernel must
# take the same hooks as without any rule. Each kind alone at tracepoints, and what rules leave out,
# is filter_test.sh's.
#
# load_test.sh tracepoints: only there, where loading takes long.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/check.sh
. testdata/live/net.sh
. testdata/live/recorder.sh

recorder_test load loading_with_rules

rules="net=192.0.2.0/24 within=192.0.2.0/24 port=9 proto=udp interface=none0,7 netns=1 cgroup=/ exe=none"
together="--sample 1/2"
for rule in $rules; do
	together="$together --only $rule --not $rule"
done

# load NAME OPTION...: begins to; names and pids are kept for loaded.
load()
{
	name=$1
	shift
	"$flowrec" record -q -o "$work/$name" --duration 1ms "$@" \
		</dev/null >"$work/$name.said" 2>&1 &
	loading="$loading $name:$!" net_pids="$net_pids $!"
}

# hooks NAME: those that its recording was made with.
hooks()
{
	play "$work/$1" "SELECT feature, variant FROM probe WHERE chosen AND feature <> 'sample'" \
		2>>"$work/play"
}

# loaded KIND: what was begun must have the hooks that "none" has, which are of that kind.
loaded()
{
	for one in $loading; do
		net_wait "${one#*:}"
		case $? in
		0 | 3) ;; # it may have lost something
		*) echo "${one%:*}: $(tail -n 1 "$work/${one%:*}.said")" ;;
		esac
	done >"$work/trouble"
	hooks none >"$work/expected"
	if [ "$(grep -c "^flow [a-z]*,$1/" "$work/expected")" != 2 ]; then
		skip "rules_load_at_$1" "this kernel does not see packets there"
		return
	fi
	for one in $loading; do
		hooks "${one%:*}" | diff "$work/expected" - | grep '^[<>]' |
			sed "s/^/${one%:*} /"
	done >>"$work/trouble"
	none "rules_load_at_$1" "$(cat "$work/trouble")" "$(echo "$loading" | wc -w) recorders"
}

for kind in tp_btf tcx clsact; do
	case $kind in
	tp_btf) without= ;;
	tcx) without="--without netif_receive_skb,net_dev_queue" ;;
	clsact) without="--without netif_receive_skb,net_dev_queue,tcx" ;;
	esac
	rm -rf "$work"/*
	loading=
	load none $without
	load together $without $together
	if [ $kind = tcx ]; then
		for rule in $rules; do
			load "${rule%%=*}" $without --only "$rule"
		done
		load sample $without --sample 1/2
	fi
	loaded $kind
	[ "${1:-}" != tracepoints ] || break
done
finish

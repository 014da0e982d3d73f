#!/bin/sh
# Runs live tests, and the labs that need IPVS or Geneve, in Debian 12's own kernel, where qemu
# and that kernel can be had. What `flowrec check` says there is in build/guest/check.txt, what
# the labs of packets' identity show in build/guest/labs.txt.
set -u
cd "$(dirname "$0")/../.." || exit 1
. testdata/live/check.sh

if ! why=$(testdata/guest/image.sh); then
	skip guest "$why"
	finish
	exit
fi
said=$(mktemp build/guest/said.XXXXXX) || exit 1
trap 'rm -f "$said"' EXIT
trap 'exit 130' HUP INT PIPE TERM
live_tests='
	build/flowrec check >build/guest/out/check.txt 2>&1
	status=0
	# On an emulated machine TCP now and then counts a pure ACK as sent that no interface is
	# given: three runs must differ from the endpoints before that is the recorder'"'"'s fault.
	for try in 1 2 3; do
		testdata/live/record_test.sh short >said 2>&1
		recorded=$?
		[ $recorded = 0 ] && break
		sed "s/^FAIL/told again:/" said | grep "^told again" >&2
	done
	cat said
	[ $recorded = 0 ] || status=1
	testdata/live/load_test.sh tracepoints || status=1
	modprobe tun
	testdata/live/enrich_test.sh || status=1
	testdata/guest/lab_test.sh || status=1
	LAB_DATAGRAMS=500 LAB_BYTES=500000 timeout -k 10 400 \
		testdata/live/labs_test.sh geneve >said 2>&1 || status=1
	cat said
	tail -n 1 said | grep -q "^[0-9]* passed, " || {
		echo "FAIL labs_come_to_an_end: they had 400 seconds"
		echo "0 passed, 1 failed, 0 skipped"
	}
	cp build/labs.txt build/guest/out/
	exit $status'
# Ten minutes' work, twenty on a busy machine. An emulated machine may stand still for reasons of its own:
# that is told, and tried once more.
for try in 1 2; do
	GUEST_SECONDS=1700 testdata/guest/run.sh sh -c "$live_tests" >"$said" 2>&1
	status=$?
	[ $try$status = 1125 ] && ! grep -q '^[0-9]* passed, ' "$said" || break
	cat "$said"
done
for file in check.txt labs.txt; do
	cp build/guest/out/$file build/guest/$file 2>/dev/null
done
# The sums of all tests as one.
awk '/^[0-9]+ passed, / { passed += $1; failed += $3; skipped += $5; next }
	{ print }
	END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$said"
exit $status

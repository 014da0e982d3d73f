# Each damage is named, with its place; exit status 2.
for capture in mixed vlan fragments; do
	"$FLOWREC" import -o whole --append "$CAPTURES/$capture.pcap" >/dev/null || exit
done
verify()
{
	"$FLOWPLAY" verify "$@" >out 2>err
	status=$?
	sed -E -e 's/[0-9]+ bytes/... bytes/' -e 's/ [0-9]{5} /   ... /' \
		-e 's/((at|at offset|"offset":) ?)[0-9]+/\1.../g' out
	sed -E 's/[0-9]+ bytes/... bytes/' err >&2
	echo "exit status $status"
	rm -r recording
}
# flip FILE OFFSET: put another byte there.
flip()
{
	printf '\377' | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
# page FILE TABLE: the offset of its first page.
page()
{
	sqlite3 "$1" "SELECT min(pgoffset) FROM dbstat WHERE name = '$2'"
}

echo '--- a page of a plain table'
cp -r whole recording
flip recording/000001.segment $(($(page recording/000001.segment stage) + 1000))
verify recording

echo '--- the list of chunks'
cp -r whole recording
flip recording/000001.segment $(($(page recording/000001.segment chunk) + 1000))
verify --format json recording

echo '--- the last line'
cp -r whole recording
flip recording/000002.segment $(($(stat -c %s recording/000002.segment) - 9))
verify recording

echo '--- a file that was cut'
cp -r whole recording
head -c 20000 whole/000003.segment >recording/000003.segment
verify --format jsonl recording

echo '--- no segment any more'
cp -r whole recording
echo text >recording/000002.segment
verify recording

echo '--- a missing segment'
cp -r whole recording
rm recording/000002.segment
verify --format csv recording

echo '--- an exchanged segment'
cp -r whole recording
"$FLOWREC" import -o other "$CAPTURES/vlan.pcap" >/dev/null
"$FLOWREC" import -o other --append "$CAPTURES/mixed.pcap" >/dev/null
cp other/000002.segment recording/000002.segment
verify recording

# The catalog of sealed segments: made at the first question, made anew when it is not right, and
# never a reason for another answer.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWREC" import -o recording --append "$CAPTURES/fragments.pcap" >/dev/null || exit
ask()
{
	"$FLOWPLAY" sql --format csv recording "SELECT count(*), sum(source_bytes) FROM flow;
		SELECT stream, sum(rows) FROM stream_size GROUP BY 1;
		SELECT count(*), sum(attempted) FROM stage WHERE stage = 'import'" | tr -s '\r\n' '  '
	echo
	stat -c '%a %n' recording/*
}
ask
made=$(stat -c %y recording/catalog)
is_new()
{
	[ "$made" = "$(stat -c %y recording/catalog)" ] && echo 'the same catalog' ||
		echo 'a new catalog'
	made=$(stat -c %y recording/catalog)
}
ask >again && is_new
echo '--- a flipped bit in each page'
size=$(stat -c %s recording/catalog) at=700
while [ "$at" -lt "$size" ]; do
	printf '\377' | dd of=recording/catalog bs=1 seek="$at" conv=notrunc 2>/dev/null
	ask | cmp - again || echo "at $at"
	at=$((at + 4096))
done
[ "$at" -gt 20000 ] && echo 'the same answers'
echo '--- removed, cut, not a catalog'
rm recording/catalog
ask | cmp - again
head -c 5000 recording/catalog >cut && cp cut recording/catalog
ask | cmp - again
echo text >recording/catalog
ask | cmp - again && "$FLOWPLAY" verify recording | grep -c sound
echo '--- one more segment'
is_new
"$FLOWREC" import -o recording --append "$CAPTURES/vlan.pcap" >/dev/null
ask
is_new
ask >again && is_new
echo '--- one segment less'
rm recording/000003.segment
ask
is_new
echo '--- a copy of the recording is another recording to the catalog'
cp -r recording copy
"$FLOWPLAY" sql copy/000001.segment copy recording 'SELECT count(*) FROM flow'

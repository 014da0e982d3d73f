# A sound recording: whole, as single files, while a segment is not sealed; exit status 0.
import()
{
	"$FLOWREC" import -o recording "$@" >/dev/null || exit
}
import "$CAPTURES/mixed.pcap"
import --append "$CAPTURES/vlan.pcap"
import --append "$CAPTURES/fragments.pcap"
verify()
{
	"$FLOWPLAY" verify "$@" >out 2>err
	echo "exit status $?"
	sed -E 's/[0-9]+ bytes/... bytes/' out
	sed -E 's/[0-9]+ bytes/... bytes/' err >&2
}
verify recording
verify --format json recording
verify recording/000001.segment recording/000003.segment
verify recording missing
verify

mkdir recording/000004.segment.sealing # in the way: the segment stays live
"$FLOWREC" import -o recording --append "$CAPTURES/vlan.pcap" >/dev/null 2>&1
rmdir recording/000004.segment.sealing
verify recording

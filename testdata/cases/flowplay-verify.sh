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

# The ordinary SQLite file that a live segment is.
(sqlite3 recording/000003.segment .dump; echo 'PRAGMA application_id = 1181511543;
	PRAGMA user_version = 131072;') | sqlite3 recording/000004.live.segment
rm recording/000003.segment
sqlite3 recording/000004.live.segment 'UPDATE segment SET finished_ns = NULL'
verify recording

# A segment that cannot be sealed loses nothing: it is named, it answers, and the next run seals it.
mkdir -p recording/000001.segment.sealing # in the way
"$FLOWREC" import -o recording "$CAPTURES/raw.pcap" >/dev/null
echo "exit status $?"
ls recording
"$FLOWPLAY" sql recording 'SELECT count(*) FROM flow'
rmdir recording/000001.segment.sealing
"$FLOWREC" import -o recording --append "$CAPTURES/vlan.pcap" >/dev/null
echo "exit status $?"
ls recording
"$FLOWPLAY" sql recording 'SELECT count(*) FROM flow'

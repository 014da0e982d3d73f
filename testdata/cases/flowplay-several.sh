# Several recordings at once: every row says where it is from.
"$FLOWREC" import -o one "$CAPTURES/vlan.pcap" >/dev/null || exit
"$FLOWREC" import -o two "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWPLAY" sql one two 'SELECT segment, count(*) FROM flow GROUP BY segment;
	SELECT count(DISTINCT recording_id) FROM flow'
"$FLOWPLAY" sql one/000001.segment one two missing 'SELECT count(*) FROM flow'

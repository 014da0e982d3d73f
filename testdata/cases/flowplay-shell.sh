# The shell: statements over several lines, dot words, and errors that do not end it.
"$FLOWREC" import -o recording "$CAPTURES/vlan.pcap" >/dev/null || exit
"$FLOWPLAY" sql recording <<'END'
.tables
.schema conntrack_rate
.schema segment
SELECT count(*)
  FROM flow
  WHERE network_transport = 'tcp';
SELECT nothing;
.nothing
SELECT 'still here' AS words;
.quit
SELECT 'never';
END

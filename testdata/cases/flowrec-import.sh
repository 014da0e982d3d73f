# Every kind of capture at once: what is read is imported, what is not is named, all is accounted for.
work=$PWD
cd "$CAPTURES" || exit
# Cooked captures are left to another case: they see the same connection at other hops.
"$FLOWREC" import -o "$work/recording" $(ls | grep -v cooked) |
	sed "s,$work/,,; s/[0-9]* bytes$/N bytes/"
cd "$work" || exit
ask()
{
	"$FLOWPLAY" sql recording --format csv "$1" 2>/dev/null
}
echo "--- the rows hold every counted packet"
ask "SELECT sum(source_packets + destination_packets) AS packets,
	sum(source_bytes + destination_bytes) AS bytes FROM flow"
ask "SELECT sum(source_packets + destination_packets) AS packets,
	sum(source_bytes + destination_bytes) AS bytes FROM hop"
echo "--- what was not counted is a loss, but for what is not IP"
ask "SELECT * FROM stage WHERE stage = 'import'"
ask "SELECT stage, stream, reason, count FROM loss ORDER BY reason"
echo "--- the account of each file stays with the recording"
ask "SELECT path, size_bytes, link_type, packets, counted, first_ns, last_ns, problem FROM capture
	ORDER BY path"

# What rules leave out of a capture is counted by kind, and with what they let in makes up the whole.
cd "$CAPTURES" || exit
import()
{
	rm -rf "$OLDPWD/recording"
	echo "--- $*"
	"$FLOWREC" import -o "$OLDPWD/recording" "$@" $(ls | grep -vE 'cooked|torn|text|empty|wifi|two_link') |
		grep 'left out'
	"$FLOWPLAY" sql "$OLDPWD/recording" --format csv "SELECT stage, attempted, stored, excluded,
		(SELECT coalesce(sum(source_packets + destination_packets), 0) FROM flow) AS in_flows
		FROM stage WHERE stage = 'import' OR stage LIKE 'filter%' ORDER BY stage" 2>/dev/null
}
import
import --only port=53,443
import --not port=53,443
import --only proto=udp --not port=53
import --only net=10.0.0.0/8,2001:db8::/32
import --not net=10.0.0.0/8 --not net=2001:db8::/32
import --only within=10.0.0.0/8
import --sample 1/2 --sample-seed 7
import --sample 1/2 --sample-seed 7
import --sample 2 --sample-seed 8
"$FLOWPLAY" sql "$OLDPWD/recording" --format csv "SELECT DISTINCT sampling_rate FROM flow"
"$FLOWPLAY" sql "$OLDPWD/recording" --format csv "SELECT feature, variant, chosen, explanation FROM probe"

# Trouble is one line that says what and where, and the exit status says how much was answered.
import()
{
	echo "--- import $*"
	"$FLOWREC" import "$@"
	echo "exit status $?"
}
cp "$CAPTURES/torn.pcap" "$CAPTURES/text.pcap" "$CAPTURES/raw.pcap" "$CAPTURES/empty.pcap" .
printf 'not\033[31ma capture' >"$(printf 'evil\033[31m.pcap')"
import
import raw.pcap
import -o
import -o out
import -o out --slice 0 raw.pcap
import -o out --format xml raw.pcap
import -o out --fast raw.pcap
import -vx -o out raw.pcap
import -o out missing.pcap text.pcap empty.pcap .
ls out 2>&1 | sed 's/.*No such.*/no recording was made/'
import -o out "$(printf 'evil\033[31m.pcap')"
import -o out torn.pcap missing.pcap raw.pcap | sed 's/[0-9]* bytes$/N bytes/'
import -o out raw.pcap
import -o out --append raw.pcap | sed 's/[0-9]* bytes$/N bytes/'
import -o raw.pcap raw.pcap
ls out

# Every report over an imported capture. Flow ids begin at a random number.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWPLAY" report

report()
{
	"$FLOWPLAY" report "$1" recording | sed 's/\<[2-4][0-9]\{18\}\>/...a random number./'
}

for report in summary talkers connections nat processes hops losses cost cost-per; do
	echo "--- $report"
	case $report in
	summary) report $report | grep -v '^size of the recording' ;;
	connections | hops) report $report | head -n 20 ;;
	*) report $report ;;
	esac
done

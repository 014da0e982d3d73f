# Every report over an imported capture.
"$FLOWREC" import -o recording "$CAPTURES/mixed.pcap" >/dev/null || exit
"$FLOWPLAY" report
for report in summary talkers connections nat processes hops losses cost; do
	echo "--- $report"
	case $report in
	summary) "$FLOWPLAY" report $report recording | grep -v '^size of the recording' ;;
	connections | hops) "$FLOWPLAY" report $report recording | head -n 20 ;;
	*) "$FLOWPLAY" report $report recording ;;
	esac
done

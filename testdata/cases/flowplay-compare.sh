# Every verdict in every format, told of metrics whose names are made to break out of it.
line() # METRIC UNIT KIND BETTER VALUE [WHOLE]
{
	printf '{"metric":"%s","unit":"%s","kind":"%s","better":"%s","value":%s,"whole":%s}\n' \
		"$1" "$2" "$3" "$4" "$5" "${6:-null}"
}

# side SIZE LOST BASE STEP: samples BASE, BASE + STEP, ...
side()
{
	line stream.flow.bytes_per_row bytes exact lower "$1"
	line stream.hop.bytes_per_row bytes exact lower 4.5
	line stream.packet.bytes_per_row bytes exact lower "$1"
	line rows.packet rows context '' "$(($8 + 500 * $2))"
	line cost.maps.memory bytes exact lower "$5"
	line lost.all events exact lower "$2"
	line fingerprint.flowtape.false_negatives sightings proportion lower "$6" 4000
	for i in 0 1 2 3 4 5 6 7 8 9 10 11; do
		line overhead.on.latency_p50 % sampled lower "$(($3 + i * $4))"
		line overhead.on.rate % sampled higher "$((i - 6)).5"
	done
	line cost.recorder.cpu_per_row ns sampled lower 350
	line workload.on.latency_p50 ns sampled lower 71000
	line '<b>|`x`\u001b[1m=\u202e\"&' bytes exact lower "$1"
	line kernel_release '' context '' "\"$7\""
	line rows.flow rows context '' "$8"
	line traffic.bytes bytes context '' "$1"
}
side 12.5 0 1 1 4194304 0 6.1.0-18 1000 >base
line cost.rings.memory bytes exact lower 65536 >>base
side 14.25 1 21 2 2097152 30 '6.1.0-22 <script>' 1020 >candidate

for format in text json jsonl csv markdown junit benchfmt github-action-benchmark; do
	echo "--- $format"
	"$FLOWPLAY" compare --format $format base candidate
	echo "exit status $?"
done
echo "--- html"
"$FLOWPLAY" compare --format html base candidate 2>/dev/null | sed -n '/<main>/,$p'
echo "--- the other way round"
"$FLOWPLAY" compare candidate base | head -n 1
echo "--- with itself"
"$FLOWPLAY" compare base base | head -n 1

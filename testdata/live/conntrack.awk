# Both tuples of each translated entry that `conntrack -L` prints, as CSV: protocol number, original
# source and destination, translated source and destination; an ICMP identifier as both ports. With
# -v more=1 the zone and the mark, too.
{
	split("", value)
	split("", seen)
	for (i = 1; i <= NF; i++)
		if (split($i, pair, "=") == 2 && pair[1] ~ /^(src|dst|sport|dport|id|zone|mark)$/) {
			k = seen[pair[1]]++ + 0
			value[pair[1], k] = pair[2]
		}
	for (k = 0; k < 2; k++)
		if (("id", k) in value)
			value["sport", k] = value["dport", k] = value["id", k]
	if (value["src", 1] != value["dst", 0] || value["dst", 1] != value["src", 0] ||
	    value["sport", 1] != value["dport", 0])
		print $2 "," value["src", 0] "," value["sport", 0] "," value["dst", 0] "," \
			value["dport", 0] "," value["dst", 1] "," value["dport", 1] "," \
			value["src", 1] "," value["sport", 1] \
			(more ? "," value["zone", 0] + 0 "," value["mark", 0] + 0 : "")
}

# A bridge, DNAT and masquerade between two places: five hops. Where bridges have the packets filtered
# that they carry, which is usual, the first translation is done in the bridge: a packet has one tuple at
# two hops, another at the next, a third at the last two. Datagrams only.

nat_up()
{
	lab_places a r b && wire a eth0 r port0 && wire r eth1 b eth0 && bridge r br0 port0 &&
		forwards r && nat_in_bridges r && ends 1 a eth0 r br0 && ends 2 r eth1 b eth0 &&
		nat_rules
}

nat_in_bridges()
{
	at "$1" sh -c 'echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables' 2>/dev/null ||
		LAB_LACKS="this kernel does not filter in bridges"
}

nat_rules()
{
	at r nft -f - <<-END
		table ip nat {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr $(end4 1 2) meta l4proto { tcp, udp } th dport { 5001, 8090 } dnat to $(end4 2 2)
			}
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname "eth1" masquerade
			}
		}
	END
}

nat_traffic()
{
	serve b && datagrams a "$(end4 1 2)" && settle "$(end4 1 2)"
}

nat_checks()
{
	is netobserv_1_8_counts_a_translated_packet_four_times 4.0000 "$(design netobserv-1.8)"
	is by_namespace_it_counts_it_three_times 3.0000 "$(design netobserv-1.8-netns)"
	is raw_counts_it_at_all_five_hops 5.0000 "$(design raw)"
}

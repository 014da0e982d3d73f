# A place that reaches itself by way of a translation: out and in again by the same port of a bridge.

hairpin_up()
{
	lab_ends=a
	lab_places a r && wire a eth0 r port0 && bridge r br0 port0 &&
		link_at r link set port0 type bridge_slave hairpin on && forwards r &&
		ends 1 a eth0 r br0 && at r nft -f - <<-END
		table ip nat {
			chain prerouting {
				type nat hook prerouting priority dstnat
				ip daddr $(end4 1 2) meta l4proto { tcp, udp } th dport { 5001, 8090 } dnat to $(end4 1 1)
			}
			chain postrouting {
				type nat hook postrouting priority srcnat
				oifname "br0" ip daddr $(end4 1 1) masquerade
			}
		}
	END
}

hairpin_traffic()
{
	serve a && talk a "$(end4 1 2)" && settle "$(end4 1 2)"
}

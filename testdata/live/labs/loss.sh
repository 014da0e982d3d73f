# A router that loses one packet in fifty, by chance: TCP sends again. No acknowledgement and no FIN is
# lost: what is answered after a socket has gone, neither end counts.

loss_up()
{
	lab_places a r b && wire a eth0 r eth0 && wire r eth1 b eth0 && forwards r &&
		ends 1 a eth0 r eth0 && ends 2 r eth1 b eth0 &&
		link_at a route add default via "$(end4 1 2)" &&
		link_at b route add default via "$(end4 2 1)" &&
		net_answers "$(place a)" "$(end4 2 2)" && at r nft -f - <<-END
		table ip lossy {
			chain forward {
				type filter hook forward priority 0
				udp length > 0 numgen random mod 1000 < 20 drop
				ip length > 100 tcp flags & fin == 0 numgen random mod 1000 < 20 drop
			}
		}
	END
}

loss_traffic()
{
	serve b && talk a "$(end4 2 2)" && settle "$(end4 2 2)"
}

loss_checks()
{
	is what_tcp_sends_again_is_known "$(ask "SELECT sum(again) FROM said
		WHERE transport = 'tcp'")" "$(ask "SELECT coalesce(sum(packets), 0) FROM packet
		WHERE relation = 'again'")"
}

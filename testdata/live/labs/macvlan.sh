# Two macvlans on one interface, which hands over between them by itself.

macvlan_up()
{
	lab_places a r b && wire r lower r nobody &&
		link_at r link add link lower name eth0 netns "$(place a)" type macvlan mode bridge &&
		link_at r link add link lower name eth0 netns "$(place b)" type macvlan mode bridge &&
		link_at a link set eth0 up && link_at b link set eth0 up && ends 1 a eth0 b eth0
}

macvlan_traffic()
{
	serve b && talk a "$(end4 1 2)" && settle "$(end4 1 2)"
}

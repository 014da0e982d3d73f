# A rule that is wrong is one line that names the wrong word.
say()
{
	"$FLOWREC" record -o out "$@"
	echo "exit status $?"
}
say --only
say --only port
say --only colour=red
say --not net=10.0.0.1/8
say --not net=10.0.0.0/8,192.0.2.0/33
say --only port=22,ssh
say --only port=100-99
say --not proto=http
say --not interface=veth*0
say --only netns=a/b
say --only cgroup=ssh.service
say --only exe=/usr/bin/curl
say --not exe=
say --sample 0
say --sample 2/3
say --sample-seed 0x1g
say --sample 10 --sample-seed 99999999999999999999
"$FLOWREC" import -o out --only exe=curl "$CAPTURES/raw.pcap"
echo "exit status $?"
ls out 2>&1 | sed 's/.*No such.*/no recording was made/'

# What is wrong is one line that names the wrong word, before anything runs.
say()
{
	"$FLOWREC" bench "$@"
	echo "exit status $?"
}
say
say -o out
say -- true
say -o out --pairs 0 -- true
say -o out --warmup many -- true
say -o out --metered -1 -- true
say -o out --settle soon -- true
say -o out --seed 0x -- true
say -o out --arm on=--quiet -- true
say -o out --arm a -- true
say -o out --arm a/b=--slice=1s -- true
say -o out --arm a=--slice=1s --arm a= -- true
say -o out --arm 'a=!' -- true
say -o out --arms off -- true
say -o out --arms off,on,off -- true
say -o out --arms off,mine -- true
say -o out --arm 'mine=--streams flows' -- true
say -o out --arm 'mine=--slice 1ms' -- true
say -o out --arm 'mine=-o elsewhere' -- true
say -o out --arm 'mine=--slice "1s' -- true
say -o out --duration 1s -- true
say -o out --slice 1ms -- true
say -o out --probe -- true
say -o out --probe --result file
say -o out --probe --settle 1s
say -o out --loads 1 -- true
say -o out --colour -- true
say -o out --pairs
ls out 2>&1 | sed 's/.*No such.*/no recording was made/'

# How live tests say what they saw, sourced by them: a line for each check, the sums at the end.

passed=0
failed=0
skipped=0

# ok NAME [NOTE]
ok()
{
	passed=$((passed + 1))
	echo "ok $1${2:+ ($2)}"
}

# is NAME EXPECTED GOT [NOTE]: passes when both are the same.
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1" "${4:-}"
	else
		failed=$((failed + 1))
		echo "FAIL $1: expected $2, got $3"
	fi
}

# none NAME TEXT [NOTE]: passes when TEXT, which lists what is wrong, is empty.
none()
{
	if [ -z "$2" ]; then
		ok "$1" "${3:-}"
	else
		failed=$((failed + 1))
		echo "FAIL $1: expected no difference, got"
		printf '%s\n' "$2" | head -n 12 | sed 's/^/    /'
	fi
}

# skip NAME WHY
skip()
{
	skipped=$((skipped + 1))
	echo "skip $1: $2"
}

finish()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}

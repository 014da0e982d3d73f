# What is no recording: one line that says what, where, and what was expected; exit status 1.
try()
{
	"$FLOWPLAY" info "$1"
	echo "$?" >&2
}
mkdir empty other
echo notes >other/notes.txt
echo 'no database, whatever its name is' >text.segment
: >nothing.segment
sqlite3 other.segment 'CREATE TABLE mine(a)'
try missing
try empty
try other
try other/notes.txt
try text.segment
try nothing.segment
try other.segment

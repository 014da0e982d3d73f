# Help goes to standard output; every command has its own.
"$FLOWPLAY" --help
for command in info report sql; do
	echo "--- $command"
	"$FLOWPLAY" $command --help
done

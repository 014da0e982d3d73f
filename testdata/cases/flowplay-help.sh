# Help goes to standard output; every command has its own.
"$FLOWPLAY" --help
for command in info report sql verify export; do
	echo "--- $command"
	"$FLOWPLAY" $command --help
done

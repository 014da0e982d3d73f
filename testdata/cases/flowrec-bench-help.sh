# Both workloads, with examples, on standard output.
"$FLOWREC" bench --help

#!/bin/sh
# Installs from Debian what Flowtape needs and this machine lacks; says nothing when all is there.
set -u

# To build. flowplay needs neither clang, bpftool, libbpf, libelf, libpcap nor libmnl.
packages="gcc libc6-dev make"
packages="$packages clang bpftool"                         # BPF programs and their skeletons
packages="$packages libbpf-dev libelf-dev zlib1g-dev"      # loading them
packages="$packages libpcap-dev"                           # reading captures
packages="$packages libmnl-dev"                            # interfaces, conntrack entries at start
packages="$packages libsqlite3-dev libzstd-dev libxxhash-dev libssl-dev" # segments
# To test and to demonstrate.
packages="$packages libcmocka-dev"
packages="$packages libclang-rt-dev"                       # make fuzz-NAME
packages="$packages sqlite3"                               # segments read without Flowtape
packages="$packages iproute2 nftables conntrack mount"     # namespaces, NAT, its own list, a small disk
packages="$packages iputils-ping curl"                     # traffic
packages="$packages tshark"                                # capinfos, and a second opinion on captures

fail()
{
	echo "deps: $*" >&2
	exit 1
}

command -v dpkg-query >/dev/null ||
	fail "this is no Debian; install by hand what testdata/deps.sh lists"

missing=
for package in $packages; do
	status=$(dpkg-query -W -f '${db:Status-Status} ' "$package" 2>/dev/null)
	case " $status" in
	*" installed "*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	root=
elif command -v sudo >/dev/null; then
	root=sudo
else
	fail "as root, type: apt-get install$missing"
fi

mkdir -p build || exit 1
log=build/deps.log
echo "installing from Debian:$missing"
{
	$root apt-get update &&
		$root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
			-o DPkg::Lock::Timeout=300 $missing
} >"$log" 2>&1 </dev/null ||
	fail "cannot install$missing: $(grep -m 1 '^E: ' "$log" || tail -n 1 "$log") (see $log)"

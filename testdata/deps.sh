#!/bin/sh
# Installs from Debian what Flowtape needs and this machine lacks; says nothing when all is there.
#
# With "guest": what testdata/guest boots another kernel with. Its tests can do without, so where this
# cannot be had it is no failure, and it is asked for once (until make clean).
set -u

# To build. flowplay needs neither clang, bpftool, libbpf, libelf, libpcap nor libmnl.
packages="gcc libc6-dev make"
packages="$packages clang bpftool"                         # BPF programs and their skeletons
packages="$packages libbpf-dev libelf-dev zlib1g-dev"      # loading them; CRC-32
packages="$packages libpcap-dev"                           # reading captures
packages="$packages libmnl-dev"                            # interfaces, conntrack entries at start
packages="$packages libsqlite3-dev libzstd-dev libxxhash-dev libssl-dev" # segments
packages="$packages libjansson-dev"                          # results of load tools
# To test and to demonstrate.
packages="$packages libcmocka-dev"
packages="$packages libclang-rt-dev"                       # make fuzz-NAME
packages="$packages sqlite3"                               # segments read without Flowtape
packages="$packages iproute2 nftables iptables conntrack mount" # namespaces, NAT, its own list, a small disk
packages="$packages iputils-ping curl wrk"                 # traffic, load
packages="$packages tshark"                                # capinfos, and a second opinion on captures

missing_guest=
if [ "${1:-}" = guest ]; then
	packages=qemu-system-x86
	missing_guest=build/guest/qemu.missing
	[ "$(uname -m)" = x86_64 ] && [ ! -e $missing_guest ] || exit 0
fi

fail()
{
	echo "deps: $*" >&2
	[ -n "$missing_guest" ] || exit 1
	mkdir -p build/guest && echo "$*" >$missing_guest
	exit 0
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

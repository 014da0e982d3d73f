#!/bin/sh
# Boots Debian 12's kernel (6.1) with this build in it, and runs a command there as root.
#
#   testdata/guest/run.sh COMMAND [ARGUMENT]...
#
#   testdata/guest/run.sh build/flowrec check
#   testdata/guest/run.sh sh -c 'uname -r; modprobe ip_vs; ipvsadm -L'
#   testdata/guest/run.sh testdata/live/record_test.sh short
#   GUEST_FILES="build/try build/try.bpf.o" testdata/guest/run.sh build/try build/try.bpf.o
#   testdata/guest/run.sh bpftool prog load build/bpf/flowtape.bpf.o /sys/fs/bpf/try
#
# The command runs in a copy of this tree: testdata's scripts, and of build/ flowrec, flowplay, the
# BPF objects, the live tests' tools, and GUEST_FILES (programs come with their libraries). There
# are the usual tools (ip, tc, nft, conntrack, ipvsadm, ping, curl, sqlite3, bpftool) and busybox;
# the kernel loads its network modules as they are asked for.
#
# Exit status and output are the command's; the kernel's words are in build/guest/console.log.
# Everything is in memory and gone at the end, but for what the command leaves in build/guest/out:
# afterwards that is here, in the same place. 125: the guest gave no answer, or (77) cannot be made.
# GUEST_SECONDS (120) bounds it; GUEST_ACCEL=kvm where KVM works, else it is emulated.
set -u
cd "$(dirname "$0")/../.." || exit 1

[ $# -gt 0 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 64; }
mkdir -p build/guest
if ! why=$(testdata/guest/image.sh); then
	echo "no guest: $why" >&2
	exit 77
fi

work=$(mktemp -d build/guest/run.XXXXXX) || exit 1
machine=
trap '[ -z "$machine" ] || kill "$machine" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT PIPE TERM
tree=$work/tree
here=$tree/flowtape
mkdir -p $here/build/guest/out

# add FILE TO: a file and the libraries it needs.
add()
{
	mkdir -p "$(dirname "$2")"
	cp -L "$1" "$2" || exit 1
	ldd "$1" 2>/dev/null | grep -o '/[^ ]*\.so[^ ]*' >>"$work/libraries"
}

for tool in dash ip tc ss nft conntrack ping curl sqlite3 bpftool; do
	path=$(PATH=$PATH:/usr/sbin:/sbin command -v $tool) && add "$path" $tree/usr/bin/$tool
done
ln -s dash $tree/usr/bin/sh
for file in build/flowrec build/flowplay build/schema/rewrite_test build/bpf/*.o \
	build/testdata/live/* schema/segment.sql analyzer/reports/*.sql ${GUEST_FILES:-}; do
	case $file in
	build/testdata/*.[do] | build/testdata/live/labs) ;;
	*) add "$file" "$here/$file" ;;
	esac
done
mkdir -p $here/testdata
cp -R testdata/live testdata/guest $here/testdata/
mkdir -p $tree/usr/lib64
sort -u "$work/libraries" | while read -r library; do
	case $library in
	/usr/*) to=$tree$library ;;
	*) to=$tree/usr$library ;;
	esac
	mkdir -p "${to%/*}"
	cp -L "$library" "$to"
done
for argument; do
	printf "'%s' " "$(printf '%s\n' "$argument" | sed "s/'/'\\\\''/g")"
done >$tree/command
cp testdata/guest/init $tree/init
chmod 755 $tree/init
# Two archives, the uncompressed one first: only there it is aligned as the kernel wants it.
(cd $tree && find . | ../../busybox cpio -o -H newc) >"$work/initramfs" 2>/dev/null || exit 1
cat build/guest/base.img >>"$work/initramfs" || exit 1
truncate -s 256M "$work/disk"

# The kernel's check of its timer fails where an emulated processor waits for a real one.
timeout "${GUEST_SECONDS:-120}" qemu-system-x86_64 -M pc -accel "${GUEST_ACCEL:-tcg}" -cpu max \
	-m 1024 -smp 2 -nic none -display none -monitor none -no-reboot \
	-kernel build/guest/vmlinuz -initrd "$work/initramfs" \
	-append "console=ttyS0 quiet panic=-1 no_timer_check" \
	-serial file:build/guest/console.log -serial stdio \
	-drive "file=$work/disk,format=raw,if=virtio" </dev/null &
machine=$!
wait $machine
stopped=$?
machine=
rm -rf build/guest/out
mkdir build/guest/out
tar -C build/guest/out -xf "$work/disk" 2>/dev/null
if ! status=$(cat build/guest/out/status 2>/dev/null); then
	[ $stopped = 124 ] && echo "the guest took more than ${GUEST_SECONDS:-120} seconds" >&2
	echo "no answer from the guest (qemu's exit status $stopped); its last words:" >&2
	tail -n 20 build/guest/console.log >&2
	exit 125
fi
rm build/guest/out/status
exit "$status"

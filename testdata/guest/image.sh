#!/bin/sh
# Makes what the guest boots from, in build/guest: Debian 12's own kernel, and an initramfs with its
# network modules, busybox and ipvsadm. Their packages are unpacked there, never installed here.
#
# Done once, and again when this file changes; what cannot be downloaded is asked for once (until make
# clean). Prints nothing, or why it cannot be done (exit 1).
set -u
cd "$(dirname "$0")/../.." || exit 1

guest=build/guest
packages="busybox-static ipvsadm libpopt0 libnl-3-200 libnl-genl-3-200"
modules='net/(802|8021q|bridge|core|ipv4|ipv6|llc|netfilter|openvswitch|sched|sctp|xfrm)/'
modules="$modules|drivers/net/((bonding|ipvlan|vxlan|wireguard)/|[a-z_]*\.ko)"
modules="$modules|drivers/(virtio/virtio_pci|block/virtio_blk)"

fail()
{
	echo "$*"
	exit 1
}

[ "$(uname -m)" = x86_64 ] || fail "the guest is x86_64, this machine is $(uname -m)"
command -v qemu-system-x86_64 >/dev/null ||
	fail "$(cat $guest/qemu.missing 2>/dev/null || echo "qemu-system-x86_64 is not installed")"
[ $guest/base.img -nt "$0" ] && exit 0
command -v apt-get >/dev/null || fail "no apt-get to get Debian's kernel with"
[ ! -e $guest/kernel.missing ] || fail "$(cat $guest/kernel.missing)"

rm -rf $guest/packages $guest/root $guest/base.img
mkdir -p $guest/packages $guest/root || exit 1

# What downloads here is unpacked as it is: nothing is configured, nothing runs.
download()
{
	kernel=$(apt-cache search --names-only '^linux-image-6\.1\.0-[0-9]+-cloud-amd64$' |
		sort -V | sed -n '$s/ .*//p')
	[ -n "$kernel" ] && (cd $guest/packages && apt-get download "$kernel" $packages)
}
if ! download >$guest/download.log 2>&1 &&
	! { apt-get update && download; } >>$guest/download.log 2>&1; then
	echo "no kernel 6.1 from the package archive: $(grep -m 1 '^E: ' $guest/download.log ||
		echo "it lists none") (see $guest/download.log)" >$guest/kernel.missing
	fail "$(cat $guest/kernel.missing)"
fi
for package in $guest/packages/*.deb; do
	dpkg -x "$package" $guest/root || fail "cannot unpack $package"
done
mv $guest/root/boot/vmlinuz-* $guest/vmlinuz || fail "no kernel in its package"

# One initramfs, with everything below usr as on any Debian 12.
busybox=$PWD/$guest/root/bin/busybox
tree=$guest/tree
rm -rf $tree
mkdir -p $tree/usr/bin $tree/usr/sbin $tree/usr/lib $tree/usr/lib64 $tree/applets $tree/dev \
	$tree/etc $tree/proc $tree/run $tree/sys $tree/tmp
for link in bin sbin lib lib64; do
	ln -s usr/$link $tree/$link
done
cp "$busybox" $tree/usr/bin/
ln -s ../bin/busybox $tree/usr/sbin/modprobe
for applet in $("$busybox" --list); do
	ln -s ../bin/busybox $tree/applets/"$applet"
done
cp $guest/root/sbin/ipvsadm $tree/usr/sbin/
for directory in lib usr/lib; do
	[ -d $guest/root/$directory/x86_64-linux-gnu ] &&
		cp -a $guest/root/$directory/x86_64-linux-gnu $tree/usr/lib/
done
echo root:x:0:0:root:/:/bin/sh >$tree/etc/passwd
version=$(ls $guest/root/lib/modules)
(
	cd "$guest/root/lib/modules/$version" || exit 1
	"$busybox" depmod -b ../../.. "$version" || exit 1
	grep -E "^kernel/($modules)" modules.dep | tr -d : | tr ' ' '\n' | sort -u
	echo modules.builtin
) >$guest/modules || fail "cannot list the modules of $version"
mkdir -p "$tree/lib/modules/$version"
tar -C "$guest/root/lib/modules/$version" -cf - -T $guest/modules |
	tar -C "$tree/lib/modules/$version" -xf - || exit 1
"$busybox" depmod -b $tree "$version"
(cd $tree && find . | "$busybox" cpio -o -H newc | gzip -1) >$guest/base.tmp 2>/dev/null ||
	fail "cannot write $guest/base.tmp"
cp "$busybox" $guest/busybox
rm -rf $tree $guest/root $guest/packages
mv $guest/base.tmp $guest/base.img

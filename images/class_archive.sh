# Archives Spark's classes: $1 a folder with the layers, $2 their overlay's order, $3 Java's home, $4 the class path; then
# the words that Java is to run under. In mount, process, network and IPC namespaces of its own, and as nobody where root
# runs it. The programs are those of Debian's packages, which mmdebstrap has run already: this is no place for strangers'.
set -e
umask 022; cd "$1"; chmod 755 top top/*; order=$2 java=$3 path=$4; shift 4
mount -t overlay overlay -o "ro,nosuid,nodev,lowerdir=$order" root
mount -t proc -o nosuid,nodev,noexec proc root/proc
mount --bind out root/cds-out
user=
if [ "$(id -u)" = 0 ] && chown 65534:65534 out 2>/dev/null; then user=--userspec=65534:65534; fi
inside="setpriv --no-new-privs chroot $user root"
# The JVM's own list first: an archive takes the place of the JVM's.
{ $inside cat "$java/lib/classlist" || true; cat out/classes; } >out/all 2>/dev/null
chmod 755 out; chmod 644 out/all
# This shell stays, the first of its process namespace: whoever changes user is not told any more that its parent has died,
# but nothing outlives the first process.
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C "$@" $inside "$java/bin/java" -Xshare:dump -XX:+UseSerialGC \
  -Xms512m -Xmx512m -Xrs -XX:TieredStopAtLevel=1 -XX:+DisableAttachMechanism -XX:-UsePerfData -XX:-UseContainerSupport \
  -XX:SharedClassListFile=/cds-out/all -XX:SharedArchiveFile=/cds-out/classes.jsa -cp "$path"
exit $?

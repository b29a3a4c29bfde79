#!/bin/busybox sh
# The only program of a small machine: it recovers what the last death left, starts the next run,
# and does what the host says on the second serial line. Its words to the host begin with '#'.

/bin/busybox --install -s /bin
export PATH=/bin HOME=/ CRASHPOINT_CACHE=/cache

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /disk /var/log /var/lib/systemd/pstore
mount -t tmpfs tmp /tmp
mount -t tmpfs shm /dev/shm
mount -t pstore pstore /sys/fs/pstore

exec 3<>/dev/ttyS1
stty raw -echo <&3
say() { echo "# $*" >&3; }

for module in $(cat /modules/order); do
  insmod "/modules/$module" || say "failed: insmod $module"
done

for word in $(cat /proc/cmdline); do
  case $word in
    powercut.*) eval "${word#powercut.}" ;;
  esac
done

if ! mount -t "$filesystem" /dev/vda /disk; then
  say "failed: the file system does not mount"
  sleep 3600
fi
mkdir -p /disk/log
mount -o bind /disk/log /var/log

# A record as utmp(5) has it: type, user, line "~", host, seconds. What an init system writes at
# boot (2, reboot) and at an orderly shutdown (1, shutdown).
login_record() {
  seconds=$(date +%s)
  {
    printf "\\$(printf %o "$1")\\0\\0\\0\\0\\0\\0\\0~"
    dd if=/dev/zero bs=1 count=31
    printf '~~\0\0%s' "$2"
    dd if=/dev/zero bs=1 count=$((32 - ${#2}))
    dd if=/dev/zero bs=1 count=264
    for shift in 0 8 16 24; do
      printf "\\$(printf %o $((seconds >> shift & 255)))"
    done
    dd if=/dev/zero bs=1 count=40
  } 2>/dev/null >>/var/log/wtmp
}

# Reads what is left of a run, and hands it to the host on the second disk.
recover() {
  rm -rf /tmp/told
  mkdir -p /tmp/told
  for left in /disk/runs-"$1"/2*; do
    [ -d "$left" ] || continue
    dmesg >/tmp/told/kernel.log
    ls -l /sys/fs/pstore >/tmp/told/pstore
    crashpoint recover "$left" --json >/tmp/told/recover.json 2>/tmp/told/recover.err
    echo $? >/tmp/told/recover.code
    crashpoint report "$left" --format json >/tmp/told/report.json 2>/tmp/told/report.err
    ln -s "$left" /tmp/told/run
  done
  tar -c -h -f /dev/vdb -C /tmp told
  sync
  rm -f /sys/fs/pstore/*
  rm -rf /disk/runs-"$1"
  say "recovered $1"
}

[ "$recover" -gt 0 ] && recover "$recover"
login_record 2 reboot
sync

if [ "$run" -gt 0 ]; then
  set --
  [ "$worker" = quick ] && set -- --worker /bin/quick
  CRASHPOINT_ACKNOWLEDGED=/dev/ttyS1 crashpoint run "$@" --out "/disk/runs-$run" --quiet --no-triage \
    --sample-hz 10 --cycles 100000 --max-new-tokens 2 --burn 100ms >/dev/null &
  supervisor=$!
  say "running $run"
else
  say "idle"
fi

while read -r word <&3; do
  case $word in
    panic) echo c >/proc/sysrq-trigger ;;
    reboot)
      login_record 1 shutdown
      sync
      reboot -f
      ;;
    kill)
      kill -9 "$supervisor"
      wait "$supervisor"
      recover "$run"
      ;;
  esac
done
say "failed: the host hung up"
sleep 3600

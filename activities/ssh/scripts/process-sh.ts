import { sh } from '../sh';

/**
 * Clock, naps and the identity of processes. A pid alone may have been used again, so a process is
 * `pid start boot` on one line. Without Linux's /proc, `ps` tells the same, less finely.
 */
export const PROCESS_SH = sh`
umask 077
proc=\${SIGNALBOX_PROC:-/proc}
[ -r "$proc/self/stat" ] || proc=
boot=
if [ -n "$proc" ]; then { read -r boot < "$proc/sys/kernel/random/boot_id"; } 2>/dev/null
else boot=$(sysctl -n kern.boottime 2>/dev/null | tr -cd 'a-zA-Z0-9:'); fi
[ -n "$boot" ] || boot=unknown

# Sets now, in hundredths of a second. Uptime counts the time that a host was suspended.
clock() {
  if [ -n "$proc" ]; then
    IFS='. ' read -r now now_part now_rest < "$proc/uptime"
    now=$((now * 100 + 1$now_part - 100))
  else now=$(($(date +%s) * 100)); fi
}

nap() { sleep "$1" 2>/dev/null || sleep 1; }

# proc_start PID: sets start; fails when there is no such process, or only its zombie.
proc_start() {
  start=
  if [ -n "$proc" ]; then
    # The name of a process may hold anything, newlines too; nothing after it does.
    stat_text=
    { while read -r stat_line; do stat_text="$stat_text $stat_line"; done < "$proc/$1/stat"; } 2>/dev/null
    set -- \${stat_text##*) }
    [ $# -ge 20 ] || return 1
    case $1 in Z|X) return 1 ;; esac
    shift 19
    start=$1
  else
    case $(ps -o stat= -p "$1" 2>/dev/null) in ''|Z*) return 1 ;; esac
    start=$(LC_ALL=C ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' _)
  fi
  [ -n "$start" ]
}

# same_proc PID START BOOT: is this very process alive?
same_proc() { [ "$3" = "$boot" ] && proc_start "$1" && [ "$start" = "$2" ]; }

# read_id FILE: sets id_pid id_start id_boot.
read_id() { { read -r id_pid id_start id_boot < "$1"; } 2>/dev/null; }
alive_id() { read_id "$1" && same_proc "$id_pid" "$id_start" "$id_boot"; }

# write_id FILE PID: whole or not at all.
write_id() { proc_start "$2" && echo "$2 $start $boot" > "$1.$2" && mv -f "$1.$2" "$1"; }

# new_session COMMAND...: replaces this shell; the pid stays where the caller is no group leader.
new_session() {
  if command -v setsid >/dev/null 2>&1; then exec setsid "$@"; fi
  if command -v perl >/dev/null 2>&1; then exec perl -e 'use POSIX; POSIX::setsid(); exec @ARGV or exit 127' "$@"; fi
  exec "$@"
}

# detach LOG COMMAND...: in a session of its own, holding nothing of ours. Not by & where it can be helped:
# what sh starts by & ignores SIGINT for ever, and so would an agent and all that it starts.
detach() {
  detach_log=$1
  shift
  # It fails only where it cannot fork, or is one without -f; nothing was started then.
  if setsid -f "$@" < /dev/null >> "$detach_log" 2>&1; then :
  elif command -v perl >/dev/null 2>&1; then
    perl -e 'use POSIX; exit if fork; POSIX::setsid(); exec @ARGV' "$@" < /dev/null >> "$detach_log" 2>&1
  else (new_session "$@") < /dev/null >> "$detach_log" 2>&1 &
  fi
}
`;

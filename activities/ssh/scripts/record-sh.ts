import { sh } from '../sh';

/**
 * The files of a run directory ($run) that say how it stands:
 *   launcher watch pid   identities: supervisor, dead-man's watch, agent
 *   alive                written by followers; unchanged for too long, the watch kills
 *   killed               tombstone: nothing starts here any more; its first word says why
 *   refused              the agent was not started, because the tombstone came first
 *   rc                   how it ended; there once nothing of it is alive any more, and never changed
 *   as-<reason> room     what the tombstone and rc are made of: a full disk neither stops a kill nor hides an end
 */
export const RECORD_SH = sh`
# reserve DIR: while there is room. A record longer than what is reserved here needs more of it.
reserve() {
  for reason in killed host_lost launcher_lost; do echo "$reason" > "$1/as-$reason" || return 1; done
  printf '%1024s' '' | tr ' ' '\n' > "$1/room"
}

# finish CODE REASON: the first to write the record wins. Lines that are left of the room are empty.
finish() {
  clock
  mv "$run/room" "$run/rc.$$" 2>/dev/null
  { read -r started_cs < "$run/started"; } 2>/dev/null || started_cs=$now
  printf 'code=%s\nreason=%s\nsurvivors=%s\nended_at=%s\nutc_offset=%s\nduration_ms=%s\n' \
    "$1" "$2" "$survivors" "$(date +%s)" "$(date +%z)" "$(((now - started_cs) * 10))" 1<> "$run/rc.$$" || return 1
  ln "$run/rc.$$" "$run/rc" 2>/dev/null || [ -e "$run/rc" ] || mv "$run/rc.$$" "$run/rc"
  rm -f "$run/rc.$$"
}

# tombstone REASON: the first reason stays.
tombstone() {
  [ -e "$run/killed" ] && return 0
  ln "$run/as-$1" "$run/killed" 2>/dev/null && return 0
  echo "$1" > "$run/killed.$$" || return 1
  ln "$run/killed.$$" "$run/killed" 2>/dev/null || [ -e "$run/killed" ] || mv "$run/killed.$$" "$run/killed"
  rm -f "$run/killed.$$"
}

# why DEFAULT: sets reason.
why() { { read -r reason < "$run/killed"; } 2>/dev/null || reason=$1; }

supervised() { alive_id "$run/launcher" || alive_id "$run/watch"; }
`;

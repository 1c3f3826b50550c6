import { sh } from '../sh';

/**
 * A counted lock on the host: a directory with a number of places, each held for a run. Exact whatever number of
 * workers take at the same time, and nothing has to be given back: a place is free once its run is over.
 *
 * A place is a file `<number>.<generation>` made by link(2), so its holder stands in it from the first instant.
 * The highest generation is the one in force and is never removed; whoever finds it over links the next one,
 * which succeeds for one alone. Removing a stale lock and taking it anew would not be exact: two that both saw
 * it stale could each remove, and the second would remove the first one's.
 */
export const PLACES_SH = sh`
# run_over NAME BOOT: is nothing of this run alive, for good? BOOT is that of the machine when it began.
run_over() {
  over_run=$run_root/$1
  if [ -e "$over_run/rc" ]; then return 0; fi
  if [ ! -d "$over_run" ] || [ "$2" != "$boot" ]; then return 0; fi
  if [ ! -e "$over_run/launcher" ]; then
    # Who began it is dead and nothing was started: keep it so, and then look again.
    (run=$over_run; tombstone launcher_lost)
    [ ! -e "$over_run/launcher" ]
    return
  fi
  (
    run=$over_run
    read -r attempt < "$run/attempt"
    if supervised || alive_id "$run/pid" || [ -n "$(marked)" ]; then exit 1; fi
  )
}

# place_busy FILE
place_busy() {
  { read -r place_name place_pid place_start place_boot < "$1"; } 2>/dev/null || return 0
  if [ "$place_name" = .free ]; then return 1; fi
  # The order matters: once the taker is dead, a run directory that is missing stays missing.
  if same_proc "$place_pid" "$place_start" "$place_boot"; then return 0; fi
  ! run_over "$place_name" "$place_boot"
}

# generation DIR NUMBER: sets latest, 0 when the place was never taken.
generation() {
  latest=0
  for generation_file in "$1/$2".*; do
    generation_file=\${generation_file##*.}
    case $generation_file in *[!0-9]*) continue ;; esac
    [ "$generation_file" -le "$latest" ] || latest=$generation_file
  done
}

# link_place DIR NUMBER GENERATION NAME: fails when another was first.
link_place() {
  proc_start $$
  if ! echo "$4 $$ $start $boot" > "$1/.new.$$"; then
    rm -f "$1/.new.$$"
    return 1
  fi
  ln "$1/.new.$$" "$1/$2.$3" 2>/dev/null
  linked=$?
  rm -f "$1/.new.$$"
  [ "$linked" = 0 ] || return 1
  generation "$1" "$2"
  if [ "$latest" != "$3" ]; then
    # It was a number of the past, already cleaned up.
    rm -f "$1/$2.$3"
    return 1
  fi
  for place_file in "$1/$2".*; do
    [ "\${place_file##*.}" -ge "$3" ] || rm -f "$place_file"
  done
}

# take_place DIR LIMIT NAME: takes one of LIMIT places for the run NAME; fails when all are held. Sets place.
take_place() {
  [ -d "$1" ] || mkdir -p "$1" || return 1
  beyond=0
  for place_file in "$1"/*.*; do
    place_number=\${place_file##*/}
    place_number=\${place_number%%.*}
    case $place_number in ''|*[!0-9]*) continue ;; esac
    [ "$place_number" -gt "$2" ] || continue
    generation "$1" "$place_number"
    [ "$place_file" = "$1/$place_number.$latest" ] || continue
    if place_busy "$place_file"; then beyond=$((beyond + 1)); fi
  done
  # Places beyond the limit are there when it was lowered. While one is held, so many at the top stay empty,
  # and those that are held there count as well.
  allowed=$2
  while [ "$allowed" -gt 0 ] && [ $((allowed + beyond)) -gt "$2" ]; do
    generation "$1" "$allowed"
    if [ "$latest" != 0 ] && place_busy "$1/$allowed.$latest"; then beyond=$((beyond + 1)); fi
    allowed=$((allowed - 1))
  done
  number=1
  while [ "$number" -le "$allowed" ]; do
    generation "$1" "$number"
    if [ "$latest" = 0 ] || ! place_busy "$1/$number.$latest"; then
      if link_place "$1" "$number" $((latest + 1)) "$3"; then
        place=$number
        return 0
      fi
    fi
    number=$((number + 1))
  done
  return 1
}

# held_by DIR NUMBER NAME: is the place held for that run?
held_by() {
  generation "$1" "$2"
  { read -r place_name place_pid place_start place_boot < "$1/$2.$latest"; } 2>/dev/null && [ "$place_name" = "$3" ]
}

# free_place DIR NUMBER: for a place that is held by this very process.
free_place() {
  generation "$1" "$2"
  link_place "$1" "$2" $((latest + 1)) .free
}
`;

import { assignments, sh } from '../sh';
import { PROCESS_SH } from './process-sh';
import { RECORD_SH } from './record-sh';
import { TREE_SH } from './tree-sh';

export interface KillParams {
  attempt: string;
  run_root: string;
  run: string;
  /** 0: KILL at once. */
  grace_cs: number;
  /** What the record is to say: `killed`, or `launcher_lost` when a follower found no supervisor. */
  order: 'killed' | 'launcher_lost';
}

/** Ends a run and looks. Prints `seen <what>`, `signals <names>`, `survivors <pids>`. */
export const killScript = (params: KillParams): string =>
  assignments({ ...params, root: '', survivors: '' }) + PROCESS_SH + TREE_SH + RECORD_SH + KILL_SH;

const KILL_SH = sh`
report() {
  printf 'seen %s\nsignals %s\nsurvivors %s\n' "$1" "$sent" "$survivors"
  exit 0
}

trap : PIPE HUP
mkdir -p "$run_root" || exit 1
# Whoever makes the directory owns its start: with a tombstone in it, nobody does.
mkdir "$run" 2>/dev/null && echo "$attempt" > "$run/attempt"
was_over=
[ ! -e "$run/rc" ] || was_over=yes
[ -n "$was_over" ] || tombstone "$order" || exit 1

kill_tree "$grace_cs" || report alive
if [ -n "$was_over" ]; then
  if [ -n "$sent" ]; then report dead; else report already_dead; fi
fi

# The supervisor records what it saw; without one, this is the record. One that is only now coming up
# finds the tombstone.
clock
record_end=$((now + 300))
while [ ! -e "$run/rc" ] && supervised; do
  clock
  [ "$now" -lt "$record_end" ] || break
  nap 0.05
done
if [ ! -e "$run/rc" ]; then
  why killed
  supervised || finish '' "$reason"
fi
if [ -e "$run/refused" ] || [ ! -e "$run/pid" ]; then report never_started; fi
if [ -n "$sent" ]; then report dead; else report already_dead; fi
`;

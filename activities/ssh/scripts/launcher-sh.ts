import { assignments, sh } from '../sh';
import { PROCESS_SH } from './process-sh';
import { RECORD_SH } from './record-sh';
import { TREE_SH } from './tree-sh';

export interface LauncherParams {
  attempt: string;
  run: string;
  work_dir: string;
  /** A file of the run directory, or /dev/null. */
  stdin: string;
  /** Dead-man's watch, in hundredths of a second. */
  lost_cs: number;
  grace_cs: number;
}

/** Between two looks of the watch, in hundredths of a second. */
const tickOf = (lostCs: number) => Math.min(100, Math.max(5, Math.floor(lostCs / 10)));

/**
 * The program of a run directory, in three processes:
 *   supervise   session of its own; starts the watch, then the agent in the foreground, then records the end
 *   watch       kills the tree when no follower was seen for too long, or when the supervisor is gone
 *   agent       session of its own, marked; becomes the agent unless a tombstone is there
 * Each may be killed at any line: the supervisor's loss is seen by the watch, the watch's by a follower
 * (which starts another), the loss of both by a follower (which kills the tree and records it).
 */
export const launcher = (params: LauncherParams): string => {
  const tick = tickOf(params.lost_cs);
  // One look early, so that the kill begins within the limit: others count on it.
  const lost_cs = Math.max(tick, params.lost_cs - tick);
  return (
    assignments({ ...params, lost_cs, tick: (tick / 100).toFixed(2), root: '', survivors: '' }) +
    PROCESS_SH +
    TREE_SH +
    RECORD_SH +
    MAIN_SH
  );
};

const MAIN_SH = sh`
cd "$run" || exit 1

supervise() {
  # Handlers, not "ignore": what is ignored here would be ignored by the agent too.
  trap : HUP INT QUIT TERM PIPE
  write_id launcher $$
  sh "$run/launcher.sh" watch < /dev/null &
  watch_pid=$!
  write_id watch "$watch_pid"
  code=
  if [ ! -e killed ]; then
    # In the foreground: sh waits for it whatever signals come, and it may not lead a group, so setsid keeps its pid.
    (new_session env "SIGNALBOX_ATTEMPT=$attempt" sh "$run/launcher.sh" agent) < "$stdin" >> out 2>> err
    code=$?
    # Just reaped, so the number is still the agent's: what is left of its session goes too.
    if read_id pid; then root=$id_pid; fi
    kill_tree "$grace_cs"
  fi
  if [ -e refused ]; then code=; fi
  why exit
  finish "$code" "$reason"
  kill "$watch_pid" 2>/dev/null
}

watch() {
  seen_value=
  clock
  seen_at=$now
  while nap "$tick"; do
    [ ! -e rc ] || exit 0
    value=
    { read -r value < alive; } 2>/dev/null
    clock
    if [ "$value" != "$seen_value" ]; then
      seen_value=$value
      seen_at=$now
    fi
    if ! alive_id launcher; then
      [ ! -e rc ] || exit 0
      tombstone launcher_lost
      kill_tree "$grace_cs"
      why launcher_lost
      finish '' "$reason"
    elif [ $((now - seen_at)) -ge "$lost_cs" ]; then
      # The supervisor sees the agent end, and records it.
      tombstone host_lost
      kill_tree "$grace_cs"
    fi
  done
}

agent() {
  write_id pid $$
  enter_group
  clock
  echo "$now" > started
  if ! cd "$work_dir"; then
    echo "the work directory is gone" >&2
    exit 126
  fi
  # The last thing before exec. A kill that comes later finds this process by its mark.
  if [ -e "$run/killed" ]; then
    : > "$run/refused"
    exit 125
  fi
  . "$run/command"
}

case $1 in
  supervise) supervise ;;
  watch) watch ;;
  watch-again)
    write_id watch $$ || exit 1
    watch
    ;;
  agent) agent ;;
esac
`;

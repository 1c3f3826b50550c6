import { PREPARE_SH } from '../../workspace/prepare-sh';
import { assignments, sh } from '../sh';
import { PLACES_SH } from './places-sh';
import { PROCESS_SH } from './process-sh';
import { RECORD_SH } from './record-sh';
import { TREE_SH } from './tree-sh';

export interface StartParams {
  attempt: string;
  /** Name of the run directory below run_root. */
  name: string;
  run_root: string;
  run: string;
  work_root: string;
  work_dir: string;
  /** Name of the work directory below work_root; its lock is named alike. */
  slug: string;
  slots: number;
  repository: string;
  branch: string;
  checkpoint_commit: string;
  checkpoint_branch: string;
  /** Where a clone of a remote repository is kept to clone from; empty for a local one. */
  mirror: string;
  grace_cs: number;
  /** How long a claimed run may take to show its process. */
  await_cs: number;
}

/**
 * Starts a run, or finds the one that was started: one script, so that it goes to its end on the host
 * whatever becomes of the worker. Input: the files of the run directory, joined; `sections` has their sizes.
 * Prints `started`, `adopted` or `error <type>`, then `key value` lines; stderr says what went wrong.
 */
export const startScript = (params: StartParams, sections: Array<[name: string, bytes: number]>): string => {
  const total = sections.reduce((sum, [, bytes]) => sum + bytes, 0);
  const split = sections.map(([name, bytes]) => `section ${name} ${bytes} || return 1\n`);
  return [
    assignments({ ...params, total, root: '', survivors: '' }),
    PROCESS_SH,
    TREE_SH,
    RECORD_SH,
    PLACES_SH,
    PREPARE_SH,
    START_SH,
    `split_input() {\n${split.join('')}}\n`,
    'start\n',
  ].join('');
};

const START_SH = sh`
fail() {
  echo "error $1"
  exit 0
}

# section NAME BYTES: the next part of the input. From a file dd reads what it is told to, no byte more or less.
section() {
  if [ "$2" = 0 ]; then : > "$stage/$1"
  else dd_said=$(dd bs="$2" count=1 2>&1 > "$stage/$1") || { echo "$dd_said" >&2; false; }
  fi
}

# Waits until the agent's process is known, and says which. A claim that leads to nothing is made void.
await() {
  clock
  await_end=$((now + await_cs))
  while :; do
    if [ -e "$run/killed" ]; then
      why killed
      [ "$reason" = killed ] && fail killed
      fail run_lost
    fi
    if read_id "$run/pid"; then
      { read -r started_dir < "$run/work_dir"; } 2>/dev/null
      printf '%s\npid %s\nstart %s\nboot %s\nwork_dir %s\n' "$1" "$id_pid" "$id_start" "$id_boot" "$started_dir"
      exit 0
    fi
    [ ! -e "$run/rc" ] || fail run_lost
    clock
    if [ "$now" -ge "$await_end" ]; then
      tombstone launcher_lost
      kill_tree "$grace_cs"
      supervised || finish '' launcher_lost
      fail run_lost
    fi
    nap 0.02
  done
}

start() {
  trap : PIPE HUP
  [ ! -d "$run" ] || await adopted
  { [ -d "$run_root" ] && [ -d "$work_root" ]; } || mkdir -p "$run_root" "$work_root" || fail work_dir_failed
  stage=$run_root/.stage.$name.$$
  trap 'rm -rf "$stage"' EXIT
  mkdir "$stage" && cat > "$stage/input" || fail work_dir_failed
  # Input that was cut short: whoever sent it is gone.
  [ "$(wc -c < "$stage/input")" -eq "$total" ] || fail input_incomplete

  clock
  lock_end=$((now + 500))
  until take_place "$work_root/.locks/$slug" 1 "$name"; do
    [ ! -d "$run" ] || await adopted
    clock
    # An earlier try of this very start is still at work: what it starts will be adopted.
    if held_by "$work_root/.locks/$slug" 1 "$name"; then lock_end=$((now + 500)); fi
    [ "$now" -lt "$lock_end" ] || fail work_dir_busy
    nap 0.1
  done
  [ ! -d "$run" ] || await adopted
  take_place "$run_root/.slots" "$slots" "$name" || fail slots_full
  # In a shell of its own: git's settings are not for the agent.
  (prepare_work_dir) >&2 || fail work_dir_failed

  # A full disk ends the start here: what is cut short must never run.
  split_input < "$stage/input" && echo "$attempt" > "$stage/attempt" && echo "$work_dir" > "$stage/work_dir" &&
    echo 0 > "$stage/alive" && reserve "$stage" || fail work_dir_failed
  rm -f "$stage/input"
  # The claim. When it is there already, a kill was here first.
  mkdir "$run" || { [ ! -d "$run" ] || await adopted; fail work_dir_failed; }
  mv "$stage"/* "$run/" || fail work_dir_failed
  set -- sh "$run/launcher.sh" supervise
  if offers_scope; then set -- systemd-run --user --scope --quiet --collect --property=Delegate=yes "$@"; fi
  detach "$run/launcher.log" "$@"
  await started
}
`;

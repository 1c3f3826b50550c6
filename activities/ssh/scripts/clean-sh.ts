import { assignments, sh } from '../sh';
import { PROCESS_SH } from './process-sh';
import { RECORD_SH } from './record-sh';
import { TREE_SH } from './tree-sh';

/** Most runs in one listing: those left come next time. */
const LIST_MAX = 500;

/**
 * Runs that ended so long ago. Prints `name epoch task` for each (epoch and task `-` when the run
 * was killed before it began). Records the end of runs that died without one: their time begins then.
 */
export const listOldScript = (params: { run_root: string; keep_s: number }): string =>
  assignments({ ...params, list_max: LIST_MAX, root: '', survivors: '' }) +
  PROCESS_SH +
  TREE_SH +
  RECORD_SH +
  ENDED_SH +
  LIST_SH;

/** Removes runs of these names, unless one is alive after all. Prints `removed <number>`. */
export const removeScript = (params: { run_root: string; names: readonly string[] }): string =>
  assignments({ run_root: params.run_root, names: params.names.join(' '), root: '', survivors: '' }) +
  PROCESS_SH +
  TREE_SH +
  RECORD_SH +
  ENDED_SH +
  REMOVE_SH;

const ENDED_SH = sh`
# ended: is the run over, with nothing of it alive? Sets ended_at, in seconds since 1970.
ended() {
  ended_at=
  ended_survivors=
  [ -f "$run/rc" ] || return 1
  while IFS='=' read -r rc_key rc_value; do
    case $rc_key in
      ended_at) ended_at=$rc_value ;;
      survivors) ended_survivors=$rc_value ;;
    esac
  done < "$run/rc"
  case $ended_at in ''|*[!0-9]*) return 1 ;; esac
  if supervised || alive_id "$run/pid"; then return 1; fi
  # The record is written when nothing is alive any more, but for what KILL could not end.
  [ -n "$ended_survivors" ] || return 0
  { read -r attempt < "$run/attempt"; } 2>/dev/null && [ -z "$(marked)" ]
}
`;

const LIST_SH = sh`
cd "$run_root" 2>/dev/null || exit 0
rm -rf .gone.*
# Left by a start that was killed: its files are not those of a run yet, and may hold secrets.
for stage in .stage.*; do
  [ -d "$stage" ] || continue
  proc_start "\${stage##*.}" || rm -rf "$stage"
done

seconds=$(date +%s)
listed=0
for name in *; do
  run=$run_root/$name
  [ -d "$run" ] || continue
  if [ ! -e "$run/rc" ]; then
    # Whoever was to record its end is dead, as after a crash of the machine.
    if [ -e "$run/launcher" ] && ! supervised && ! alive_id "$run/pid" && { read -r attempt < "$run/attempt"; } &&
      [ -z "$(marked)" ] && [ ! -e "$run/rc" ]; then
      tombstone launcher_lost
      finish '' launcher_lost
    fi
    continue
  fi
  ended && [ $((seconds - ended_at)) -ge "$keep_s" ] || continue
  { read -r task_epoch task_id < "$run/task"; } 2>/dev/null || { task_epoch=-; task_id=-; }
  echo "$name $task_epoch $task_id"
  listed=$((listed + 1))
  [ "$listed" -lt "$list_max" ] || break
done
`;

const REMOVE_SH = sh`
removed=0
set -f
for name in $names; do
  run=$run_root/$name
  ended || continue
  # Out of sight at once: half a run directory would look like one that is just being made.
  gone=$run_root/.gone.$name.$$
  mv "$run" "$gone" && rm -rf "$gone" && removed=$((removed + 1))
done
echo "removed $removed"
`;

import { assignments, sh } from '../sh';
import { PLACES_SH } from './places-sh';
import { PROCESS_SH } from './process-sh';
import { RECORD_SH } from './record-sh';
import { TREE_SH } from './tree-sh';

export interface ProbeParams {
  run_root: string;
  work_root: string;
}

/**
 * What a host is like, in `key value` lines: `os`, `missing` tools, `blocked` directories, free space in KiB
 * (`free_run`, `free_work`), `places` taken. Writes nothing but the two directories.
 */
export const probeScript = (params: ProbeParams): string =>
  assignments({ ...params, root: '', survivors: '' }) +
  PROCESS_SH +
  TREE_SH +
  RECORD_SH +
  PLACES_SH +
  PROBE_SH;

/** What the scripts call; a session of its own comes from setsid or from perl. */
const PROBE_SH = sh`
missing=
for tool in awk cat cut date df grep head ln ls mkdir mv rm sed sleep sort tail tr wc; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
command -v setsid >/dev/null 2>&1 || command -v perl >/dev/null 2>&1 || missing="$missing setsid"
[ -n "$proc" ] || command -v ps >/dev/null 2>&1 || missing="$missing ps"
echo "missing$missing"
printf 'os %s\n' "$(uname -srm 2>/dev/null | tr -cd '[:print:]')"

blocked=
for place_dir in "$run_root" "$work_root"; do
  mkdir -p "$place_dir" 2>/dev/null
  [ -d "$place_dir" ] && [ -w "$place_dir" ] && [ -x "$place_dir" ] || blocked="$blocked $place_dir"
done
echo "blocked$blocked"

# In the form of POSIX no line is broken, and the fourth field counts from the end of a name without blanks.
free_of() {
  df -Pk "$1" 2>/dev/null | awk 'NR > 1 { for (i = 2; i < NF; i++) if ($i ~ /^[0-9]+%$/) { print $(i - 1); exit } }'
}
echo "free_run $(free_of "$run_root")"
echo "free_work $(free_of "$work_root")"

taken=0
last=
for place_file in "$run_root/.slots"/*.*; do
  place_number=\${place_file##*/}
  place_number=\${place_number%%.*}
  case $place_number in ''|*[!0-9]*) continue ;; esac
  [ "$place_number" != "$last" ] || continue
  last=$place_number
  generation "$run_root/.slots" "$place_number"
  if [ "$latest" != 0 ] && place_busy "$run_root/.slots/$place_number.$latest"; then taken=$((taken + 1)); fi
done
echo "places $taken"
`;

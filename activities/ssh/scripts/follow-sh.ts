import { assignments, sh } from '../sh';
import { PROCESS_SH } from './process-sh';
import { RECORD_SH } from './record-sh';

export interface FollowParams {
  run: string;
  /** New content for `alive`, always of one length; empty: do not touch it. */
  touch: string;
  /** On the clock of the host, in hundredths of a second; from then on it is not touched any more. */
  touch_until_cs: number;
  out_offset: number;
  err_offset: number;
  /** Most bytes of each stream. */
  max: number;
}

/**
 * One look at a run. Prints `clock <hundredths of a second>`, `state running|over|lost|gone`, the record when over,
 * then for each stream `<name> <size> <bytes that follow>`, an empty line, and the bytes.
 */
export const followScript = (params: FollowParams): string =>
  assignments({ ...params }) + PROCESS_SH + RECORD_SH + FOLLOW_SH;

const FOLLOW_SH = sh`
clock
echo "clock $now"
if ! cd "$run" 2>/dev/null; then
  printf 'state gone\n\n'
  exit 0
fi
# Written over in place: that works on a full disk too. Not by a look that was held up on its way: whoever sent it
# may have given the run up by now.
[ -z "$touch" ] || [ "$now" -ge "$touch_until_cs" ] || printf '%s\n' "$touch" 1<> alive

# The record is looked for before the sizes, so what was there when it was written is all counted,
# and once more after the processes, since it is the last thing they leave.
if [ -e rc ]; then state=over
elif alive_id launcher; then
  state=running
  alive_id watch || [ -e rc ] || detach launcher.log sh "$run/launcher.sh" watch-again
elif alive_id watch; then state=running
elif [ -e rc ]; then state=over
else state=lost
fi

# size_up FILE OFFSET: sets size and count.
size_up() {
  size=$(wc -c < "$1" 2>/dev/null) || size=0
  size=$((size + 0))
  count=$((size - $2))
  [ "$count" -ge 0 ] || count=0
  [ "$count" -le "$max" ] || count=$max
}

echo "state $state"
if [ "$state" = over ]; then sed -n 's/^./rc &/p' rc; fi
size_up out "$out_offset"
out_count=$count
echo "out $size $count"
size_up err "$err_offset"
echo "err $size $count"
echo
[ "$out_count" = 0 ] || tail -c "+$((out_offset + 1))" out | head -c "$out_count"
[ "$count" = 0 ] || tail -c "+$((err_offset + 1))" err | head -c "$count"
`;

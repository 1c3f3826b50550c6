import { assignments, sh } from '../ssh/sh';
import { PREPARE_SH } from './prepare-sh';

export interface CheckpointParams {
  work_dir: string;
  /** Belongs to one attempt alone, so that forcing it takes nothing from anybody. */
  wip_branch: string;
  /** The commit of the checkpoint before, or empty. */
  last: string;
  /** `yes`: only when there are changes that nobody has committed. */
  if_dirty: 'yes' | 'no';
  message: string;
}

/**
 * Makes a commit of all that is in a work directory and pushes it, without touching HEAD, the index or the files:
 * an agent may be at work there. Prints `commit <name>` (no work yet without it), `dirty yes|no`, `pushed yes|no|same`.
 */
export const checkpointScript = (params: CheckpointParams): string =>
  assignments({ ...params }) + PREPARE_SH + CHECKPOINT_SH;

/** Removes branches of earlier checkpoints at the origin; one that is gone already is no failure. */
export const dropBranchesScript = (work_dir: string, branches: readonly string[]): string =>
  assignments({ work_dir, branches: branches.join(' ') }) + PREPARE_SH + DROP_SH;

const CHECKPOINT_SH = sh`
git_settings
cd "$work_dir" || exit 1
git_dir=$(g rev-parse --absolute-git-dir) || exit 1
# One that was broken off has left its own; there is one at a time.
rm -f "$git_dir"/signalbox-index.*
GIT_INDEX_FILE=$git_dir/signalbox-index.$$
export GIT_INDEX_FILE
trap 'rm -f "$GIT_INDEX_FILE" "$GIT_INDEX_FILE.lock"' EXIT
cp "$git_dir/index" "$GIT_INDEX_FILE" 2>/dev/null
# A file that goes away meanwhile is no reason to keep nothing.
g add -A --ignore-errors >&2
tree=$(g write-tree) || exit 1
head=
if has HEAD; then head=$(g rev-parse HEAD^{commit}); fi
if [ -n "$head" ] && [ "$(g rev-parse "$head^{tree}")" = "$tree" ]; then
  dirty=no
  commit=$head
  find_default
  if [ "$if_dirty" = yes ] || { [ -n "$default_ref" ] && g merge-base --is-ancestor "$head" "$default_ref"; }; then
    printf 'dirty no\npushed no\n\n'
    exit 0
  fi
else
  dirty=yes
  if [ -n "$last" ] && has "$last" && [ "$(g rev-parse "$last^{tree}")" = "$tree" ] &&
    [ "$(g rev-parse -q --verify "$last^1")" = "$head" ]; then commit=$last
  else commit=$(g commit-tree "$tree" \${head:+-p "$head"} -m "$message") || exit 1; fi
fi
echo "commit $commit"
echo "dirty $dirty"
if [ "$commit" = "$last" ]; then echo 'pushed same'
elif g push -q origin "+$commit:refs/heads/$wip_branch" >&2; then echo 'pushed yes'
else echo 'pushed no'; fi
echo
`;

const DROP_SH = sh`
git_settings
cd "$work_dir" || exit 1
for branch in $branches; do g push -q origin --delete "refs/heads/$branch" >&2; done
exit 0
`;

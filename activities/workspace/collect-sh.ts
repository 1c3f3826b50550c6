import { assignments, sh } from '../ssh/sh';
import { PREPARE_SH } from './prepare-sh';

export interface CollectParams {
  work_dir: string;
  branch: string;
  /** `no`: only looks; for a holder that has not made sure of its lease yet. */
  push: 'yes' | 'no';
}

/**
 * After a run: pushes the task's branch when it has commits of its own. Prints `commit <name>` (nothing new
 * without it), `pushed yes|no`, an empty line, and the changed files, each ended by NUL. Repeating it is harmless.
 */
export const collectScript = (params: CollectParams): string =>
  assignments({ ...params }) + PREPARE_SH + COLLECT_SH;

/** In bytes: the receipt takes 2 000 files, and a list of more is cut there anyway. */
export const COLLECT_MAX_BYTES = 4_194_304;

const COLLECT_SH = sh`
git_settings
cd "$work_dir" || exit 1
if ! has "refs/heads/$branch"; then
  printf 'pushed no\n\n'
  exit 0
fi
tip=$(g rev-parse "refs/heads/$branch^{commit}")
find_default
base=
if [ -n "$default_ref" ]; then base=$(g merge-base "$default_ref" "$tip"); fi
if [ "$base" = "$tip" ]; then
  printf 'pushed no\n\n'
  exit 0
fi
# The empty tree: everything is new.
[ -n "$base" ] || base=$(g hash-object -t tree /dev/null)
echo "commit $tip"
if [ "$push" = no ]; then echo 'pushed no'
elif g push -q origin "refs/heads/$branch:refs/heads/$branch" >&2; then echo 'pushed yes'; else echo 'pushed no'; fi
echo
g diff --name-only -z "$base" "$tip" | head -c 4000000
`;

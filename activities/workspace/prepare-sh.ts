import { sh } from '../ssh/sh';

/**
 * Prepares $work_dir while its lock is held: nobody else works there. Without a repository it is a plain
 * directory. With one it is a clone on the task's branch; an earlier attempt's branch is gone on with, its
 * uncommitted files are stashed, and a clone that cannot be used any more is moved aside, never deleted.
 */
export const PREPARE_SH = sh`
# No questions, no hooks of the repository, and an end to connections that hang (git has no timeout of its own).
git_settings() {
  LC_ALL=C
  GIT_TERMINAL_PROMPT=0
  GIT_HTTP_LOW_SPEED_LIMIT=100
  GIT_HTTP_LOW_SPEED_TIME=60
  GIT_SSH_COMMAND='ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15'
  export LC_ALL GIT_TERMINAL_PROMPT GIT_HTTP_LOW_SPEED_LIMIT GIT_HTTP_LOW_SPEED_TIME GIT_SSH_COMMAND
}
g() { git -c core.hooksPath=/dev/null "$@"; }
has() { g rev-parse -q --verify "$1^{commit}" >/dev/null 2>&1; }

# Sets default_ref to the branch that the origin calls its default; empty for an empty repository.
find_default() {
  for default_ref in refs/remotes/origin/HEAD refs/remotes/origin/main refs/remotes/origin/master; do
    if has "$default_ref"; then return; fi
  done
  default_ref=$(g for-each-ref --count=1 '--format=%(refname)' refs/remotes/origin)
}

prepare_work_dir() {
  if [ -z "$repository" ]; then
    mkdir -p "$work_dir"
    return
  fi
  command -v git >/dev/null 2>&1 || { echo 'git is not installed on this host'; return 1; }
  git_settings
  g check-ref-format "refs/heads/$branch" || { echo 'the branch name is not one that git takes'; return 1; }
  rm -rf "$work_dir".new.*
  mkdir -p "\${work_dir%/*}" || return 1
  if [ -e "$work_dir" ]; then
    reuse_clone
    case $? in
      0) return 0 ;;
      2) return 1 ;;
    esac
    mv "$work_dir" "$work_dir.kept.$name" || return 1
  fi
  fresh_clone
}

# 0: ready; 1: not usable; 2: the origin does not answer, which a fresh clone would not change.
reuse_clone() {
  [ -d "$work_dir/.git" ] && cd "$work_dir" || return 1
  [ "$(g config remote.origin.url)" = "$repository" ] || return 1
  # Left by a git that was killed; no other can be at work here.
  rm -f .git/*.lock ".git/refs/heads/$branch.lock"
  g fetch -q --prune origin || return 2
  if [ -n "$(g status --porcelain | head -n 1)" ]; then
    g stash push -q -u -m "signalbox: left before $name" || return 1
  fi
  checkout_branch
}

fresh_clone() {
  new=$work_dir.new.$$
  if [ -n "$mirror" ]; then
    update_mirror && g clone -q --no-checkout -- "$mirror" "$new" && cd "$new" &&
      g remote set-url origin "$repository" || return 1
  else g clone -q --no-checkout -- "$repository" "$new" && cd "$new" || return 1; fi
  checkout_branch && mv "$new" "$work_dir"
}

update_mirror() {
  mirror_locks=$work_root/.locks/mirror-\${mirror##*/}
  clock
  mirror_end=$((now + 60000))
  until take_place "$mirror_locks" 1 .mirror; do
    clock
    [ "$now" -lt "$mirror_end" ] || { echo 'the mirror of the repository is busy'; return 1; }
    nap 0.2
  done
  if [ -d "$mirror" ]; then g -C "$mirror" fetch -q --prune origin
  else
    rm -rf "$mirror".new.*
    mkdir -p "\${mirror%/*}" && g clone -q --bare -- "$repository" "$mirror.new.$$" &&
      g -C "$mirror.new.$$" config remote.origin.fetch '+refs/heads/*:refs/heads/*' &&
      mv "$mirror.new.$$" "$mirror"
  fi
  mirror_status=$?
  free_place "$mirror_locks" 1
  return "$mirror_status"
}

# In the clone. Of the branch here and the one at the origin the one that is ahead counts; where they have
# parted the origin's does, since others have seen it, and ours is kept under a ref of its own.
checkout_branch() {
  g config user.email >/dev/null || { g config user.name Signalbox && g config user.email signalbox@localhost; } || return 1
  local_ref=refs/heads/$branch
  origin_ref=refs/remotes/origin/$branch
  if has "$local_ref"; then
    g checkout -q "$branch" -- || return 1
    if has "$origin_ref" && ! g merge-base --is-ancestor "$origin_ref" "$local_ref"; then
      g merge-base --is-ancestor "$local_ref" "$origin_ref" ||
        g update-ref "refs/signalbox/kept/$name" "$local_ref" || return 1
      g reset -q --hard "$origin_ref" || return 1
    fi
    forward_to_checkpoint
    return
  fi
  find_default
  for begin in "$origin_ref" "$checkpoint_commit" "refs/remotes/origin/$checkpoint_branch" "$default_ref"; do
    if [ -n "$begin" ] && has "$begin"; then
      g checkout -q --no-track -b "$branch" "$begin" -- && forward_to_checkpoint
      return
    fi
  done
  g symbolic-ref HEAD "$local_ref"
}

# What an attempt had not committed is ahead of the branch, on one of its own.
forward_to_checkpoint() {
  if [ -n "$checkpoint_commit" ] && has "$checkpoint_commit" && g merge-base --is-ancestor HEAD "$checkpoint_commit"; then
    g reset -q --hard "$checkpoint_commit"
  fi
}
`;

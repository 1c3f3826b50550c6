import { sh } from '../sh';

/**
 * The control group of an attempt, where the host offers one: cgroup v2 (docs.kernel.org/admin-guide/cgroup-v2),
 * below the group that the launcher runs in, when its user may make one there. Nothing leaves it by forking, by a
 * session of its own or by another environment. Its directory is in `$run/cgroup`; without it the sweep has to do.
 */
export const GROUP_SH = sh`
# Sets group_home: the directory of the group that this process is in.
find_group_home() {
  group_home=
  [ -n "$proc" ] || return 1
  while read -r mount_source mount_dir mount_type mount_rest; do
    [ "$mount_type" != cgroup2 ] || group_home=$mount_dir
  done < "$proc/self/mounts"
  [ -n "$group_home" ] || return 1
  group_path=
  while IFS= read -r group_line; do
    case $group_line in 0::/*) group_path=\${group_line#0::/} ;; esac
  done < "$proc/self/cgroup"
  group_home=$group_home/$group_path
  group_home=\${group_home%/}
  [ -d "$group_home" ] && [ -w "$group_home" ]
}

# True where the user's systemd can give a scope of its own, in which groups can be made (systemd-run(1)): tried out,
# because a manager that is there may still refuse.
offers_scope() {
  ! { find_group_home; } 2>/dev/null || return 1
  XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
  export XDG_RUNTIME_DIR
  [ -S "$XDG_RUNTIME_DIR/systemd/private" ] && systemd-run --user --scope --quiet --collect true 2>/dev/null
}

# Moves this process, and with it all that it will start. Its directory is written down before: never lost.
enter_group() {
  { find_group_home; } 2>/dev/null || return 0
  group=$group_home/signalbox-\${run##*/}
  mkdir "$group" 2>/dev/null || return 0
  echo "$group" > "$run/cgroup"
  { echo $$ > "$group/cgroup.procs"; } 2>/dev/null && return 0
  rm -f "$run/cgroup"
  rmdir "$group" 2>/dev/null
  return 0
}

read_group() {
  group=
  { IFS= read -r group < "$run/cgroup"; } 2>/dev/null
  [ -n "$group" ] && [ -d "$group" ]
}

# Prints the pids in the group, and in those that were made below it.
group_members() {
  read_group || return 0
  find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null
}

# Since Linux 5.14; no fork escapes it.
kill_group() { read_group && { echo 1 > "$group/cgroup.kill"; } 2>/dev/null; }

# Of an attempt of which nothing is alive.
remove_group() { read_group && find "$group" -depth -type d -exec rmdir {} + 2>/dev/null; }
`;

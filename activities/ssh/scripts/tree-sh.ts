import { sh } from '../sh';
import { GROUP_SH } from './group-sh';

/**
 * Finding and killing the processes of an attempt ($attempt, in directory $run). Theirs are all that carry the
 * attempt id in their environment, its control group where there is one, the agent's session, and whatever descends
 * from these. Without a control group, one that clears its environment *and* leaves the session *and* outlives its
 * parent is not found: the limit of this sweep.
 */
export const TREE_SH = `${GROUP_SH}${sh`
# Prints the pids whose environment holds the mark. grep -l first: one process looks at all of /proc.
marked() {
  if [ -z "$proc" ]; then
    { ps -A -E -ww -o pid= -o command= 2>/dev/null || ps axeww -o pid= -o command=; } |
      LC_ALL=C awk -v id="$attempt" 'index($0 " ", " SIGNALBOX_ATTEMPT=" id " ") { print $1 }'
    return
  fi
  for environ in $(LC_ALL=C grep -lsF "SIGNALBOX_ATTEMPT=$attempt" "$proc"/[0-9]*/environ); do
    if { LC_ALL=C tr '\n\000' '\001\n' < "$environ"; } 2>/dev/null | LC_ALL=C grep -qxF "SIGNALBOX_ATTEMPT=$attempt"; then
      environ=\${environ%/environ}
      echo "\${environ##*/}"
    fi
  done
}

# Prints "P pid state ppid pgrp session". The name in a stat line may hold anything, newlines too: what counts
# comes after the last parenthesis, and a name is too short to look like it.
process_table() {
  if [ -z "$proc" ]; then
    ps -A -o pid= -o stat= -o ppid= -o pgid= | awk '{ print "P", $1, substr($2, 1, 1), $3, $4, $4 }'
    return
  fi
  cat "$proc"/[0-9]*/stat 2>/dev/null | LC_ALL=C awk '
    {
      record = record " " $0
      rest = record
      sub(/.*\) /, "", rest)
      if (split(rest, field, " ") >= 20) {
        split(record, head, " ")
        print "P", head[1], field[1], field[2], field[3], field[4]
        record = ""
      }
    }'
}

# Prints "pid" of each live process of the attempt, or "pid group" where the group is its own.
# $root is the agent's pid once it was seen alive: while its session has members the number is not used again.
targets() {
  { { marked; group_members; } | sed 's/^/M /'; process_table; } | LC_ALL=C awk -v root="$root" '
    $1 == "M" { ours[$2] = 1 }
    $1 == "P" && $3 !~ /^[ZX]/ { parent[$2] = $4; group[$2] = $5; session[$2] = $6 }
    END {
      do {
        more = 0
        for (p in parent) if (!(p in ours) &&
            ((parent[p] in ours) || (group[p] in ours) || (session[p] in ours) || (root != "" && session[p] == root))) {
          ours[p] = 1
          more = 1
        }
      } while (more)
      for (p in parent) if (p in ours) print p, ((group[p] in ours) || group[p] == root) ? group[p] : ""
    }'
}

# kill_tree GRACE_CS: TERM, the grace, then KILL; at once KILL when it is 0. The grace counts from the first signal: on a
# busy host it takes a while to find the tree. Over when two sweeps in a row find nothing (a process in the middle of exec
# shows no environment). Sets sent and survivors.
kill_tree() {
  sent=
  survivors=
  termed=' '
  quiet=0
  kill_sig=TERM
  kill_end=
  kill_wait=$1
  if [ "$1" -eq 0 ]; then
    kill_sig=KILL
    kill_wait=500
  fi
  while :; do
    if [ -z "$root" ] && alive_id "$run/pid"; then root=$id_pid; fi
    tree=$(targets)
    if [ -z "$tree" ]; then
      root=
      quiet=$((quiet + 1))
      if [ "$quiet" -ge 2 ]; then
        remove_group
        return 0
      fi
    else
      quiet=0
      clock
      [ -n "$kill_end" ] || kill_end=$((now + kill_wait))
      if [ "$now" -ge "$kill_end" ]; then
        if [ "$kill_sig" = KILL ]; then survivors=$(echo "$tree" | cut -d' ' -f1 | tr '\n' ' '); return 1; fi
        kill_sig=KILL
        # A process that KILL has not ended after 5 s is stuck in the kernel: reported, not waited for.
        kill_end=$((now + 500))
      fi
      send_signals
    fi
    nap 0.05
  done
}

# TERM once to each process, since a second one often means "now"; KILL to groups first, which no fork escapes.
send_signals() {
  case " $sent " in *" $kill_sig "*) ;; *) sent="$sent $kill_sig" ;; esac
  [ "$kill_sig" = TERM ] || kill_group
  while read -r target_pid target_group; do
    if [ "$kill_sig" = KILL ]; then
      [ -z "$target_group" ] || kill -s KILL -- "-$target_group" 2>/dev/null
      kill -s KILL "$target_pid" 2>/dev/null
    else
      case $termed in *" $target_pid "*) continue ;; esac
      termed="$termed$target_pid "
      kill -s TERM "$target_pid" 2>/dev/null
      kill -s CONT "$target_pid" 2>/dev/null
    fi
  done <<END_OF_TREE
$tree
END_OF_TREE
}
`}`;

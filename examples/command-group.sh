#!/usr/bin/env bash
# Commands in process groups of their own, which fleet-runner.sh can end as a whole. Sourced by it.

UMASK=$(umask)
ENDED='' # why run_command ended its command: fenced or stopped

# Tells a process from a later one with its number.
started() {
  if [[ -r /proc/$1/stat ]]; then
    # After the name, which may hold anything.
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
  else
    ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' || :
  fi
}

# All processes of a command: asked, then killed.
end_group() {
  local until=$((SECONDS + AQ_KILL_SEC))
  kill -TERM -- "-$1" 2>/dev/null || return 0
  while kill -0 -- "-$1" 2>/dev/null; do
    if ((SECONDS >= until)); then kill -KILL -- "-$1" 2>/dev/null || :; fi
    sleep 0.1
  done
}

# run_command STAGE COMMAND: in a process group of its own, until it ends, or the lease is lost, or a signal comes.
run_command() {
  local pid status=0 code
  ENDED=''
  if [[ -z $2 ]]; then return 0; fi
  rm -f "$AQ_DIR/.command"
  set -m
  (
    # Not before it is written down who is at work, and not at all when nobody is left to do that.
    until [[ -s $AQ_DIR/.command ]]; do
      kill -0 $$ || exit 1
      sleep 0.02
    done
    umask "$UMASK"
    AQ_STAGE=$1 AQ_JOB_FILE=$FLEET_JOB.md AQ_JOB_ID=$(fleet_meta id)
    AQ_WIP_BRANCH=$(fleet_meta resumeBranch) AQ_WIP_COMMIT=$(fleet_meta resumeCommit)
    export AQ_STAGE AQ_JOB_FILE AQ_JOB_ID AQ_WIP_BRANCH AQ_WIP_COMMIT
    cd "$AQ_WORKDIR" && exec bash -c "$2"
  ) </dev/null >>"$FLEET_JOB.log" 2>&1 &
  pid=$!
  set +m
  printf '%s %s\n' "$pid" "$(started "$pid")" >"$AQ_DIR/.command"
  while [[ -z $ENDED ]] && kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    code=0
    beat || code=$?
    if ((code == 3)); then ENDED=fenced; elif [[ -n $STOP ]]; then ENDED=stopped; fi
  done
  # Also what it has left in the background.
  end_group "$pid"
  wait "$pid" 2>/dev/null || status=$?
  rm -f "$AQ_DIR/.command"
  return "$status"
}

# The command of a run that was cut off may still be at work.
end_left_command() {
  local pid since
  if read -r pid since 2>/dev/null <"$AQ_DIR/.command" && [[ -n $since && $(started "$pid") == "$since" ]]; then
    end_group "$pid"
  fi
  rm -f "$AQ_DIR/.command"
}

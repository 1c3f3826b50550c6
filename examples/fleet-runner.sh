#!/usr/bin/env bash
# A small runner: works off a directory of .md files, and with AQ_FLEET=1 jobs of the fleet when there are none.
# docs/fleet.md describes it. It shows where a runner of your own calls fleet-client.sh.
#
#   AQ_RUN='my-agent <"$AQ_JOB_FILE"' fleet-runner.sh run     until SIGTERM
#   AQ_RUN='my-agent <"$AQ_JOB_FILE"' fleet-runner.sh once    what there is to do now
#   fleet-runner.sh status
#
# A job is NAME.md, NAME.meta (of the fleet) and NAME.log. Where NAME.md is says what the job is at:
# inbox → building → waiting (for a verdict of the coordinator) → shipped, failed or quarantine.
set -euo pipefail
# shellcheck source=fleet-client.sh
source "$(dirname "${BASH_SOURCE[0]}")/fleet-client.sh"

: "${AQ_DIR:=agent-queue}" "${AQ_WORKDIR:=.}" "${AQ_RUN:=}" "${AQ_REVIEW:=}" "${AQ_TEST:=}" "${AQ_SHIP:=}"
: "${AQ_IDLE_SEC:=5}" "${AQ_KILL_SEC:=10}"
# shellcheck source=command-group.sh
source "$(dirname "${BASH_SOURCE[0]}")/command-group.sh"
umask 077
mkdir -p "$AQ_DIR"/{inbox,building,waiting,shipped,failed,quarantine}
AQ_DIR=$(cd "$AQ_DIR" && pwd)
AQ_WORKDIR=$(cd "$AQ_WORKDIR" && pwd)
: "${AQ_FLEET_LOG:=$AQ_DIR/fleet.log}"
STOP=''  # set by a signal
START='' # where the work directory was when the job began

# move PLACE: the job at hand.
move() {
  local to ending
  to=$AQ_DIR/$1/${FLEET_JOB##*/}
  while [[ -e $to.md ]]; do to+=+; done
  for ending in log meta md; do
    if [[ -e $FLEET_JOB.$ending ]]; then mv "$FLEET_JOB.$ending" "$to.$ending"; fi
  done
  FLEET_JOB=$to
}

# What a run that was cut off has left: files that went ahead of their .md, a command that still runs, unfinished jobs.
recover() {
  local file found
  rm -f "$AQ_DIR"/*/*.new
  for file in "$AQ_DIR"/*/*.meta "$AQ_DIR"/*/*.log; do
    if [[ ! -e $file || -e ${file%.*}.md ]]; then continue; fi
    found=$(find "$AQ_DIR" -name "$(basename "${file%.*}").md" | head -n 1)
    if [[ -n $found ]]; then mv "$file" "${found%.md}.${file##*.}"; else rm "$file"; fi
  done
  end_left_command
  for file in "$AQ_DIR"/building/*.md; do
    if [[ ! -e $file ]]; then continue; fi
    FLEET_JOB=${file%.md}
    move "$([[ -n $(fleet_meta pending) ]] && echo waiting || echo inbox)"
  done
  FLEET_JOB=''
}

head_of() { git -C "$AQ_WORKDIR" rev-parse -q --verify HEAD 2>/dev/null || :; }

# Renewal and presence when they are due, and a checkpoint if the work has got on. 3: fenced.
beat() {
  local due=$((SECONDS >= FLEET_DUE))
  fleet_tick || return
  ((due == 0)) || checkpoint
}

checkpoint() {
  local code=0
  [[ $(head_of) == "$START" ]] || fleet_checkpoint "$AQ_WORKDIR" || code=$?
  ((code != 3)) || return 3
}

# quarantine WHY: kept, not shipped, and shown to a person.
quarantine() {
  local id epoch
  id=$(fleet_meta id) epoch=$(fleet_meta leaseEpoch)
  fleet_set state "$1"
  move quarantine
  fleet_log "event=quarantined why=$1 job=$id epoch=$epoch file=$FLEET_JOB.md"
}

# Stopped by a signal: the job goes back to where it came from.
give_back() {
  local code=0
  if [[ ! -e $FLEET_JOB.meta ]]; then move inbox; return; fi
  fleet_lease_release || code=$?
  case $code in
    0) rm -f "$FLEET_JOB".{md,meta,log} ;;
    2) ;; # It stays, and the next run takes it up again.
    *) quarantine fenced ;;
  esac
}

work() {
  local stage command status=0 code
  START=$(head_of) FLEET_DUE=$((SECONDS + AQ_FLEET_LEASE_RENEW_SEC))
  for stage in building review testing; do
    case $stage in building) command=$AQ_RUN ;; review) command=$AQ_REVIEW ;; *) command=$AQ_TEST ;; esac
    code=0
    fleet_report "$stage" || code=$?
    case $code in 1) quarantine refused && return ;; 3) quarantine fenced && return ;; esac
    run_command "$stage" "$command" || status=$?
    if [[ -z $ENDED ]]; then checkpoint || ENDED=fenced; fi
    case $ENDED in fenced) quarantine fenced && return ;; stopped) give_back && return ;; esac
    if ((status != 0)); then finish failed "$stage ended with $status" && return; fi
  done
  finish shipped ''
}

# finish STAGE MESSAGE: a local job is done with it; one of the fleet waits until the coordinator has accepted that.
finish() {
  if [[ ! -e $FLEET_JOB.meta ]]; then close "$1"; return; fi
  fleet_set message "$2"
  fleet_set pending "$1"
  move waiting
  settle || :
}

# 2: no verdict yet.
settle() {
  local code=0
  fleet_report "$(fleet_meta pending)" '' "$(fleet_meta message)" || code=$?
  case $code in
    0) close "$(fleet_meta pending)" ;;
    1) quarantine refused ;;
    2) return 2 ;;
    3) quarantine fenced ;;
  esac
}

# Only here is anything shipped: after the coordinator has accepted the job, so that no other result of it ever is.
close() {
  local to=$1
  if [[ $to == shipped ]] && ! run_command shipped "$AQ_SHIP"; then
    # Stopped by a signal: the next run ships it.
    if [[ -n $ENDED ]]; then return; fi
    fleet_log "event=ship-failed file=${FLEET_JOB##*/}.md"
    to=failed
  fi
  move "$to"
}

# What ended while the coordinator was away, until one gets no verdict.
reconcile() {
  local file
  fleet_enabled || return 0
  for file in "$AQ_DIR"/waiting/*.md; do
    if [[ ! -e $file ]]; then continue; fi
    FLEET_JOB=${file%.md}
    settle || return 0
  done
}

# Local jobs first. What is left of the fleet is not touched without it.
take() {
  local file
  for file in "$AQ_DIR"/inbox/*.md; do
    FLEET_JOB=${file%.md}
    if [[ ! -e $file ]] || { [[ -e $FLEET_JOB.meta ]] && ! fleet_enabled; }; then continue; fi
    move building
    return 0
  done
  FLEET_JOB=''
  return 1
}

step() {
  reconcile
  take || { fleet_claim "$AQ_DIR/inbox" && take; } || return 1
  work
}

idle() {
  sleep "${FLEET_RETRY_AFTER:-$AQ_IDLE_SEC}" &
  wait $! || kill $! 2>/dev/null || :
}

# One runner at a time has the directory.
lock() {
  local other
  if ! (set -C && echo $$ >"$AQ_DIR/.runner") 2>/dev/null; then
    read -r other <"$AQ_DIR/.runner" || other=''
    if [[ -n $other ]] && kill -0 "$other" 2>/dev/null; then
      echo "$AQ_DIR is that of the runner $other" >&2
      exit 1
    fi
    echo $$ >"$AQ_DIR/.runner"
  fi
  trap 'rm -f "$AQ_DIR/.runner"' EXIT
  trap 'STOP=1' TERM INT HUP
}

show_status() {
  local file
  if fleet_enabled; then
    fleet_heartbeat || :
    echo "factory $AQ_FACTORY_ID: ${FLEET_CLAIMABLE:-unknown} claimable"
  fi
  for file in "$AQ_DIR"/{building,waiting,quarantine}/*.md; do
    if [[ ! -e $file ]]; then continue; fi
    FLEET_JOB=${file%.md}
    echo "$(basename "$(dirname "$file")") $(basename "$file") job=$(fleet_meta id) epoch=$(fleet_meta leaseEpoch)" \
      "stage=$(fleet_meta stage) state=$(fleet_meta state) quarantine=$(fleet_meta quarantineId)"
  done
}

case ${1:-} in
  run | once)
    : "${AQ_RUN:?the command that does a job}"
    lock
    recover
    while [[ -z $STOP ]]; do
      FLEET_JOB=''
      fleet_tick || :
      step || { if [[ $1 == once ]]; then break; else idle; fi; }
    done
    ;;
  status) show_status ;;
  *)
    echo 'usage: fleet-runner.sh run | once | status' >&2
    exit 2
    ;;
esac

#!/usr/bin/env bash
# A client of /api/fleet, to be sourced: bash 3.2 or later, curl, POSIX awk. docs/fleet.md describes it, and
# fleet-runner.sh uses it. Without AQ_FLEET=1 nothing here makes a call.
#
# FLEET_JOB names the job at hand: the path of its files without their endings (NAME.md and NAME.meta). A job without
# NAME.meta is a local one, of which nothing is reported.
# Functions return 0: done; 1: refused for good; 2: no verdict (unreachable, or told to ask again); 3: fenced. They
# answer in variables, and are safe under `set -euo pipefail`.

: "${AQ_FLEET:=0}" "${AQ_FLEET_API:=http://localhost:3001/api}" "${AQ_FLEET_TOKEN:=}" "${AQ_PRODUCT_ID:=}"
: "${AQ_FLEET_LEASE_RENEW_SEC:=300}" "${AQ_FLEET_CAPS:=}" "${AQ_FLEET_TIMEOUT_SEC:=30}" "${AQ_FLEET_LOG:=}"
[[ $AQ_FLEET_LEASE_RENEW_SEC =~ ^[1-9][0-9]{0,5}$ ]] || AQ_FLEET_LEASE_RENEW_SEC=300
# shellcheck source=fleet-json.sh
source "$(dirname "${BASH_SOURCE[0]}")/fleet-json.sh"
# The commands that a runner starts have no use for it.
export -n AQ_FLEET_TOKEN

FLEET_JOB=''
FLEET_CODE=000       # of the last call; 000: no answer
FLEET_REPLY=''       # its body
FLEET_RETRY_AFTER='' # in seconds, when the server said so
FLEET_CLAIMABLE=''   # by the last heartbeat
FLEET_DUE=0          # when fleet_tick has something to do, as SECONDS counts
FLEET_REQUEST=''     # of a claim whose answer was lost, since FLEET_REQUEST_SINCE
FLEET_REQUEST_SINCE=0

fleet_random() { LC_ALL=C od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# What an id of a factory may be: letters, digits, dot, dash and underscore, at most 64.
if [[ -z ${AQ_FACTORY_ID:-} ]]; then
  AQ_FACTORY_ID=$({ hostname 2>/dev/null || uname -n; } | LC_ALL=C tr -c 'A-Za-z0-9._\n' '-' | sed 's/^[._-]*//' | cut -c1-50)
  AQ_FACTORY_ID="${AQ_FACTORY_ID:-factory}-$(fleet_random 3)"
fi
export AQ_FACTORY_ID

fleet_enabled() { [[ $AQ_FLEET == 1 ]]; }

fleet_log() {
  local line
  line="$(date -u +%Y-%m-%dT%H:%M:%SZ) fleet $*"
  printf '%s\n' "$line" >&2
  [[ -z $AQ_FLEET_LOG ]] || printf '%s\n' "$line" >>"$AQ_FLEET_LOG"
}

fleet_field() { printf '%s' "$FLEET_REPLY" | fleet_json "$1"; }

# One line of a configuration of curl.
fleet_option() {
  local value=$2 slash=$'\\' quote='"'
  value=${value//"$slash"/"$slash$slash"}
  printf '%s = "%s"\n' "$1" "${value//"$quote"/"$slash$quote"}"
}

# fleet_api METHOD PATH [JSON] (`/fleet/claim`): sets FLEET_CODE and FLEET_REPLY. Everything that is secret or of the job
# goes to curl on its standard input, where no list of processes shows it.
fleet_api() {
  fleet_enabled || return 2
  local method=$1 path=$2 json=${3:-} out status=0 tail why
  FLEET_CODE=000 FLEET_REPLY='' FLEET_RETRY_AFTER=''
  if [[ $AQ_FLEET_TOKEN$AQ_PRODUCT_ID$AQ_FLEET_API == *[[:cntrl:][:space:]]* ]]; then
    fleet_log 'event=misconfigured why=spaces_in_token_product_or_address'
    return 2
  fi
  out=$({
    fleet_option url "${AQ_FLEET_API%/}$path"
    [[ -z $AQ_FLEET_TOKEN ]] || fleet_option header "Authorization: Bearer $AQ_FLEET_TOKEN"
    [[ -z $AQ_PRODUCT_ID ]] || fleet_option header "X-Product-Id: $AQ_PRODUCT_ID"
    [[ -z $json ]] || { fleet_option header 'Content-Type: application/json' && fleet_option data-raw "$json"; }
  } | curl -q -sS -g -X "$method" --proto '=http,https' --connect-timeout 5 --max-time "$AQ_FLEET_TIMEOUT_SEC" \
    -w '\n%{http_code} %header{retry-after}' -K - 2>/dev/null) || status=$?
  tail=${out##*$'\n'}
  if ((status == 0)); then
    FLEET_REPLY=${out%$'\n'*} FLEET_CODE=${tail%% *}
    [[ ! ${tail#* } =~ ^[0-9]{1,3}$ ]] || FLEET_RETRY_AFTER=${tail#* }
  fi
  case $FLEET_CODE in 2??) return 0 ;; esac
  why=$(fleet_field code 2>/dev/null | LC_ALL=C tr -cd 'a-z_' | cut -c1-40) || :
  fleet_log "event=call-failed call=$method path=$path code=$FLEET_CODE curl=$status why=${why:--}"
  case $FLEET_CODE in
    409) return 3 ;;
    # No such token: a person can mend that, and the job must not be lost by then.
    000 | 401 | 408 | 429 | 5??) return 2 ;;
    *) return 1 ;;
  esac
}

# Sets FLEET_CAPS_JSON: AQ_FLEET_CAPS (labels between commas), or what this machine has. `agent:*` is for people to give.
fleet_detect_caps() {
  local caps=$AQ_FLEET_CAPS found='' label program
  if [[ -z $caps ]]; then
    caps="os:$(uname -s | LC_ALL=C tr '[:upper:]' '[:lower:]')"
    for program in claude codex copilot devin gemini opencode; do
      if command -v "$program" >/dev/null; then caps+=",cli:$program"; fi
    done
    for program in git node npm python3 docker make go cargo java; do
      if command -v "$program" >/dev/null; then caps+=",tool:$program"; fi
    done
  fi
  while IFS= read -r label; do
    if [[ -n $label ]]; then found+="${found:+,}$(fleet_json_string "$label")"; fi
  done < <(printf '%s\n' "$caps" | tr ',' '\n' | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')
  FLEET_CAPS_JSON="[$found]"
}

# fleet_heartbeat [LOAD]: says that this factory is there, from 0 (idle) to 1 (full); registers it.
fleet_heartbeat() {
  fleet_enabled || return 0
  fleet_detect_caps
  fleet_api POST /fleet/factories/heartbeat "{\"factoryId\":$(fleet_json_string "$AQ_FACTORY_ID"),\
\"capabilities\":$FLEET_CAPS_JSON,\"health\":\"ok\",\"load\":${1:-0}}" || return
  # shellcheck disable=SC2034 # For those who source this.
  FLEET_CLAIMABLE=$(fleet_field claimable) || FLEET_CLAIMABLE=''
}

fleet_meta() { sed -n "s/^$1: //p" "$FLEET_JOB.meta" 2>/dev/null; }

# fleet_set KEY VALUE: in the job's meta, at once or not at all.
fleet_set() {
  local value=${2//[[:cntrl:]]/}
  (umask 077; { grep -v "^$1: " "$FLEET_JOB.meta" 2>/dev/null || :; printf '%s: %s\n' "$1" "$value"; } >"$FLEET_JOB.meta.new") &&
    mv -f "$FLEET_JOB.meta.new" "$FLEET_JOB.meta"
}

# Is the job at hand one of the fleet, and not over?
fleet_holds() { fleet_enabled && [[ -n $FLEET_JOB && -s $FLEET_JOB.meta && $(fleet_meta accepted) != 1 ]]; }

# fleet_claim DIRECTORY: takes a job if there is one, and writes its files there; the .md comes last, and complete.
fleet_claim() {
  fleet_enabled || return 1
  local retry='' id epoch name
  fleet_detect_caps
  # A lost answer is asked for again: its job would lapse only after the lease. A minute is enough for the server to know.
  if [[ -n $FLEET_REQUEST ]] && ((SECONDS - FLEET_REQUEST_SINCE <= 60)); then
    retry=',"retry":true'
  else
    FLEET_REQUEST=$(fleet_random 12) FLEET_REQUEST_SINCE=$SECONDS
  fi
  fleet_api POST /fleet/claim "{\"factoryId\":$(fleet_json_string "$AQ_FACTORY_ID"),\
\"capabilities\":$FLEET_CAPS_JSON,\"requestId\":\"$FLEET_REQUEST\"$retry}" || {
    local code=$?
    ((code == 2)) || FLEET_REQUEST=''
    return "$code"
  }
  if [[ $FLEET_CODE != 200 ]]; then
    [[ -n $retry ]] || FLEET_REQUEST=''
    return 1
  fi
  FLEET_REQUEST=''
  id=$(fleet_field id) && epoch=$(fleet_field leaseEpoch) || id=''
  if [[ ! $id =~ ^[A-Za-z0-9][A-Za-z0-9._#@:+/-]{0,139}$ || ! ${epoch:-} =~ ^[0-9]{1,16}$ ]]; then
    fleet_log 'event=claim-unreadable'
    return 1
  fi
  name="$(printf '%s' "$id" | LC_ALL=C tr -c 'A-Za-z0-9._' '-' | cut -c1-60)-$(printf '%s' "$id" | cksum | cut -d' ' -f1)-e$epoch"
  FLEET_JOB=$1/$name
  rm -f "$FLEET_JOB.meta"
  fleet_set id "$id"
  fleet_set leaseEpoch "$epoch"
  fleet_set leaseExpiresAt "$(fleet_field leaseExpiresAt)"
  fleet_set resumeBranch "$(fleet_field checkpoint.wipBranch)"
  fleet_set resumeCommit "$(fleet_field checkpoint.wipCommit)"
  if ! (umask 077; fleet_field bodyMd >"$FLEET_JOB.md.new"); then
    rm -f "$FLEET_JOB.md.new" "$FLEET_JOB.meta"
    fleet_log "event=claim-unreadable job=$id epoch=$epoch"
    return 1
  fi
  mv -f "$FLEET_JOB.md.new" "$FLEET_JOB.md"
  fleet_log "event=claimed job=$id epoch=$epoch"
}

# fleet_job_api METHOD BELOW MEMBERS: a call about the job at hand, under its epoch. Marks it when it is fenced.
fleet_job_api() {
  local id epoch path='' i c code=0
  id=$(fleet_meta id) epoch=$(fleet_meta leaseEpoch)
  for ((i = 0; i < ${#id}; i++)); do
    c=${id:i:1}
    case $c in [A-Za-z0-9._-]) path+=$c ;; *) path+=$(printf '%%%02X' "'$c") ;; esac
  done
  fleet_api "$1" "/fleet/jobs/$path$2" "{$3\"leaseEpoch\":$epoch}" || code=$?
  if ((code == 3)); then
    fleet_set state fenced
    fleet_set quarantineId "$(fleet_field quarantine_id)"
    fleet_log "event=fenced-abort job=$id epoch=$epoch"
  fi
  return "$code"
}

# fleet_report STAGE [CHECKPOINT [MESSAGE]], the checkpoint being JSON: {"wipBranch": "…", "wipCommit": "…"}. Without a
# verdict the stage is kept, and told when the next renewal gets through. Of a stage that ends the attempt only a real
# answer counts, so 202 is none.
fleet_report() {
  fleet_holds || return 0
  local stage=$1 checkpoint=${2:-} members branch commit code=0
  if [[ -n $checkpoint ]]; then
    fleet_set wipBranch "$(printf '%s' "$checkpoint" | fleet_json wipBranch)"
    fleet_set wipCommit "$(printf '%s' "$checkpoint" | fleet_json wipCommit)"
  fi
  fleet_set stage "$stage"
  members="\"stage\":$(fleet_json_string "$stage"),"
  branch=$(fleet_meta wipBranch) commit=$(fleet_meta wipCommit)
  if [[ -n $branch$commit ]]; then
    members+="\"checkpoint\":{\"wipBranch\":$(fleet_json_string "$branch"),\"wipCommit\":$(fleet_json_string "$commit")},"
  fi
  [[ -z ${3:-} ]] || members+="\"message\":$(fleet_json_string "${3:0:1000}"),"
  fleet_job_api PATCH '' "$members" || code=$?
  case $stage in
    shipped | failed | dead_letter)
      [[ $FLEET_CODE != 202 ]] || code=2
      ((code != 0)) || fleet_set accepted 1
      ;;
  esac
  fleet_set unsent "$((code == 2))"
  return "$code"
}

# fleet_checkpoint [DIRECTORY]: tells the branch and commit there, if they have changed. Whoever gets the job next can use
# them only if they are pushed.
fleet_checkpoint() {
  fleet_holds || return 0
  local branch commit stage
  commit=$(git -C "${1:-.}" rev-parse -q --verify HEAD 2>/dev/null) || return 0
  branch=$(git -C "${1:-.}" symbolic-ref -q --short HEAD) || branch=''
  if [[ $commit == "$(fleet_meta wipCommit)" && $branch == "$(fleet_meta wipBranch)" ]]; then return 0; fi
  stage=$(fleet_meta stage)
  fleet_report "${stage:-building}" "{\"wipBranch\":$(fleet_json_string "${branch:0:255}"),\"wipCommit\":\"$commit\"}"
}

fleet_lease_renew() {
  fleet_holds || return 0
  fleet_job_api POST /lease/renew '' || return
  fleet_set leaseExpiresAt "$(fleet_field leaseExpiresAt)"
  [[ $(fleet_meta unsent) != 1 ]] || fleet_report "$(fleet_meta stage)"
}

fleet_lease_release() {
  fleet_holds || return 0
  fleet_job_api POST /lease/release ''
}

# fleet_tick: to be called all the time; renews the lease and says that the factory is there when that is due.
fleet_tick() {
  fleet_enabled && ((SECONDS >= FLEET_DUE)) || return 0
  local code=0 wait=$AQ_FLEET_LEASE_RENEW_SEC
  fleet_lease_renew || code=$?
  ((code == 2 || code == 3)) || fleet_heartbeat "$(fleet_holds && echo 1 || echo 0)" || code=$?
  # Soon again after a call that got no verdict.
  ((code != 2 || wait <= 15)) || wait=${FLEET_RETRY_AFTER:-15}
  FLEET_DUE=$((SECONDS + wait))
  ((code != 3)) || return 3
}

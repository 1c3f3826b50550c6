import type { LoginCheck } from '../../agent-cli/programs';
import { assignments, quote, sh } from '../sh';
import { PROCESS_SH } from './process-sh';

/** One program to look for, in the environment that its runs have. */
export interface ProgramLook {
  env: Record<string, string>;
  program: string;
  version: readonly string[] | null;
  login: LoginCheck | null;
  /** What was seen of the program when its version was last asked for; the same again: not asked. */
  stamp: string | null;
  /** Whether commands of it may be run: they take a second and more. */
  commands: boolean;
}

/** A command of a program may take so long, in hundredths of a second. */
const LIMIT_CS = 1_000;

/**
 * Looks for programs. The script holds secrets, so it goes by standard input (see `EVALUATE`). Prints for number N:
 * `found.N` path, `stamp.N`, `status.N` and `version.N` when asked, `login.N`: `seen` (a variable, a file),
 * `yes`, `no`, `unknown`, or `unasked`.
 */
export const probeCliScript = (looks: readonly ProgramLook[]): string =>
  [
    PROCESS_SH,
    PROBE_CLI_SH,
    ...looks.map((look, index) => `(\n${lookAt(look, String(index))})\n`),
    // What a command left unfinished is not what the script is judged by.
    ':\n',
  ].join('');

/** The script that runs what comes by standard input: arguments are seen by every user of a machine. */
export const EVALUATE = 'eval "$(cat)"';

function lookAt({ env, program, version, login, stamp, commands }: ProgramLook, index: string): string {
  const lines = [
    Object.keys(env).length === 0 ? '' : `${assignments(env)}export ${Object.keys(env).join(' ')}\n`,
    `probe_index=${index}\nprobe_limit=${LIMIT_CS}\n`,
    `find_program ${quote(program)} || exit 0\n`,
  ];
  if (version !== null) {
    const ask = commands ? `ask_version ${version.map(quote).join(' ')}` : ':';
    lines.push(`stamp_program ${quote(stamp ?? '')} || ${ask}\n`);
  }
  if (login !== null) {
    lines.push(`login_variable ${login.variables.join(' ')} && exit 0\n`);
    lines.push(`login_file ${login.files.map(fileWord).join(' ')} && exit 0\n`);
    lines.push(askLogin(login, commands));
  }
  return lines.join('');
}

function askLogin({ command, denial }: LoginCheck, commands: boolean): string {
  if (command === null) return 'say_login no\n';
  if (!commands) return 'say_login unasked\n';
  return `ask_login ${quote(denial ?? '')} ${command.map(quote).join(' ')}\n`;
}

/** `~/x` and `$NAME/x`; no word at all without HOME or NAME. Of plain characters only. */
function fileWord(file: string): string {
  const [, variable = 'HOME', rest] = /^(?:~|\$([A-Z_]+))(\/[A-Za-z0-9._/-]+)$/.exec(file) ?? [];
  if (rest === undefined) throw new Error(`a file of a login check: ${file}`);
  return `\${${variable}:+"$${variable}${rest}"}`;
}

const PROBE_CLI_SH = sh`
# One line, short, nothing that is not to be printed.
plain() { head -n 1 | LC_ALL=C tr -cd '[:print:]' | cut -c 1-200; }
# The first line with a number in it, one like 1.2 before all.
numbered() { LC_ALL=C awk '/[0-9]\.[0-9]/ { print; found = 1; exit } /[0-9]/ && !any { any = $0 } END { if (!found) print any }'; }
say() { printf '%s.%s %s\n' "$1" "$probe_index" "$2"; }
say_login() { say login "$1"; }

# find_program NAME: sets found. Not by "command -v", which also knows the functions of this very script. A path that
# is not absolute is one in the work directory, and that is only there during a run.
find_program() {
  found=
  case $1 in
    /*) if [ -f "$1" ] && [ -x "$1" ]; then found=$1; fi ;;
    */*) found=$1 ;;
    *)
      find_ifs=$IFS
      IFS=:
      set -f
      for find_dir in $PATH; do
        if [ -z "$found" ] && [ -f "$find_dir/$1" ] && [ -x "$find_dir/$1" ]; then found=$find_dir/$1; fi
      done
      set +f
      IFS=$find_ifs
      ;;
  esac
  say found "$(printf '%s' "$found" | plain)"
  [ -n "$found" ]
}

# stamp_program KNOWN: true when the program is still that one.
stamp_program() {
  stamp=$(ls -dilL "$found" 2>/dev/null | tr -s ' ' | plain)
  say stamp "$stamp"
  [ -n "$stamp" ] && [ "$stamp" = "$1" ]
}

# limited COMMAND...: prints what it prints; ended, with all that it started, when it takes too long.
limited() {
  (new_session "$@") < /dev/null 2>&1 &
  limited_pid=$!
  clock
  limited_end=$((now + probe_limit))
  while proc_start "$limited_pid"; do
    clock
    if [ "$now" -ge "$limited_end" ]; then
      kill -s KILL -- "-$limited_pid" 2>/dev/null
      kill -s KILL "$limited_pid" 2>/dev/null
      wait "$limited_pid" 2>/dev/null
      return 124
    fi
    nap 0.05
  done
  wait "$limited_pid"
  limited_status=$?
  # What it left behind would keep its output open.
  kill -s KILL -- "-$limited_pid" 2>/dev/null
  return "$limited_status"
}

# Warnings go to standard error and have numbers too: it is read only where the other has none.
ask_version() {
  answer=$(limited sh -c 'exec "$@" 2>/dev/null' sh "$@")
  status=$?
  version=$(printf '%s\n' "$answer" | numbered | plain)
  if [ "$status" != 124 ] && { [ "$status" != 0 ] || [ -z "$version" ]; }; then
    answer=$(limited "$@")
    status=$?
    if [ "$status" = 0 ]; then version=$(printf '%s\n' "$answer" | numbered | plain)
    else version=$(printf '%s\n' "$answer" | plain); fi
  fi
  say status "$status"
  say version "$version"
}

login_variable() {
  for login_name in "$@"; do
    eval "login_value=\$$login_name"
    if [ -n "$login_value" ]; then
      say_login seen
      return 0
    fi
  done
  return 1
}

login_file() {
  for login_path in "$@"; do
    if [ -s "$login_path" ]; then
      say_login seen
      return 0
    fi
  done
  return 1
}

# ask_login DENIAL COMMAND...
ask_login() {
  denial=$1
  shift
  answer=$(limited "$@")
  status=$?
  if [ "$status" = 124 ]; then say_login unknown
  elif [ -n "$denial" ]; then
    if printf '%s\n' "$answer" | grep -qi -- "$denial"; then say_login no
    elif [ "$status" = 0 ]; then say_login yes
    else say_login unknown
    fi
  elif [ "$status" = 0 ]; then say_login yes
  else say_login no
  fi
}
`;

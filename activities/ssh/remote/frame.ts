import { randomBytes } from 'node:crypto';

/** A script on its way to a `SCRIPT_COMMAND`. */
export interface Frame {
  /** Goes before the input of the script. */
  head: Buffer;
  /**
   * Printed on both streams before anything of the script, followed by a blank, the pid of its shell and a line
   * break; what comes before it is the login shell's.
   */
  mark: Buffer;
}

/** Takes exactly so many bytes from standard input. `dd`, because it takes no byte more than it is told to. */
const taking = (size: string) =>
  // One without fullblock refuses it before it reads.
  `dd bs=${size} count=1 iflag=fullblock 2>/dev/null || dd bs=1 count=${size} 2>/dev/null`;

/**
 * Runs one script through a login shell that nobody here knows: bash, dash, fish, csh. The command line is a constant
 * that reads alike in all of them (no quote, backslash, `!` or newline in it); the script itself comes by standard
 * input, where neither shells nor the limits of command lines touch it. A script that was cut short does not run in
 * part.
 */
export const SCRIPT_COMMAND = `exec /bin/sh -c '${[
  'cd /',
  'IFS=" " read -r signalbox_size signalbox_mark signalbox_input || exit 1',
  `signalbox_script=$(${taking('$signalbox_size')})`,
  'case $signalbox_script in *"#$signalbox_mark") ;; *) exit 1;; esac',
  'test $signalbox_input = input || exec </dev/null',
  'echo $signalbox_mark $$',
  'echo $signalbox_mark $$ >&2',
  'eval "$signalbox_script"',
].join('; ')}'`;

export function frameOf(script: string, hasInput: boolean): Frame {
  const mark = randomBytes(12).toString('hex');
  const text = Buffer.from(ended(script, mark));
  const line = `${text.length} ${mark} ${hasInput ? 'input' : 'none'}\n`;
  return { head: Buffer.concat([Buffer.from(line), text]), mark: Buffer.from(mark) };
}

const ended = (script: string, mark: string) => `${script}\n#${mark}`;

/**
 * A shell that runs one script after the other, each in a sh of its own and with empty input. It saves logging in to
 * a session for each of them, with all that the login shell of the user does at its start.
 */
export const SHELL_COMMAND = `exec /bin/sh -c '${[
  'cd /',
  'while IFS=" " read -r size mark',
  `do script=$(${taking('$size')})`,
  'case $script in *"#$mark") ;; *) exit 1;; esac',
  'echo $mark $$',
  'echo $mark $$ >&2',
  '/bin/sh -c "$script" </dev/null',
  'code=$?',
  'printf "%s" "$mark $code,"',
  'printf "%s" "$mark $code," >&2',
  'done',
].join('; ')}'`;

/** What such a shell is sent for a script. */
export function shellRequest(script: string): { bytes: Buffer; mark: Buffer } {
  const mark = randomBytes(12).toString('hex');
  const text = Buffer.from(ended(script, mark));
  return { bytes: Buffer.concat([Buffer.from(`${text.length} ${mark}\n`), text]), mark: Buffer.from(mark) };
}

/** Longest script for such a shell, which passes it on as one argument (Linux takes 131 071 bytes). */
export const SHELL_SCRIPT_MAX_BYTES = 131_000;

const FENCE = /^ {0,3}(```|~~~)/;
const COMMAND = /^ {0,3}(\/signalbox(?:[ \t].*)?)$/;
/** Longer ones are none of ours. */
const COMMAND_MAX = 500;

/**
 * The first line of a comment that speaks to Signalbox, such as `/signalbox retry`; null when none does. What is
 * quoted, or shown as code, is talked about and not said.
 */
export function commandLine(comment: string): string | null {
  let fenced = false;
  for (const line of comment.split(/\r\n|\r|\n/)) {
    if (FENCE.test(line)) fenced = !fenced;
    const command = fenced ? undefined : COMMAND.exec(line)?.[1]?.trimEnd();
    if (command !== undefined) return command.length > COMMAND_MAX ? null : command;
  }
  return null;
}

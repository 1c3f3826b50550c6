import { artifactsSchema } from '../../../contracts/receipt';
import { plainText } from './escape-stripper';
import type { OutputEnd } from './types';
import { wellFormed } from './well-formed';

/** A receipt takes 16 384 characters. */
const SUMMARY_MAX = 16_000;
/** Of a message, and of stderr after it. */
const MESSAGE_MAX = 2_000;
const SAID_MAX = 1_200;
/** How much of the end of a text is searched for addresses, in characters. */
const SEARCHED = 65_536;

export function summaryOf(text: string): string {
  const plain = plainText(text).trim();
  if (plain.length <= SUMMARY_MAX) return plain;
  return `${wellFormed(plain.slice(0, SUMMARY_MAX))}\n… ${plain.length - SUMMARY_MAX} more characters in the output`;
}

/** The last address of a pull or merge request in a text, without credentials; null when there is none. */
export function pullRequestUrl(text: string): string | null {
  const found = text.slice(-SEARCHED).matchAll(/https?:\/\/[^\s<>"'`()[\]{}|\\^]{1,2048}/g);
  for (const [address] of [...found].reverse()) {
    const path = /^https?:\/\/[^/]+(?:\/.*?)?\/(?:pulls?|merge_requests)\/\d+(?!\w)/.exec(address)?.[0];
    const url = path?.replace(/^(https?:\/\/)[^/@]*@/, '$1');
    if (url !== undefined && artifactsSchema.shape.pr_url.safeParse(url).success) return url;
  }
  return null;
}

/** The last characters of what a person can read. */
const tailOf = (text: string, max: number): string => wellFormed(plainText(text).trim().slice(-max));

/** stderr is kept with what an exit code other than 0 ended, unless the message has it. */
export function withStderr(message: string, end: OutputEnd): string {
  const said = wellFormed(
    plainText(message.slice(0, 2 * MESSAGE_MAX))
      .trim()
      .slice(0, SAID_MAX),
  );
  const stderr = end.exit_code === 0 ? '' : tailOf(end.stderr.slice(-4 * MESSAGE_MAX), MESSAGE_MAX);
  if (stderr === '' || said.includes(stderr)) return said;
  return `${said}: ${wellFormed(stderr.slice(-(MESSAGE_MAX - said.length)))}`;
}

/** A failure of an activity is cut at 4 KiB by the server, its stack included. */
const MAX_LENGTH = 1000;

/** The end of what git said, without the credentials that a URL may hold. */
export const redact = (text: string): string =>
  text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, '$1***@')
    .trim()
    .slice(-MAX_LENGTH);

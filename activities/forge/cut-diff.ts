const FILE_START = '\ndiff --git ';

/**
 * Makes the first bytes of a longer diff into a diff of whole files, with a line before it that says so. It comes
 * first because whoever bounds the diff further drops files from its end.
 * @param bytes as many as were read
 */
export function cutDiff(bytes: Buffer, maxBytes: number): string {
  const text = bytes.toString();
  const lastFile = text.lastIndexOf(FILE_START);
  // The only file there is, or what is no diff of git: up to the end of a line.
  const end = lastFile === -1 ? text.lastIndexOf('\n') : lastFile;
  const note = `# This diff is longer than ${maxBytes} bytes: what follows is only its beginning.\n`;
  return note + text.slice(0, end + 1);
}

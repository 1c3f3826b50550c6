/** Reads a prompt as one that obeys its first paragraphs does: by the boundary that it announces. */
export interface ReadPrompt {
  boundary: string;
  /** What each block of data is called, and its text. */
  blocks: Array<{ of: string; text: string }>;
  /** All that stands outside of the blocks. */
  ours: string;
}

export function readBlocks(prompt: string): ReadPrompt {
  const tag = /<(data-[0-9a-f]+) of="…">/.exec(prompt)?.[1];
  if (tag === undefined) throw new Error('no boundary is announced');
  const blocks: ReadPrompt['blocks'] = [];
  const pattern = new RegExp(`^<${tag} of="([^"]*)">\n([^]*?)\n</${tag}>$`, 'gm');
  const ours = prompt.replace(pattern, (_, of: string, text: string) => {
    blocks.push({ of, text });
    return `[${of}]`;
  });
  return { boundary: tag.slice('data-'.length), blocks, ours };
}

export const blockOf = (prompt: string, of: string): string | undefined =>
  readBlocks(prompt).blocks.find((block) => block.of === of)?.text;

export const occurrences = (text: string, word: string): number => text.split(word).length - 1;

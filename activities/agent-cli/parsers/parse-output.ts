import type { CliName } from '../../../contracts/template';
import { ClaudeReader } from './claude';
import { CodexReader } from './codex';
import { EscapeStripper } from './escape-stripper';
import { EventOutput } from './events';
import { GeminiReader } from './gemini';
import { OpencodeReader } from './opencode';
import { ReceiptOutput } from './receipt';
import { TextOutput } from './text';
import type { OutputEnd, ParsedOutput } from './types';

interface Output {
  /** Bytes without terminal escapes. */
  push(clean: Uint8Array): void;
  conclude(end: OutputEnd, bytes: number): ParsedOutput;
}

const OUTPUTS: Record<CliName, () => Output> = {
  codex: () => new EventOutput(new CodexReader()),
  claude: () => new EventOutput(new ClaudeReader()),
  gemini: () => new EventOutput(new GeminiReader()),
  opencode: () => new EventOutput(new OpencodeReader()),
  receipt: () => new ReceiptOutput(),
  text: () => new TextOutput(),
};

/**
 * Reads the standard output of a CLI to a receipt or a failure, in constant memory (LINE_MAX_BYTES and what
 * parsing that takes). Never throws for what the bytes are; rejects only where `chunks` does.
 */
export async function parseOutput(
  cli: CliName,
  chunks: AsyncIterable<Uint8Array>,
  end: OutputEnd,
): Promise<ParsedOutput> {
  const output = OUTPUTS[cli]();
  const escapes = new EscapeStripper();
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    output.push(escapes.push(chunk));
  }
  return output.conclude(end, bytes);
}

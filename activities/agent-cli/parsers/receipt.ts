import { type Receipt, receiptSchema } from '../../../contracts/receipt';
import { ByteTail } from './byte-tail';
import { plainText } from './escape-stripper';
import { type FailureCode, REMEDIES } from './failures';
import { type Fields, parseObject } from './fields';
import { withStderr } from './final-text';
import { JsonFramer } from './json-framer';
import { EMPTY_READING } from './reading';
import { type OutputEnd, type ParsedOutput, PIPE_BYTES, type StreamFacts } from './types';
import { verdict } from './verdict';
import { endedHow } from './without-terminal';

/** Longest output that is read as a receipt, in bytes: half of what one Temporal payload may hold. */
export const RECEIPT_MAX_BYTES = 1_048_576;

/**
 * One JSON receipt. Text around it is noise, but there must not be two. It is no terminal event: an exit code
 * other than 0 goes before it, unless the receipt itself says that the agent failed.
 */
export class ReceiptOutput {
  private readonly tail = new ByteTail(RECEIPT_MAX_BYTES);

  push(clean: Uint8Array): void {
    // Beyond the limit it is none, whatever comes.
    if (this.tail.whole) this.tail.push(clean);
  }

  conclude(end: OutputEnd, bytes: number): ParsedOutput {
    const failed = (code: FailureCode, message: string): ParsedOutput => ({
      ...NOTHING,
      failure: { code, message: withStderr(message, end), remedy: REMEDIES[code], resets_at: null },
    });
    const malformed = (what: string) =>
      failed('malformed_output', `standard output is not one JSON receipt: ${what}; the output is kept`);

    const found = this.tail.whole ? find(this.tail.text()) : TOO_LONG;
    const receipt = 'receipt' in found ? receiptSchema.safeParse(found.receipt) : null;
    if (receipt?.success === true && receipt.data.status === 'failed') {
      return { ...failed('agent_failed', receipt.data.summary), ...saidIn(receipt.data) };
    }
    if (end.exit_code !== 0) {
      return receipt?.success === true
        ? { ...failed('exit_code', endedHow(end.exit_code)), ...saidIn(receipt.data) }
        : verdict({ ...EMPTY_READING }, { ...NO_EVENTS, bytes }, end);
    }
    if (receipt?.success === true) {
      return { ...NOTHING, ...saidIn(receipt.data), receipt: receipt.data };
    }
    if (receipt !== null) {
      const issues = receipt.error.issues
        .slice(0, 5)
        .map((issue) => `${issue.path.join('.') || 'receipt'}: ${issue.message}`);
      return malformed(issues.join('; '));
    }
    if (found === TOO_LONG) return malformed(`${bytes} bytes, at most ${RECEIPT_MAX_BYTES}`);
    if (found === CUT) {
      const size = bytes === PIPE_BYTES ? ', at the size of a pipe' : '';
      return failed(
        'truncated_output',
        `standard output stops after ${bytes} bytes in the middle of a receipt${size}`,
      );
    }
    return malformed(found === EMPTY ? 'it is empty' : 'it is not JSON, or more than one value');
  }
}

const TOO_LONG = { none: 'too long' };
const EMPTY = { none: 'empty' };
const CUT = { none: 'cut' };
const OTHER = { none: 'other' };

const NO_EVENTS: Omit<StreamFacts, 'bytes'> = {
  objects: 0,
  unfinished: false,
  overlong: 0,
  noise: '',
  any_program: true,
};

/** The whole output, else the one object in it that looks like a receipt. */
function find(raw: string): { receipt: unknown } | { none: string } {
  const text = raw.replace(/^\ufeff/, '');
  if (text.trim() === '') return EMPTY;
  try {
    return { receipt: JSON.parse(text) };
  } catch {
    // The parser's message quotes the output, which may hold what the prompt did.
  }
  const objects: Fields[] = [];
  const framer = new JsonFramer({
    object: (one) => {
      const object = parseObject(one);
      if (object !== null) objects.push(object);
    },
    noise: () => undefined,
  });
  framer.push(Buffer.from(text));
  const receipts = objects.filter((object) => 'status' in object && 'summary' in object);
  if (receipts.length === 1) return { receipt: receipts[0] };
  return receipts.length === 0 && framer.unfinished ? CUT : OTHER;
}

const NOTHING: ParsedOutput = {
  receipt: null,
  failure: null,
  warnings: [],
  session_id: null,
  model: null,
  usage: null,
  text: null,
};

const saidIn = ({
  usage,
  summary,
}: Receipt): Pick<ParsedOutput, 'session_id' | 'model' | 'usage' | 'text'> => ({
  session_id: usage?.session_id ?? null,
  model: usage?.model ?? null,
  usage: usage ?? null,
  text: plainText(summary),
});

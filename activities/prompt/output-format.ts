import { z } from 'zod';
import type { OutputFormat } from '../../contracts/prompt';
import { receiptSchema } from '../../contracts/receipt';
import { reviewResultJsonSchema } from '../../contracts/review';
import type { Section } from './sections';

/** The rest of a receipt is measured, not told. */
const receiptJsonSchema = z.toJSONSchema(
  receiptSchema.pick({ status: true, summary: true, artifacts: true }),
  { io: 'input' },
);

export const outputFormat = (format: OutputFormat): Section => ({ heading: 'Result', parts: PARTS[format] });

const ONE_OBJECT =
  'Your last message is one JSON object and nothing else: no Markdown fence and no text around it. It follows this schema:';

const schema = (value: object) => JSON.stringify(value, null, 1).replace(/\n */g, ' ');

const PARTS: Record<OutputFormat, string[]> = {
  summary: [
    'Your last message is a summary of at most 4000 characters: what you changed and why, which checks you ran and how each ended, what you assumed, what is left open. If you could not do the task, begin with that and the reason. If you opened a pull request, give its URL.',
  ],
  review: [
    ONE_OBJECT,
    schema(reviewResultJsonSchema),
    '`approved`: the change can be merged as it is. `rejected`: it cannot, and at least one finding says why. A finding names file and line where it has a place; `critical` and `major` findings stand in the way of approval, `minor` and `info` do not. `confidence`: how sure you are of the verdict, from 0 to 1; lower it for what you could not read or run.',
  ],
  receipt: [
    ONE_OBJECT,
    schema(receiptJsonSchema),
    '`completed`: the task is done. `failed`: it is not, and `summary` says why.',
  ],
};

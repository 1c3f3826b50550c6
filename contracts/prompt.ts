import { z } from 'zod';
import { checkpointSchema, FINDINGS_MAX, findingSchema, receiptSchema } from './receipt';
import { createTaskSchema } from './task';

export const taskKindSchema = z.enum(['code', 'review', 'other']);
export type TaskKind = z.infer<typeof taskKindSchema>;

/** What the last message of an agent has to be: a text, a review result, or a whole receipt as JSON. */
export const outputFormatSchema = z.enum(['summary', 'review', 'receipt']);
export type OutputFormat = z.infer<typeof outputFormatSchema>;

/** A task in a file, to preview its prompt: the body of `POST /tasks`, and what is else known by then. */
export const promptTaskSchema = createTaskSchema.extend({
  kind: taskKindSchema.optional().describe('Default: from the labels'),
  output_format: outputFormatSchema.optional().describe('Default: from the kind'),
  diff: z.string().nullish(),
  findings: z.array(findingSchema).max(FINDINGS_MAX).default([]).describe('Of the review before'),
  handed_in: receiptSchema.nullish().describe('What the attempt before handed in'),
  checkpoint: checkpointSchema.nullish(),
  validation_commands: z.array(z.string().min(1).max(2000)).max(50).optional(),
});
export type PromptTask = z.infer<typeof promptTaskSchema>;

/** For the config file. */
export const promptConfigSchema = z.strictObject({
  diff_max_bytes: z
    .number()
    .int()
    .min(0)
    .max(10_000_000)
    .default(200_000)
    .describe('A longer diff is bounded, file by file'),
  validation_commands: z
    .record(z.string().min(1), z.array(z.string().min(1).max(2000)).max(50))
    .default({})
    .describe('By repository, `*` for all others; without an entry they are detected'),
});
export type PromptConfig = z.infer<typeof promptConfigSchema>;

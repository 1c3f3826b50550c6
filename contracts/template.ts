/** How a host runs an agent, as the config file says it. */
import { z } from 'zod';

/** Reads what the program printed into a receipt. */
export const CLI_NAMES = ['text', 'receipt', 'codex', 'claude', 'gemini', 'opencode'] as const;
export const cliNameSchema = z
  .enum(CLI_NAMES)
  .describe('`text`: exit code and output make the receipt; `receipt`: standard output is one as JSON');
export type CliName = z.infer<typeof cliNameSchema>;

export const BUILT_IN_TEMPLATES = ['shell', 'codex-cli', 'claude-code', 'gemini', 'opencode'] as const;
export type BuiltInTemplate = (typeof BUILT_IN_TEMPLATES)[number];

const environmentNameSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
  .refine((name) => !name.startsWith('SIGNALBOX_'), {
    error: 'expected another name: SIGNALBOX_* is set by Signalbox',
  });

export const environmentValueSchema = z.union(
  [
    z.string(),
    z.strictObject({ from_env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
    z.strictObject({ from_file: z.string().regex(/^(\/|~\/)/) }),
  ],
  {
    error:
      'expected a text for what is no secret, {from_env: NAME} or {from_file: /path or ~/path} for what is',
  },
);
/** A secret is named, never written here: a variable or a file of the host worker. */
export type EnvironmentValue = z.infer<typeof environmentValueSchema>;

export const environmentSchema = z
  .record(environmentNameSchema, environmentValueSchema)
  .describe('What a run finds in its environment');
export type EnvironmentSettings = z.infer<typeof environmentSchema>;

const wordSchema = z.string().min(1);
/** A group is left out whole when one of its variables has no value. */
const argumentSchema = z.union([wordSchema, z.array(wordSchema).min(1)], {
  error: 'expected an argument, or a list of arguments that go together',
});
export type Argument = z.infer<typeof argumentSchema>;

const commandSchema = z.union([z.string().min(1), z.array(wordSchema).min(1)], {
  error: 'expected a command: a line, or a list of words',
});

const templateFields = z.strictObject({
  argv: z
    .union([z.string().min(1), z.array(argumentSchema).min(1)], {
      error:
        'expected the program and its arguments: a list, or a line such as "codex exec --json \'{prompt}\'"',
    })
    .optional()
    .describe(
      'Variables are put in after it has been taken apart; no shell sees it. Default: that of `base`',
    ),
  base: z
    .enum(BUILT_IN_TEMPLATES)
    .optional()
    .describe('The built-in template that this one changes; default: the one of the same name'),
  cli: cliNameSchema.optional(),
  stdin: z
    .enum(['prompt', 'none'])
    .optional()
    .describe('`prompt`: the program reads the prompt from standard input when no argument can hold it'),
  model: z.string().min(1).max(200).optional().describe('Value of {model}'),
  program: z.string().min(1).optional().describe('What a host must have; default: the first of argv'),
  version: commandSchema.nullable().optional().describe('Prints the version of the program'),
  login: commandSchema.nullable().optional().describe('Ends with 0 when the program is logged in'),
  env: environmentSchema.optional(),
});

export const templateSchema = z.preprocess(
  (value) => (typeof value === 'string' ? { argv: value } : value),
  templateFields,
);
export type Template = z.infer<typeof templateSchema>;

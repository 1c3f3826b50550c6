import { LineCounter, parseDocument } from 'yaml';
import { type PromptTask, promptTaskSchema } from '../contracts/prompt';
import { ConfigError, locateIssues } from '../workers/config/config-error';

/**
 * Reads a task as JSON.
 * @param name what to call the text in errors
 * @throws Error that says where each problem is, what came and what was expected
 */
export function parseTaskFile(text: string, name: string): PromptTask {
  const json = text.replace(/^\ufeff/, '');
  const parsed = promptTaskSchema.safeParse(parseJson(json, name));
  if (parsed.success) return parsed.data;
  // JSON is YAML too, whose parser knows the place of each value.
  const lines = new LineCounter();
  const { contents } = parseDocument(json, { lineCounter: lines, prettyErrors: false });
  throw new ConfigError(name, locateIssues(parsed.error.issues, contents, lines));
}

function parseJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (json.trim() === '') throw new Error(`${name}: expected a task as JSON; got an empty text`);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${name}${placeOf(reason, json)}: expected a task as JSON; got this: ${reason}`);
  }
}

/** V8 tells the offset for most mistakes. */
function placeOf(reason: string, json: string): string {
  const offset = / at position (\d+)/.exec(reason)?.[1];
  if (offset === undefined) return '';
  const before = json.slice(0, Number(offset)).split('\n');
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

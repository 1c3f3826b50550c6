/**
 * Visibility queries. Temporal documents no way to escape a value, so values pass through one function
 * that refuses what could end a string; nothing else builds query text.
 */

/** A key of workflows/search-attributes. */
interface Name {
  name: string;
}

/** Throws a TypeError on quotes, backslashes and control characters. */
export function quote(value: string): string {
  if (/['"`\\\p{Cc}]/u.test(value)) {
    throw new TypeError(
      `${JSON.stringify(value)} cannot be searched for: expected no quote, backslash or control character`,
    );
  }
  return `'${value}'`;
}

export const RUNNING = "ExecutionStatus = 'Running'";

export const typeIs = (workflowType: string) => `WorkflowType = ${quote(workflowType)}`;
export const idStartsWith = (prefix: string) => `WorkflowId STARTS_WITH ${quote(prefix)}`;
export const equals = (key: Name, value: string | number) =>
  `${key.name} = ${typeof value === 'number' ? numeric(value) : quote(value)}`;
/** Also right for a keyword list: the list contains one of the values. */
export const oneOf = (key: Name, values: readonly string[]) =>
  `${key.name} IN (${values.map(quote).join(', ')})`;
export const isSet = (key: Name) => `${key.name} IS NOT NULL`;
export const isUnset = (key: Name) => `${key.name} IS NULL`;
/** `at` in milliseconds since 1970. */
export const laterThan = (key: Name, at: number) => `${key.name} > ${quote(new Date(at).toISOString())}`;
export const and = (...parts: string[]) => parts.join(' AND ');

function numeric(value: number): string {
  if (!Number.isSafeInteger(value))
    throw new TypeError(`${value} cannot be searched for: expected an integer`);
  return String(value);
}

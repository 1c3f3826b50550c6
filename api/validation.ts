/** Validation by zod. A refusal names the field, the kind of value that came and what was expected. */
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import type { FieldError } from '../contracts/api';
import { ApiProblem } from './problems';

const MAX_ERRORS = 20;
const MAX_FIELD = 100;
/** No schema nests deeper; a body may, and would exhaust the stack. */
const MAX_DEPTH = 16;
/** A text that holds either cannot be an argument of a process, nor be stored by every visibility store. */
const UNFIT_TEXT = /\0|\p{Surrogate}/u;

export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    const unfit = unfitText(data, []);
    const result = unfit ? null : schema.safeParse(data);
    if (result?.success) return { value: result.data };
    const errors = unfit ? [unfit] : (result?.error?.issues ?? []).flatMap((issue) => toErrors(issue, data));
    return { error: validationProblem(errors.slice(0, MAX_ERRORS), httpPart) };
  };

/** Of a value that was parsed outside of a route's schema. Names fields and kinds of values, never a value that is text. */
export const parseProblem = (issues: readonly z.core.$ZodIssue[], data: unknown, where: string) =>
  validationProblem(issues.flatMap((issue) => toErrors(issue, data)).slice(0, MAX_ERRORS), where);

function validationProblem(errors: FieldError[], httpPart: string | undefined) {
  const where = httpPart === 'params' ? 'path' : (httpPart ?? 'request');
  const onReceipt = errors.length > 0 && errors.every(({ field }) => /^receipt\b/.test(field));
  const first = errors[0];
  const detail = `${where}: ${first?.field || 'body'}: expected ${first?.expected}, got ${first?.got}`;
  // A receipt is a document inside a well-formed message: what is wrong with it is 422.
  return onReceipt
    ? new ApiProblem(422, 'invalid_receipt', detail, { errors })
    : new ApiProblem(400, 'invalid_request', detail, { errors });
}

function toErrors(issue: z.core.$ZodIssue, data: unknown): FieldError[] {
  const at = issue.path;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: fieldName([...at, key]),
      got: kindOf(valueAt(data, [...at, key])),
      expected: 'no such field',
    }));
  }
  return [{ field: fieldName(at), got: kindOf(valueAt(data, at)), expected: expectation(issue) }];
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected;
    case 'invalid_value':
      return `one of: ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${unit(issue.origin)}`;
    case 'too_big':
      return `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${unit(issue.origin)}`;
    default:
      return issue.message.replace(/^Invalid (input|string): /, '').replace(/^expected /, '');
  }
}

const unit = (origin: string) =>
  origin === 'string' ? ' characters' : origin === 'array' ? ' elements' : '';

/** The kind of a value and its size. Numbers and booleans are told as they are; texts may be secrets. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `text of ${value.length} characters`;
  if (Array.isArray(value)) return `array of ${value.length} elements`;
  return typeof value === 'object' ? 'object' : `${typeof value} ${String(value)}`;
}

export const fieldName = (path: readonly PropertyKey[]) =>
  path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('')
    .slice(0, MAX_FIELD);

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function unfitText(value: unknown, path: PropertyKey[]): FieldError | null {
  if (typeof value === 'string') {
    if (!UNFIT_TEXT.test(value)) return null;
    return {
      field: fieldName(path),
      got: kindOf(value),
      expected: 'text without NUL and unpaired surrogates',
    };
  }
  if (typeof value !== 'object' || value === null) return null;
  if (path.length > MAX_DEPTH) {
    return { field: fieldName(path), got: kindOf(value), expected: `no nesting beyond ${MAX_DEPTH} levels` };
  }
  for (const [key, inner] of Object.entries(value)) {
    const found = unfitText(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found) return found;
  }
  return null;
}

/** What an invariant requires of an answer. What does not hold is told as expected and seen. */
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { type Problem, problemSchema } from '../../contracts/api';
import { redact } from './redact';
import type { Answer } from './wire';

/** The protocol is broken. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
  readonly expected: string;
  readonly seen: string;

  constructor(expected: string, seen: string) {
    super(redact(`expected ${expected}; seen: ${seen}`));
    this.expected = redact(expected);
    this.seen = redact(seen);
  }
}

const SHOWN = 300;

export function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** Of a refusal its code is the news, of another answer its body. */
export function showAnswer({ status, body }: Answer): string {
  const problem = problemSchema.safeParse(body);
  return `${status} ${problem.success ? `${problem.data.code}: ${problem.data.detail}` : show(body)}`;
}

/** The body, in its form. @param who sends what, such as `the renewal by the old holder` */
export function answered<T>(who: string, answer: Answer, status: number | number[], schema: z.ZodType<T>): T {
  expectStatus(who, answer, status);
  const read = schema.safeParse(answer.body);
  if (read.success) return read.data;
  const issues = read.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new Mismatch(
    `${who} (${answer.call}): a body of the documented form`,
    `${issues.join(', ')}; ${show(answer.body)}`,
  );
}

export function expectStatus(who: string, answer: Answer, status: number | number[]) {
  const wanted = [status].flat();
  if (wanted.includes(answer.status)) return;
  throw new Mismatch(`${who} (${answer.call}): ${wanted.join(' or ')}`, showAnswer(answer));
}

/** A refusal as problem details with one of these codes. */
export function refused(who: string, answer: Answer, status: number, code: string | string[]): Problem {
  const codes = [code].flat();
  const problem = problemOf(answer);
  if (answer.status === status && problem && codes.includes(problem.code)) return problem;
  throw new Mismatch(`${who} (${answer.call}): ${status} ${codes.join(' or ')}`, showAnswer(answer));
}

/** null: it is none, by its form or by its content type. */
export function problemOf({ headers, body, status }: Answer): Problem | null {
  const read = problemSchema.safeParse(body);
  const typed = headers.get('content-type')?.startsWith('application/problem+json');
  return typed && read.success && read.data.status === status ? read.data : null;
}

export function same(what: string, expected: unknown, seen: unknown) {
  if (isDeepStrictEqual(expected, seen)) return;
  if (!isObject(expected) || !isObject(seen)) throw new Mismatch(`${what}: ${show(expected)}`, show(seen));
  // Of two tasks only what differs is of interest.
  const names = Object.keys({ ...expected, ...seen });
  const differing = names.filter((name) => !isDeepStrictEqual(expected[name], seen[name]));
  const part = (whole: Record<string, unknown>) =>
    show(Object.fromEntries(differing.map((name) => [name, whole[name]])));
  throw new Mismatch(`${what}: ${part(expected)}`, part(seen));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param seen what to show if it does not hold */
export function holds(expected: string, ok: boolean, seen: unknown): asserts ok {
  if (!ok) throw new Mismatch(expected, show(seen));
}

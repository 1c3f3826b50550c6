import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { ApiProblem, problemBody } from '../../api/problems';
import { validatorCompiler } from '../../api/validation';
import { completeSchema, dequeueSchema } from '../../contracts/lease';
import { createTaskSchema } from '../../contracts/task';

function refusal(schema: z.ZodType, data: unknown): ApiProblem {
  const validate = validatorCompiler({ schema, httpPart: 'body', method: 'POST', url: '/' } as never);
  const result = validate(data) as { error?: Error };
  if (!(result.error instanceof ApiProblem)) throw new Error('was not refused');
  return result.error;
}

const task = { title: 't', body: 'b' };
const receipt = { status: 'completed', summary: 's' };

describe('a refused body', () => {
  it.each([
    ['a missing field', { body: 'b' }, { field: 'title', got: 'nothing', expected: 'string' }],
    [
      'a wrong type',
      { ...task, priority: '1' },
      { field: 'priority', got: 'text of 1 characters', expected: 'number' },
    ],
    [
      'a number out of range',
      { ...task, priority: 11 },
      { field: 'priority', got: 'number 11', expected: 'at most 10' },
    ],
    [
      'an unknown field',
      { ...task, titel: 's3cret' },
      { field: 'titel', got: 'text of 6 characters', expected: 'no such field' },
    ],
    [
      'a word that is not in the list',
      { ...task, review: 'maybe' },
      { field: 'review', got: 'text of 5 characters', expected: 'one of: none, required' },
    ],
    [
      'an element of an array',
      { ...task, labels: ['ok', ''] },
      { field: 'labels[1]', got: 'text of 0 characters', expected: 'at least 1 characters' },
    ],
    [
      'a nested field',
      { ...task, timeouts: { lease_ms: 1 } },
      { field: 'timeouts.lease_ms', got: 'number 1', expected: 'at least 100' },
    ],
    [
      'a malformed id',
      { ...task, id: 'a//b' },
      {
        field: 'id',
        got: 'text of 4 characters',
        expected: 'segments of letters, digits and ._#@:+- separated by single slashes, such as org/repo#42',
      },
    ],
    ['no body at all', null, { field: '', got: 'null', expected: 'object' }],
    [
      'a NUL byte',
      { ...task, body: 'a\0b' },
      { field: 'body', got: 'text of 3 characters', expected: 'text without NUL and unpaired surrogates' },
    ],
    [
      'half a surrogate pair',
      { ...task, title: '\ud800' },
      { field: 'title', got: 'text of 1 characters', expected: 'text without NUL and unpaired surrogates' },
    ],
  ])('%s', (_, data, expected) => {
    const problem = refusal(createTaskSchema, data);
    expect(problem).toMatchObject({ statusCode: 400, code: 'invalid_request' });
    expect(problem.extras.errors).toContainEqual(expected);
  });

  it('never shows a text that came', () => {
    const problem = refusal(createTaskSchema, {
      ...task,
      review: 'hunter2',
      template: 7,
      x: { y: 'hunter2' },
    });
    expect(JSON.stringify(problemBody(problem))).not.toContain('hunter2');
    expect(problem.extras.errors).toHaveLength(3);
  });

  it('names at most twenty errors', () => {
    const labels = Array.from({ length: 50 }, () => '');
    expect(refusal(createTaskSchema, { ...task, labels }).extras.errors).toHaveLength(20);
  });

  it('survives nesting that would exhaust the stack', () => {
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
    expect(refusal(createTaskSchema, { ...task, labels: deep }).statusCode).toBe(400);
  });
});

describe('a refused receipt', () => {
  const message = { epoch: 1, completion_id: 'c' };

  it.each([
    ['an unknown status', { ...receipt, status: 'done' }, 'receipt.status'],
    ['a missing receipt', undefined, 'receipt'],
    ['a wrong commit', { ...receipt, artifacts: { commit: 'HEAD' } }, 'receipt.artifacts.commit'],
    ['the output of somebody else', { ...receipt, output_ref: 'output:org-repo-1-e1' }, 'receipt.output_ref'],
    ['a javascript link', { ...receipt, artifacts: { pr_url: 'javascript:1' } }, 'receipt.artifacts.pr_url'],
  ])('%s is 422', (_, given, field) => {
    const problem = refusal(completeSchema, { ...message, receipt: given });
    expect(problem).toMatchObject({ statusCode: 422, code: 'invalid_receipt' });
    expect(problem.extras.errors?.[0]?.field).toBe(field);
  });

  it('is 400 when the message around it is wrong as well', () => {
    expect(refusal(completeSchema, { epoch: 0, receipt: {}, completion_id: 'c' }).statusCode).toBe(400);
  });
});

describe('dequeue', () => {
  it.each([[50_001], [-1], [0.5], ['10']])('refuses to wait %p', (wait_ms) => {
    expect(refusal(dequeueSchema, { agent_id: 'a', wait_ms }).extras.errors?.[0]?.field).toBe('wait_ms');
  });
});

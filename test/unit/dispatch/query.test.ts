import { describe, expect, it } from '@jest/globals';
import { and, equals, idStartsWith, isSet, laterThan, oneOf, quote, typeIs } from '../../../dispatch/query';
import { CLAIMABLE_SINCE, HOLDER, TASK_LABELS, TASK_PRIORITY } from '../../../workflows/search-attributes';

describe('quote', () => {
  it.each(["it's", '"', '`', 'a\\', 'line\nbreak', '\u0000'])('refuses %j', (value) => {
    expect(() => quote(value)).toThrow(TypeError);
  });

  it.each(['agent:code', 'org/repo#42', 'ünï 100%', ''])('takes %j as it is', (value) => {
    expect(quote(value)).toBe(`'${value}'`);
  });
});

describe('queries', () => {
  it.each([
    [typeIs('task'), "WorkflowType = 'task'"],
    [idStartsWith('host/'), "WorkflowId STARTS_WITH 'host/'"],
    [equals(HOLDER, 'host:x'), "Holder = 'host:x'"],
    [equals(TASK_PRIORITY, 3), 'TaskPriority = 3'],
    [oneOf(TASK_LABELS, ['a', 'b']), "TaskLabels IN ('a', 'b')"],
    [laterThan(CLAIMABLE_SINCE, 0), "ClaimableSince > '1970-01-01T00:00:00.000Z'"],
    [and(typeIs('task'), isSet(CLAIMABLE_SINCE)), "WorkflowType = 'task' AND ClaimableSince IS NOT NULL"],
  ])('%s', (query, text) => {
    expect(query).toBe(text);
  });

  it('refuses values that would end the string, and numbers that are none', () => {
    expect(() => equals(HOLDER, "x' OR Holder = 'y")).toThrow(TypeError);
    expect(() => oneOf(HOLDER, ['x', "'"])).toThrow(TypeError);
    expect(() => equals(TASK_PRIORITY, Number.NaN)).toThrow(TypeError);
  });
});

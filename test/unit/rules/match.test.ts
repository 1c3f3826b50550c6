import { describe, expect, it } from '@jest/globals';
import { isCapable, requiredCapabilities } from '../../../workflows/rules/match';

describe('requiredCapabilities', () => {
  it.each([
    { labels: [], required: [] },
    { labels: ['bug', 'agent:code'], required: ['agent:code'] },
    { labels: ['agent:review', 'agent:code', 'agent:review'], required: ['agent:code', 'agent:review'] },
    { labels: ['my-agent:code', 'Agent:code', 'agent'], required: [] },
  ])('$labels asks for $required', ({ labels, required }) => {
    expect(requiredCapabilities(labels)).toEqual(required);
  });
});

describe('isCapable', () => {
  it.each([
    { capabilities: [], labels: [], capable: true },
    { capabilities: [], labels: ['bug'], capable: true },
    { capabilities: [], labels: ['agent:code'], capable: false },
    { capabilities: ['agent:code'], labels: ['agent:code', 'bug'], capable: true },
    { capabilities: ['agent:code'], labels: ['agent:code', 'agent:review'], capable: false },
    { capabilities: ['agent:review', 'agent:code'], labels: ['agent:code', 'agent:review'], capable: true },
    { capabilities: ['agent:code-x'], labels: ['agent:code'], capable: false },
  ])('$capabilities for $labels: $capable', ({ capabilities, labels, capable }) => {
    expect(isCapable(capabilities, labels)).toBe(capable);
  });
});

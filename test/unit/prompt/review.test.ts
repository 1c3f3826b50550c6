import { describe, expect, it } from '@jest/globals';
import { reviewSchema } from '../../../contracts/api';
import { reviewResultJsonSchema, reviewResultSchema } from '../../../contracts/review';

const RESULT = {
  verdict: 'rejected',
  findings: [{ file: 'a.ts', line: 3, message: 'off by one', severity: 'major' }],
  confidence: 0.8,
};

describe('a review result', () => {
  it('is what the review route takes', () => {
    expect(reviewSchema.parse(reviewResultSchema.parse(RESULT))).toEqual(RESULT);
  });

  it.each([
    ['another verdict', { verdict: 'maybe' }],
    ['a confidence in percent', { confidence: 80 }],
    ['no confidence', { confidence: undefined }],
    ['a finding without a message', { findings: [{ file: 'a.ts' }] }],
    ['another field', { extra: 1 }],
  ])('is refused with %s', (_, change) => {
    expect(reviewResultSchema.safeParse({ ...RESULT, ...change }).success).toBe(false);
  });

  it('has a JSON schema that says the same', () => {
    expect(reviewResultJsonSchema).toMatchObject({
      required: ['verdict', 'findings', 'confidence'],
      additionalProperties: false,
      properties: {
        verdict: { enum: ['approved', 'rejected'] },
        confidence: { minimum: 0, maximum: 1 },
        findings: { items: { required: ['message'], additionalProperties: false } },
      },
    });
  });
});

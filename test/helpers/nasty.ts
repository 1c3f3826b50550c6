/** Values that nobody expects at any place of a message. */
import fc from 'fast-check';

export const nasty: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    '\0',
    '\ud800',
    '__proto__',
    -1,
    0,
    1e308,
    2 ** 53,
    0.5,
    [],
    {},
    true,
    '/',
    '..',
    "'",
    '%',
    'x'.repeat(3_000),
  ),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
);

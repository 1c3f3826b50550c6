/** examples/fleet-json.sh: JSON by awk, which meets prompts with anything in them. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

const FILE = join(__dirname, '..', '..', 'examples', 'fleet-json.sh');
const bash = (script: string, argument: string, input = '') =>
  spawnSync('bash', ['-c', `source "$1"; ${script} "$2"`, 'bash', FILE, argument], {
    input,
    encoding: 'utf8',
  });
const read = (text: string, path: string) => {
  const { status, stdout } = bash('fleet_json', path, text);
  return status === 0 ? stdout : null;
};
const ascii = (json: string) =>
  json.replace(/[^ -~\s]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** What prompts have that JSON escapes, and what looks like JSON itself. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', '\\', '\n', '\\n', '\\u0041', '"id":"no"', '{', ']', ','),
      fc.string({ unit: 'grapheme' }),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));

describe('fleet_json', () => {
  const document = {
    list: [{ x: 1 }, 'leaseEpoch', ['id', '"']],
    '"k\\': 'id',
    empty: '',
    nothing: null,
    yes: true,
    id: 'org/repo#42',
    leaseEpoch: 3,
    checkpoint: { wipBranch: 'w"i\\p', deep: { id: 'inner' } },
    object: {},
    last: -1.5,
  };

  it.each([
    ['id', 'org/repo#42'],
    ['leaseEpoch', '3'],
    ['yes', 'true'],
    ['empty', ''],
    ['last', '-1.5'],
    ['checkpoint.wipBranch', 'w"i\\p'],
    ['checkpoint.deep.id', 'inner'],
    ['list.0.x', '1'],
    ['list.2.1', '"'],
    ['nothing', null],
    ['object', null],
    ['none', null],
    ['wipBranch', null],
  ])('%s is %j', (path, value) => {
    for (const indent of [0, 2]) expect(read(JSON.stringify(document, null, indent), path)).toBe(value);
  });

  it.each(['', '[]', '<html>"bodyMd":"x"</html>', '{"bodyMd":"cut o', '{"bodyMd":"cut off"', '"bodyMd"'])(
    'has nothing in %j',
    (text) => expect(read(text, 'bodyMd')).toBeNull(),
  );

  it('gives back any text, however it is escaped', () => {
    fc.assert(
      fc.property(anyText, anyText, (body, key) => {
        const json = JSON.stringify({ [`${key}.`]: 1, id: 'x', bodyMd: body, after: 'y' });
        for (const text of [json, ascii(json)]) expect(read(text, 'bodyMd')).toBe(body);
      }),
      { numRuns: 60 },
    );
  });

  it('takes the place of half a character by the sign for that', () => {
    expect(read('{"a":"x\\ud83dy\\ude00z\\u0000"}', 'a')).toBe('x\ufffdy\ufffdz\ufffd');
  });

  it('reads large bodies in linear time', () => {
    const body = 'x"\n\\ é'.repeat(100_000);
    expect(read(JSON.stringify({ bodyMd: body }), 'bodyMd')).toBe(body);
  });
});

describe('fleet_json_string', () => {
  it('writes what JSON.parse reads', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(JSON.parse(bash('fleet_json_string', text).stdout)).toBe(text);
      }),
      { numRuns: 60 },
    );
  });
});

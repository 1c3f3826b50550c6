import { expect, it } from '@jest/globals';
import { parseConfig } from '../../../workers/config/load-config';
import { selectHosts } from '../../../workers/config/select-hosts';

const config = parseConfig(
  'hosts:\n  a: { capabilities: [x] }\n  b: { capabilities: [x] }\n  c: { capabilities: [x] }\n',
  'signalbox.yaml',
);

it('keeps the chosen hosts, or all', () => {
  expect(Object.keys(selectHosts(config, ['c', 'a']).hosts)).toEqual(['a', 'c']);
  expect(selectHosts(config, null)).toBe(config);
});

it('names the hosts there are when asked for another', () => {
  expect(() => selectHosts(config, ['a', 'z'])).toThrow('(a, b, c), got z');
});

/** That a host is seen online or offline within 20 s of the fact is a matter of these times alone. */
import { describe, expect, it } from '@jest/globals';
import { PROBE_TIMEOUT_MS } from '../../activities/ssh/probe';
import { configSchema } from '../../contracts/config';
import { looksEvery, profileOf, type ServedHost } from '../../workers/served-host';

const WITHIN_MS = 20_000;
const SLOWEST = 5_000;

const host = (config: ReturnType<typeof configSchema.parse>) =>
  ({ id: 'box', slots: 1, config: config.hosts.box }) as ServedHost;

describe('a host is seen as it is within 20 s', () => {
  it.each([
    ['as it is set without a word', {}],
    ['with the rarest looks that the config takes', { probe_ms: SLOWEST }],
    ['with the longest presence', { presence_ms: 86_400_000, probe_ms: SLOWEST }],
  ])('%s', (_, more) => {
    const config = configSchema.parse({
      hosts: { box: { transport: 'local', capabilities: ['agent:code'] } },
      ...more,
    });
    expect(profileOf(host(config), { config }).presence_ms).toBeLessThan(WITHIN_MS);
    // One look that hangs until it is given up, then the next, which reaches it.
    expect(PROBE_TIMEOUT_MS + looksEvery(config)).toBeLessThan(WITHIN_MS);
  });

  it('and cannot be looked at more rarely', () => {
    const { success } = configSchema.safeParse({ probe_ms: SLOWEST + 1 });
    expect(success).toBe(false);
  });
});

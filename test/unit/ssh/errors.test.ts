import { describe, expect, it } from '@jest/globals';
import { isUnreachable, neverBegan, transportFailure } from '../../../activities/ssh/failures';
import { connectError, HostConnectError } from '../../../activities/ssh/remote/errors';
import { ConnectionLostError } from '../../../activities/ssh/transport';

describe('an error on the way to a session', () => {
  it.each([
    [{ code: 'ECONNREFUSED', message: '' }, 'connection_refused', 'sshd runs there'],
    [{ code: 'EHOSTUNREACH', message: '' }, 'connection_refused', 'EHOSTUNREACH'],
    [{ code: 'ECONNRESET', message: '' }, 'connection_refused', 'ECONNRESET'],
    [{ code: 'ENOTFOUND', message: '' }, 'host_not_found', 'DNS'],
    [{ code: 'EAI_AGAIN', message: '' }, 'host_not_found', 'EAI_AGAIN'],
    [{ code: 'ETIMEDOUT', message: '' }, 'connect_timeout', 'firewalls'],
    [{ level: 'client-timeout', message: 'Timed out' }, 'connect_timeout', 'firewalls'],
    [{ code: 2, message: 'Too many authentication failures' }, 'auth_failed', 'MaxAuthTries'],
    [
      { level: 'handshake', message: 'Handshake failed: no matching C->S cipher' },
      'handshake_failed',
      'cipher',
    ],
    [{ message: 'Connection lost before handshake' }, 'connection_refused', 'MaxStartups'],
  ])('%j is %s', (raw, code, hint) => {
    const error = connectError('ada@box:22', raw);
    expect(error.code).toBe(code);
    expect(error.message).toContain('ada@box:22');
    expect(error.message).toContain(hint);
  });
});

describe('the failure of an attempt', () => {
  it.each(['auth_failed', 'host_key_unknown', 'host_key_mismatch', 'handshake_failed'] as const)(
    '%s is final',
    (code) => {
      const failure = transportFailure('box', new HostConnectError(code, 'why'));
      expect(failure).toMatchObject({ type: code, nonRetryable: true, message: 'host box: why' });
    },
  );

  it.each([
    'connection_refused',
    'host_not_found',
    'connect_timeout',
    'session_refused',
    'shell_unusable',
  ] as const)('%s may pass', (code) => {
    expect(transportFailure('box', new HostConnectError(code, 'why'))).toMatchObject({
      type: code,
      nonRetryable: false,
    });
  });

  it('tells what was never begun from what may have run', () => {
    const never = transportFailure('box', new HostConnectError('connection_refused', 'why'));
    const maybe = transportFailure('box', new ConnectionLostError('why'));
    const other = transportFailure('box', new Error('why'));
    expect([never, maybe, other].map(neverBegan)).toEqual([true, false, false]);
    expect([never, maybe, other].map(isUnreachable)).toEqual([true, true, true]);
    expect(maybe.type).toBe('connection_lost');
    expect(isUnreachable(new Error('why'))).toBe(false);
  });
});

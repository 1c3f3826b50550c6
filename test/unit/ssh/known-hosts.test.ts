import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { fingerprint, keyType, knownHostsLine } from '../../../activities/ssh/remote/host-key';
import { knownHostsCheck, pinnedCheck } from '../../../activities/ssh/remote/host-key-check';
import { knownKeys } from '../../../activities/ssh/remote/known-hosts';

/** A key as it goes over the wire: its type, then what makes it different. */
function key(type: string, rest = 'x'): Buffer {
  const parts = [Buffer.from(type), Buffer.from(rest)].flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  });
  return Buffer.concat(parts);
}

const ED = key('ssh-ed25519');
const RSA = key('ssh-rsa');
const text = (...lines: string[]) => `${lines.join('\n')}\n`;
const entry = (names: string, blob = ED) => `${names} ${keyType(blob)} ${blob.toString('base64')} a comment`;
const hashed = (name: string) => {
  const salt = Buffer.from('salt-of-twenty-bytes');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
};

describe('known_hosts', () => {
  it.each([
    ['a name', entry('box'), 'box', 22, true],
    ['a name in another case', entry('Box.Example'), 'BOX.example', 22, true],
    ['another name', entry('boxer'), 'box', 22, false],
    ['one of several names', entry('other,box,10.0.0.1'), '10.0.0.1', 22, true],
    ['a port', entry('[box]:2222'), 'box', 2222, true],
    ['another port', entry('[box]:2222'), 'box', 2223, false],
    ['a name without the port', entry('box'), 'box', 2222, false],
    ['a pattern', entry('*.example'), 'a.example', 22, true],
    ['a pattern of one character', entry('box?'), 'box1', 22, true],
    ['a dot that is no pattern', entry('a.example'), 'axexample', 22, false],
    ['an exception', entry('*.example,!bad.example'), 'bad.example', 22, false],
    ['a hashed name', entry(hashed('box')), 'box', 22, true],
    ['a hashed name with a port', entry(hashed('[box]:2222')), 'box', 2222, true],
    ['another hashed name', entry(hashed('other')), 'box', 22, false],
    ['an IPv6 address', entry('::1'), '::1', 22, true],
    ['a comment', `# ${entry('box')}`, 'box', 22, false],
    ['an authority', `@cert-authority ${entry('*')}`, 'box', 22, false],
    ['a line cut short', 'box ssh-ed25519', 'box', 22, false],
    ['a key that is not what it says', `box ssh-rsa ${ED.toString('base64')}`, 'box', 22, false],
    ['tabs', entry('box').replaceAll(' ', '\t'), 'box', 22, true],
  ])('%s', (_, line, address, port, found) => {
    expect(knownKeys(text('', line), address, port).length).toBe(found ? 1 : 0);
  });

  it('tells where it is, what type, and whether it is revoked', () => {
    const keys = knownKeys(text(entry('box', RSA), `@revoked ${entry('box')}`), 'box', 22);
    expect(keys).toEqual([
      { line: 1, revoked: false, type: 'ssh-rsa', key: RSA },
      { line: 2, revoked: true, type: 'ssh-ed25519', key: ED },
    ]);
  });
});

describe('the check of a key', () => {
  const server = { address: 'box', port: 2222 };
  const check = (...lines: string[]) => knownHostsCheck(server, '/known', text(...lines));

  it('accepts what is there', () => {
    expect(check(entry('[box]:2222')).verify(ED)).toBeNull();
    expect(check(entry('[box]:2222', key('ssh-ed25519', 'old')), entry('[box]:2222')).verify(ED)).toBeNull();
  });

  it('prefers the types that are known, so that a server shows one of those', () => {
    expect(check(entry('[box]:2222', RSA)).algorithms.slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
    expect(check().algorithms[0]).toBe('ssh-ed25519');
  });

  it('gives the line to add for one that is unknown', () => {
    const error = check(entry('other')).verify(ED);
    expect(error?.code).toBe('host_key_unknown');
    expect(error?.message).toContain(fingerprint(ED));
    expect(error?.message.endsWith(`: ${knownHostsLine('box', 2222, ED)}`)).toBe(true);
    expect(check(`${knownHostsLine('box', 2222, ED)}`).verify(ED)).toBeNull();
  });

  it('says what was there before for one that has changed', () => {
    const error = check('', entry('[box]:2222', RSA)).verify(ED);
    expect(error?.code).toBe('host_key_mismatch');
    expect(error?.message).toContain(`line 2: ssh-rsa ${fingerprint(RSA)}`);
    expect(error?.message).toContain(fingerprint(ED));
  });

  it('refuses a revoked one, also where it is trusted too', () => {
    const error = check(entry('[box]:2222'), `@revoked ${entry('*')}`).verify(ED);
    expect(error?.code).toBe('host_key_mismatch');
  });

  it('knows pinned fingerprints and nothing else', () => {
    const pinned = pinnedCheck(server, [fingerprint(RSA), fingerprint(ED)]);
    expect(pinned.verify(ED)).toBeNull();
    expect(pinned.verify(key('ssh-ed25519', 'y'))?.code).toBe('host_key_mismatch');
  });
});

import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { openStateDir } from '../../../workers/config/state-dir';

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('the state directory', () => {
  let path: string;
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'signalbox-state-')), 'deep', 'state');
  });

  it('is made for its owner only, as are its secrets', () => {
    const opened = openStateDir(path, null);
    expect(mode(path)).toBe('700');
    expect(opened.adminTokenFile).toBe(join(path, 'admin-token'));
    expect(mode(join(path, 'admin-token'))).toBe('600');
    expect(mode(join(path, 'signing-key'))).toBe('600');
    expect(opened.adminToken).toMatch(/^sbx_admin_[\w-]{43}$/);
    expect(readFileSync(join(path, 'admin-token'), 'utf8').trim()).toBe(opened.adminToken);
    expect(opened.signingKey).toHaveLength(32);
  });

  it('gives the same secrets when opened again', () => {
    expect(openStateDir(path, null)).toEqual(openStateDir(path, null));
  });

  it('writes no admin token that was given from outside', () => {
    const opened = openStateDir(path, 'a-token-from-outside');
    expect(opened).toMatchObject({ adminToken: 'a-token-from-outside', adminTokenFile: null });
    expect(() => statSync(join(path, 'admin-token'))).toThrow('ENOENT');
  });

  it('leaves the mode of a directory that was there', () => {
    const there = mkdtempSync(join(tmpdir(), 'signalbox-state-'));
    const before = mode(there);
    openStateDir(there, null);
    expect(mode(there)).toBe(before);
  });

  it.each([
    ['signing-key', 'c2hvcnQ', 'expected 32 bytes in base64url, got 5'],
    ['admin-token', '\n', 'is empty'],
  ])('refuses a damaged %s instead of replacing it', (name, content, message) => {
    openStateDir(path, null);
    writeFileSync(join(path, name), content);
    expect(() => openStateDir(path, null)).toThrow(message);
    expect(readFileSync(join(path, name), 'utf8')).toBe(content);
  });
});

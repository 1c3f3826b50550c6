import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readOrCreateSecret } from './secret-file';

export interface StateDir {
  /** Absolute path. */
  path: string;
  /** Where the generated admin token is kept; null when it came from SIGNALBOX_ADMIN_TOKEN. */
  adminTokenFile: string | null;
  adminToken: string;
  /** 32 random bytes: the HMAC key with which tokens are signed. */
  signingKey: Uint8Array;
}

const SIGNING_KEY_BYTES = 32;

export class StateDirError extends Error {
  override readonly name = 'StateDirError';
  readonly code = 'bad_state_dir';
}

/**
 * Opens the state directory, making it (0700) and its secrets (0600) at first start.
 * @throws StateDirError when a secret in it is damaged
 */
export function openStateDir(path: string, adminToken: string | null): StateDir {
  const folder = resolve(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const adminTokenFile = adminToken === null ? join(folder, 'admin-token') : null;
  return {
    path: folder,
    adminTokenFile,
    adminToken: adminToken ?? readAdminToken(join(folder, 'admin-token')),
    signingKey: readSigningKey(join(folder, 'signing-key')),
  };
}

function readAdminToken(path: string): string {
  const token = readOrCreateSecret(path, () => `sbx_admin_${randomBytes(32).toString('base64url')}`);
  if (token === '') throw new StateDirError(`${path} is empty: delete it to have a new admin token made`);
  return token;
}

function readSigningKey(path: string): Uint8Array {
  const text = readOrCreateSecret(path, () => randomBytes(SIGNING_KEY_BYTES).toString('base64url'));
  const key = Buffer.from(text, 'base64url');
  if (key.length !== SIGNING_KEY_BYTES) {
    throw new StateDirError(
      `${path}: expected ${SIGNING_KEY_BYTES} bytes in base64url, got ${key.length}; ` +
        'deleting it makes a new key and voids every token that was given out',
    );
  }
  return Uint8Array.from(key);
}

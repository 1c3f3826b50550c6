import { join } from 'node:path';
import type { Sshd } from './sshd';

/** A host of the config file that is this machine over SSH; programs of its own are in `bin` below `root`. */
export const sshHost = (sshd: Sshd, root: string) => ({
  transport: 'ssh',
  address: '127.0.0.1',
  port: sshd.port,
  user: sshd.user,
  identity_file: sshd.identity,
  host_key_fingerprint: sshd.hostKeys[0]?.fingerprint,
  slots: 2,
  run_root: join(root, 'runs'),
  work_root: join(root, 'work'),
  env: {
    PATH: `${join(root, 'bin')}:/usr/local/bin:/usr/bin:/bin`,
    CODEX_HOME: join(root, 'codex'),
  },
});

import { join } from 'node:path';
import type { Sshd } from '../../examples/demo/sshd';

export const FLEET_LABEL = 'agent:fleet';

/** A host in the config file, with its runs and work below `directory`. */
export const sshHost = (
  { port, user, identity, knownHosts }: Sshd,
  directory: string,
  { slots }: { slots: number },
) => ({
  transport: 'ssh',
  address: '127.0.0.1',
  port,
  user,
  identity_file: identity,
  known_hosts: knownHosts,
  capabilities: [FLEET_LABEL],
  slots,
  work_root: join(directory, 'work'),
  run_root: join(directory, 'runs'),
});

/** Imported before the tests of a host, it has them run over a real sshd. */
import { afterAll, beforeAll } from '@jest/globals';
import { SshTransport } from '../../activities/ssh/remote/ssh-transport';
import { type Sshd, startSshd } from './sshd';
import { reachHostsBy } from './transport-under-test';

let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
  reachHostsBy(() => new SshTransport(sshd.target()));
});
afterAll(() => sshd.stop());

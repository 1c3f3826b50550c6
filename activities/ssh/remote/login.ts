import { readFile } from 'node:fs/promises';
import { type AnyAuthMethod, type AuthenticationType, type ParsedKey, utils } from 'ssh2';
import { HostConnectError } from './errors';
import { fingerprint } from './host-key';
import { type SshHop, whereOf } from './target';

export interface Login {
  /** The next method to try; false when there is none left. `allowed`: what the server still takes, once known. */
  next(allowed: readonly AuthenticationType[] | null): AnyAuthMethod | false;
  /** Something that failed on the way without ending it, such as an agent that does not answer. */
  note(what: string): void;
  /** When all was tried. */
  failure(): HostConnectError;
}

/**
 * Gets ready to log in: identity files, then the agent, then the password.
 * @throws HostConnectError (`auth_failed`) when what the config file names cannot be used
 */
export async function prepareLogin(hop: SshHop): Promise<Login> {
  const { user: username, credentials } = hop;
  const notes: string[] = [];
  const tried: string[] = [];
  const methods: Array<{ named: string; method: AnyAuthMethod }> = [];
  for (const file of credentials.identity_files) {
    const key = await readIdentity(hop, file, notes);
    if (key === null) continue;
    const named = `identity_file ${file} (${fingerprint(key.getPublicSSH())})`;
    methods.push({ named, method: { type: 'publickey', username, key } });
  }
  const { agent } = credentials;
  if (agent !== null) methods.push({ named: `agent ${agent}`, method: { type: 'agent', username, agent } });
  if (credentials.password !== null) {
    const { named } = credentials.password;
    const password = await credentials.password.read();
    if (password === null || password === '') throw refused(hop, `${named} holds no password`);
    methods.push({ named, method: { type: 'password', username, password } });
    // Some servers ask for the same password in this way only.
    methods.push({
      named,
      method: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) =>
          finish(prompts.map(() => (prompts.length === 1 ? password : ''))),
      },
    });
  }
  let accepted: readonly string[] = [];
  return {
    next(allowed) {
      accepted = allowed ?? accepted;
      for (;;) {
        const first = methods.shift();
        if (first === undefined) return false;
        const kind = first.method.type === 'agent' ? 'publickey' : first.method.type;
        if (allowed !== null && !allowed.includes(kind)) continue;
        if (!tried.includes(first.named)) tried.push(first.named);
        return first.method;
      }
    },
    note: (what) => notes.push(what),
    failure: () =>
      refused(
        hop,
        [
          tried.length === 0 ? 'there was nothing to log in with' : `refused ${tried.join(', ')}`,
          ...notes,
          ...(accepted.length === 0 ? [] : [`the server takes ${accepted.join(', ')}`]),
        ].join('; '),
      ),
  };
}

const refused = (hop: SshHop, why: string) =>
  new HostConnectError(
    'auth_failed',
    `${whereOf(hop)}: the login failed: ${why}. Check user, identity_file or agent in the config file, and ` +
      `~/.ssh/authorized_keys of ${hop.user} there`,
  );

/** null: passed over. What the parser says of a key is not repeated: it might quote it. */
async function readIdentity(hop: SshHop, file: string, notes: string[]): Promise<ParsedKey | null> {
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    if (!hop.credentials.identity_named) return null;
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : 'unreadable';
    throw refused(hop, `identity_file ${file} cannot be read (${code})`);
  }
  const parsed = utils.parseKey(text);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  const problem =
    key === undefined || key instanceof Error
      ? /encrypted|passphrase/i.test(String(key))
        ? 'has a passphrase: load it into an agent (ssh-add) and set agent: true'
        : 'is no private key in a format that is understood'
      : key.isPrivateKey()
        ? null
        : 'is a public key';
  if (problem === null && key !== undefined && !(key instanceof Error)) return key;
  if (hop.credentials.identity_named) throw refused(hop, `identity_file ${file} ${problem}`);
  notes.push(`${file} ${problem}`);
  return null;
}

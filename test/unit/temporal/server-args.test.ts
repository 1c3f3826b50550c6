import { describe, expect, it } from '@jest/globals';
import { serverArgs } from '../../../workers/temporal/server-args';

const settings = { dbFile: '/s/t.db', namespace: 'default', port: 1, uiPort: 2, durable: true };
const args = (changes: Partial<typeof settings> | { uiPort: null } = {}) =>
  serverArgs({ ...settings, ...changes }).join(' ');

describe('arguments of the Temporal server', () => {
  it('keep what was acknowledged through a power failure', () => {
    expect(args()).toContain(
      '--db-filename /s/t.db --sqlite-pragma journal_mode=wal --sqlite-pragma synchronous=full',
    );
    expect(args({ durable: false })).toContain('synchronous=off');
  });

  it('bind to this machine only', () => {
    expect(args()).toContain('--ip 127.0.0.1 --port 1 --ui-port 2');
    expect(args({ uiPort: null })).toContain('--headless');
  });

  it('register every search attribute with its type', () => {
    const text = args();
    for (const each of [
      'TaskStatus=Keyword',
      'ExecutionMode=Keyword',
      'Holder=Keyword',
      'Repository=Keyword',
      'Product=Keyword',
      'TaskClaim=Keyword',
      'TaskLabels=KeywordList',
      'TaskPriority=Int',
      'ClaimableSince=Datetime',
    ]) {
      expect(text).toContain(`--search-attribute ${each}`);
    }
  });

  it('name a namespace of its own', () => {
    expect(args()).not.toContain('--namespace');
    expect(args({ namespace: 'fleet' })).toContain('--namespace fleet');
  });
});

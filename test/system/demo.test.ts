/** `npm run demo`, from what is compiled: the first thing that a newcomer sees. It checks its own cases. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it, jest } from '@jest/globals';

jest.setTimeout(600_000);

const DEMO = join(__dirname, '..', '..', 'dist', 'examples', 'demo', 'main.js');

/** Its exit code and all that it said. */
function demo(changes: NodeJS.ProcessEnv = {}): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [DEMO], { env: { ...process.env, ...changes } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
}

it('goes through its four cases and leaves nothing behind', async () => {
  const { code, said } = await demo();
  expect({ code, said }).toMatchObject({
    code: 0,
    said: expect.stringMatching(/\nEverything is stopped\.\n$/),
  });
  const receipts = [...said.matchAll(/^ {2}receipt: (\{.*\})$/gm)].map(([, json]) => JSON.parse(json ?? ''));
  expect(receipts).toMatchObject([
    { status: 'completed', artifacts: { branch: 'task/demo-greeting-1', changed_files: ['greeting.txt'] } },
    { status: 'completed', summary: expect.stringContaining('were looked at') },
    { status: 'completed', summary: 'raced' },
    {
      status: 'completed',
      summary: expect.stringContaining('greets the world over 127.0.0.1'),
      artifacts: { changed_files: ['greeting.txt'] },
    },
  ]);
  expect(said).toContain('decided          http_pull: no configured host is capable');
  expect(said).toContain('Temporal UI while it ran: http://127.0.0.1:');
});

it('says why when something is not as it should be', async () => {
  const { code, said } = await demo({ PATH: join(__dirname, 'nowhere') });
  expect({ code, said }).toMatchObject({ code: 1, said: expect.stringMatching(/The demo failed: .*git/) });
});

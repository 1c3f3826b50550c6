// Downloads the `temporal` command with the downloader inside the Temporal SDK.
// Usage: node download-temporal.mjs <empty folder> <version>; prints the path of the command.
// A process of its own, because a process can set up the SDK's runtime only once.
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Runtime } from '@temporalio/worker';

const [folder, version] = process.argv.slice(2);
if (!folder || !version) throw new Error('usage: node download-temporal.mjs <empty folder> <version>');

const config = {
  type: 'dev-server',
  exe: {
    type: 'cached-download',
    downloadDir: folder,
    version,
    ttl: 0,
    sdkName: 'sdk-typescript',
    sdkVersion: 'signalbox',
  },
  namespace: 'default',
  ip: '127.0.0.1',
  port: null,
  uiPort: null,
  dbFilename: null,
  ui: false,
  log: { format: 'json', level: 'error' },
  extraArgs: [],
};

try {
  // It can only be had started; it is stopped at once.
  const runtime = Runtime.instance();
  await runtime.shutdownEphemeralServer(await runtime.createEphemeralServer(config));
  await runtime.shutdown();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const [file] = readdirSync(folder)
  .map((name) => join(folder, name))
  .sort((a, b) => statSync(b).size - statSync(a).size);
chmodSync(file, 0o755);
console.log(file);

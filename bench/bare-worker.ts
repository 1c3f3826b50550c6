/** Runs the bare workflow in a process of its own, as the product's workers run in theirs. */
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

export const BARE_QUEUE = 'bench-bare';

async function main(address: string) {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue: BARE_QUEUE,
    workflowsPath: require.resolve('./bare-workflow'),
  });
  process.on('SIGTERM', () => worker.shutdown());
  process.send?.('ready');
  await worker.run();
  await connection.close();
  process.exit(0);
}

if (require.main === module) {
  main(process.argv[2] ?? '').catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}

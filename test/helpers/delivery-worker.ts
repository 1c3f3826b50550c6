/** Runs the workflow of deliveries, with a handler of the test in the place of what talks to forges. */
import { NativeConnection, Worker } from '@temporalio/worker';
import pino from 'pino';
import type { Delivery } from '../../contracts/forge';
import type { Role, TemporalAddress } from '../../workers/role';
import { workerRole } from '../../workers/worker-role';
import { CONTROL_QUEUE, FORGE_QUEUE } from '../../workflows/names';
import { workflowBundle } from './control-worker';

export async function startDeliveryWorker(
  { connectionOptions, namespace }: TemporalAddress,
  handleDelivery: (delivery: Delivery) => Promise<string[]>,
): Promise<Role> {
  const connection = await NativeConnection.connect(connectionOptions);
  const shared = { connection, namespace };
  const workflows = await Worker.create({
    ...shared,
    taskQueue: CONTROL_QUEUE,
    workflowBundle: { codePath: await workflowBundle() },
  });
  const forge = await Worker.create({ ...shared, taskQueue: FORGE_QUEUE, activities: { handleDelivery } });
  return workerRole([workflows, forge], connection, pino({ level: 'silent' }));
}

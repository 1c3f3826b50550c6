/** A forge that only remembers what it is told, behind a real worker. */
import { NativeConnection, Worker } from '@temporalio/worker';
import type { TemporalAddress } from '../../workers/role';
import type { ForgeActivities } from '../../workflows/delivery/activity-types';
import { FORGE_QUEUE } from '../../workflows/names';
import type { TellForgeArgs, ToldForge } from '../../workflows/report/types';

export interface RecordingForge {
  told: TellForgeArgs[];
  asked: TellForgeArgs[];
  tries: number;
  /** What each try does before it is remembered; may reject. */
  before: (args: TellForgeArgs) => Promise<void> | void;
  answer: (args: TellForgeArgs) => ToldForge;
  activities: ForgeActivities;
  of(taskId: string): TellForgeArgs[];
}

export function recordingForge(): RecordingForge {
  const forge: RecordingForge = {
    told: [],
    asked: [],
    tries: 0,
    before: () => undefined,
    answer: ({ comment_id }) => ({ comment_id: comment_id ?? 900 + forge.told.length, pull: null }),
    of: (taskId) => forge.told.filter(({ task_id }) => task_id === taskId),
    activities: {
      handleDelivery: async () => [],
      async tellForge(args) {
        forge.tries += 1;
        await forge.before(args);
        forge.told.push(args);
        return forge.answer(args);
      },
      async askForReview(args) {
        forge.asked.push(args);
      },
    },
  };
  return forge;
}

export async function startForgeWorker(
  temporal: TemporalAddress,
  activities: ForgeActivities,
): Promise<{ stop(): Promise<void> }> {
  const connection = await NativeConnection.connect(temporal.connectionOptions);
  const { namespace } = temporal;
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: FORGE_QUEUE,
    activities,
    shutdownGraceTime: 100,
    shutdownForceTime: 2_000,
  });
  const running = worker.run();
  return {
    async stop() {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

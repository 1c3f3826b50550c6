/** What a Temporal server was asked, by its own metrics: by whomever, so nothing escapes the count. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../examples/demo/system';
import { readEnvironment } from '../../workers/config/environment';
import { resolveTemporalCli } from '../../workers/temporal/resolve-cli';

const VISIBILITY = ['ListWorkflowExecutions', 'CountWorkflowExecutions', 'ScanWorkflowExecutions'];
const WORKFLOW_TASKS = ['RespondWorkflowTaskCompleted'];
const SAMPLE = /^service_requests\{([^}]*)\} (\S+)$/gm;

export interface Calls {
  /** Lists and counts. */
  visibility: number;
  /** Steps of workflows that workers have done. */
  workflowTasks: number;
}

/** Since the server began, from its metrics as Prometheus reads them; those of the frontend about our namespace. */
export function callsOf(metrics: string): Calls {
  const calls: Calls = { visibility: 0, workflowTasks: 0 };
  for (const [, labels = '', value] of metrics.matchAll(SAMPLE)) {
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    if (label('service_name') !== 'frontend' || label('namespace') === 'temporal_system') continue;
    if (VISIBILITY.includes(label('operation'))) calls.visibility += Number(value);
    if (WORKFLOW_TASKS.includes(label('operation'))) calls.workflowTasks += Number(value);
  }
  return calls;
}

export interface CountedServer {
  /** A `temporal` command that starts its server with metrics. */
  command: string;
  /** Since the server began; some seconds behind. */
  calls(): Promise<Calls>;
}

/** The `temporal` command that the product would use, with metrics. */
export async function countedServer(directory: string, say: (line: string) => void): Promise<CountedServer> {
  const real = await resolveTemporalCli(readEnvironment(), say);
  const port = await freePort();
  const command = join(directory, 'temporal');
  writeFileSync(
    command,
    `#!/bin/sh
case "$1 $2" in
  'server start-dev') exec '${real}' "$@" --metrics-port ${port} ;;
  *) exec '${real}' "$@" ;;
esac
`,
  );
  chmodSync(command, 0o755);
  return {
    command,
    async calls() {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      return callsOf(await response.text());
    },
  };
}

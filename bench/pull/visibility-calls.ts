/** How often visibility was asked, by the metrics of the Temporal server: by whomever, so nothing escapes the count. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../examples/demo/system';
import { readEnvironment } from '../../workers/config/environment';
import { resolveTemporalCli } from '../../workers/temporal/resolve-cli';

const COUNTED = new Set(['ListWorkflowExecutions', 'CountWorkflowExecutions', 'ScanWorkflowExecutions']);
const SAMPLE = /^service_requests\{([^}]*)\} (\S+)$/gm;

/** Lists and counts since the server began, from its metrics as Prometheus reads them; those of the frontend alone. */
export function visibilityCallsOf(metrics: string): number {
  let calls = 0;
  for (const [, labels = '', value] of metrics.matchAll(SAMPLE)) {
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1];
    if (label('service_name') === 'frontend' && COUNTED.has(label('operation') ?? '')) calls += Number(value);
  }
  return calls;
}

export interface CountedServer {
  /** A `temporal` command that starts its server with metrics. */
  command: string;
  /** Lists and counts since the server began; some seconds behind. */
  calls(): Promise<number>;
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
      return visibilityCallsOf(await response.text());
    },
  };
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { selectHosts } from '../workers/config/select-hosts';
import { packageRoot } from '../workers/paths';
import type { AgentCommand } from './agent';
import { banner } from './banner';
import type { ConformanceOptions } from './conformance/command';
import { runRole } from './run-role';

const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
  version: string;
};

// Roles are loaded when they are started: each pulls in much that the others do not need.
const program = new Command('signalbox')
  .description('Orchestrates a fleet of coding agents on Temporal')
  .version(version)
  .showHelpAfterError();

program
  .command('start')
  .description(
    'every role in one process, with a Temporal server of its own unless TEMPORAL_ADDRESS names one',
  )
  .action(async () => {
    const { startAllInOne } = await import('../workers/all-in-one.js');
    await runRole(
      ({ setting, say, signal }) => startAllInOne(setting, say, signal),
      ({ url, temporal }, { setting }) => banner('all roles', { apiUrl: url, temporal, ...setting }),
    );
  });

program
  .command('api')
  .description('the REST API only')
  .action(async () => {
    const { startApiRole } = await import('../workers/api.js');
    const { startSingleRole } = await import('../workers/single-role.js');
    await runRole(
      ({ setting, say, signal }) => startSingleRole(startApiRole, setting, say, signal),
      ({ role, temporal }, { setting }) => banner('API', { apiUrl: role.url, temporal, ...setting }),
    );
  });

program
  .command('worker')
  .description('the control worker only: it runs the workflows')
  .action(async () => {
    const { startControlWorker } = await import('../workers/control.js');
    const { startSingleRole } = await import('../workers/single-role.js');
    await runRole(
      ({ setting, say, signal }) => startSingleRole(startControlWorker, setting, say, signal),
      ({ temporal }, { setting }) => banner('control worker', { apiUrl: null, temporal, ...setting }),
    );
  });

program
  .command('host')
  .description('the host workers only: they run agents on the hosts of the config file')
  .option('--host <id...>', 'only these hosts')
  .action(async ({ host }: { host?: string[] }) => {
    const { startHostWorkers } = await import('../workers/host.js');
    const { startSingleRole } = await import('../workers/single-role.js');
    await runRole(
      ({ setting, say, signal }) => {
        const config = selectHosts(setting.config, host ?? null);
        return startSingleRole(startHostWorkers, { ...setting, config }, say, signal);
      },
      ({ temporal }, { setting }) => banner('host workers', { apiUrl: null, temporal, ...setting }),
    );
  });

program
  .command('temporal')
  .description('the embedded Temporal server only')
  .action(async () => {
    const { startEmbedded } = await import('../workers/temporal/engine.js');
    await runRole(
      ({ setting, say, signal }) => startEmbedded({ ...setting, say, signal }),
      ({ temporal }, { setting }) => banner('Temporal server', { apiUrl: null, temporal, ...setting }),
    );
  });

program
  .command('agent')
  .description('an agent that pulls tasks over HTTP and runs them on this machine')
  .option('--url <url>', 'where Signalbox answers; default SIGNALBOX_URL, else http://127.0.0.1:3001')
  .option('--token-file <file>', 'holds the token of this agent; default: the variable SIGNALBOX_TOKEN')
  .option('--id <id>', 'name of this agent; default: the name of the machine')
  .option('--capability <label...>', 'such as agent:code; what is found on this machine is added', [])
  .option('--no-detect', 'add nothing to the capabilities')
  .option('--slots <n>', 'tasks at one time', '1')
  .option('--state-dir <dir>', 'unfinished attempts, work directories, quarantine', '.signalbox/agent')
  .option('--template <name>', 'for tasks that name none; default from the config file')
  .option('--config <file>', 'for templates and prompts; default SIGNALBOX_CONFIG, else signalbox.yaml')
  .option('--lease <seconds>', 'length of the leases; default from the task')
  .option('--checkpoint-every <seconds>', 'between two pushes of unfinished work; default 300')
  .option('--abandon-after <seconds>', 'a run ends itself when its agent is gone for so long; default 600')
  .option('--kill-grace <seconds>', 'between TERM and KILL; default 10')
  .option('--status', 'print what it has in hand and in quarantine, and end')
  .action(async (options: AgentCommand) => {
    const { runAgent } = await import('./agent.js');
    process.exitCode = await runAgent(options, version);
    // A long poll that was cut may keep its socket for a while.
    process.exit();
  });

program
  .command('prompt')
  .description('prints the prompt that an agent CLI would get for a task')
  .requiredOption('--task <file>', 'the task as JSON, as for POST /api/v1/tasks; - reads standard input')
  .option('--work-dir <dir>', 'look for the validation commands of the project here')
  .action(async (options: { task: string; workDir?: string }) => {
    const { printPrompt } = await import('./prompt.js');
    process.exitCode = await printPrompt(options);
  });

program
  .command('parse-output')
  .description(
    'prints as JSON what the recorded output of an agent CLI is read as: a receipt, or why it failed',
  )
  .argument('<file>', 'standard output of a run; - reads standard input')
  .requiredOption('--cli <name>', 'whose output it is: codex, claude, gemini, opencode, receipt or text')
  .option('--exit-code <n>', 'exit code of the run', '0')
  .option('--stderr <file>', 'standard error of the run; its end is used')
  .addHelpText('after', '\nExits with 0 whenever the output could be read, also where the run failed.')
  .action(async (file: string, options: { cli: string; exitCode: string; stderr?: string }) => {
    const { printParsedOutput } = await import('./parse-output.js');
    process.exitCode = await printParsedOutput(file, options);
  });

program
  .command('conformance')
  .description('tests whether a deployment keeps the promises of the pull protocol, and prints a table')
  .requiredOption('--url <url>', 'where the deployment is, such as http://127.0.0.1:3001')
  .option('--token-file <file>', 'file with the token of an admin; default: SIGNALBOX_TOKEN')
  .option('--token <token>', 'the token itself; others on this machine may see it')
  .option(
    '--agents <file>',
    'agents to work with, <agent id> <token> a line: then a token of a coordinator will do',
  )
  .option('--dialect <name>', 'v1, fleet or both', 'both')
  .option('--only <name...>', 'only these invariants, or those whose names begin so')
  .option('--json', 'print JSON')
  .addHelpText('after', '\nExits with 0 when nothing failed. Makes its own tasks and agents, and cleans up.')
  .action(async (options: ConformanceOptions) => {
    const { readEnvironment } = await import('../workers/config/environment.js');
    const { printConformance } = await import('./conformance/command.js');
    process.exitCode = await printConformance(options, readEnvironment().variable('SIGNALBOX_TOKEN'));
  });

program.parseAsync().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

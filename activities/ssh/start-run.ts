import type { RunRequest, StartedRun } from '../../contracts/run';
import type { Change, Text } from '../../contracts/task';
import { ArgumentError, type Command, renderCommand, type TemplateValues } from '../agent-cli/render-command';
import { MissingValueError, NO_VALUES, runEnvironment } from '../agent-cli/run-environment';
import { sessionPlace, sessionToResume } from '../agent-cli/session';
import { allTemplates, findTemplate, type ResolvedTemplate } from '../agent-cli/templates';
import { buildPrompt } from '../prompt/build-prompt';
import { configuredCommands } from '../prompt/configured-commands';
import { redact } from '../workspace/redact';
import { isLocalRepository, mirrorName, workName } from '../workspace/work-name';
import { hostFailure, isHostFailureType } from './failures';
import { parseFields } from './fields';
import type { Host } from './host';
import { launcher } from './scripts/launcher-sh';
import { startScript } from './scripts/start-sh';
import { assignments, quote } from './sh';

/** Generous: on a loaded machine two shells take a while to come up. */
const START_MS = 20_000;

/**
 * Starts the agent of an attempt, once, whatever number of times it is called: a later call adopts what the
 * first began. Throws the failures of `failures.ts`.
 */
export async function startRun(host: Host, request: RunRequest): Promise<StartedRun> {
  const templateName = request.template ?? host.deps.default_template;
  const template = templateOf(host, templateName);
  const { name, run, run_root, work_root } = await host.runDirectory(request.attempt_id);
  const body = await textOf(host, request.body);
  const change: Change = request.change ? JSON.parse(await textOf(host, request.change)) : {};
  const slug = workName(request.task_id);
  const work_dir = `${work_root}/${slug}`;
  const prompt = template.prompt === 'script' ? body : promptOf(host, template, request, { body, ...change });
  const { argv, stdin } = render(template, {
    prompt,
    prompt_file: `${run}/prompt`,
    work_dir,
    task_id: request.task_id,
    branch: request.branch_name,
    model: template.model,
    session_id: sessionToResume(request.checkpoint, sessionPlace(host.deps.hostId, templateName)),
  });
  const grace_cs = centiseconds(request.kill_grace_ms);
  const sections: Array<[string, string]> = [
    [
      'launcher.sh',
      launcher({
        attempt: request.attempt_id,
        run,
        work_dir,
        stdin: stdin === 'prompt' ? `${run}/prompt` : '/dev/null',
        lost_cs: centiseconds(request.host_lost_after_ms),
        grace_cs,
      }),
    ],
    ['env', environment(host, template, request, { run, work_dir })],
    ['task', `${request.epoch} ${encodeURIComponent(request.task_id)}\n`],
    ['command', commandFile(`${run}/env`, argv)],
    ['prompt', prompt],
    ['findings.json', JSON.stringify(request.findings)],
  ];
  const repository = request.repository ?? '';
  const script = startScript(
    {
      attempt: request.attempt_id,
      name,
      run_root,
      run,
      work_root,
      work_dir,
      slug,
      slots: host.deps.host.slots,
      repository,
      branch: request.branch_name,
      checkpoint_commit: request.checkpoint?.commit ?? '',
      checkpoint_branch: request.checkpoint?.branch ?? '',
      mirror:
        repository === '' || isLocalRepository(repository)
          ? ''
          : `${work_root}/.mirrors/${mirrorName(repository)}`,
      grace_cs,
      await_cs: centiseconds(host.deps.start_ms ?? START_MS),
    },
    sections.map(([section, text]) => [section, Buffer.byteLength(text)]),
  );
  // Without an abort signal: a start that was begun goes to its end.
  const result = await host.run(script, { stdin: sections.map(([, text]) => text).join(''), long: true });
  return read(host, request, run, result);
}

function read(
  host: Host,
  request: RunRequest,
  run: string,
  result: { stdout: Buffer; stderr: Buffer },
): StartedRun {
  const { fields } = parseFields(result.stdout);
  const error = fields.get('error');
  if (error !== undefined) {
    const type = isHostFailureType(error) ? error : 'work_dir_failed';
    throw hostFailure(
      type,
      `host ${host.deps.hostId}: ${redact(result.stderr.toString()) || EXPLANATIONS[error] || error}`,
    );
  }
  const adopted = fields.has('adopted');
  const pid = Number(fields.get('pid'));
  if (!Number.isInteger(pid))
    throw hostFailure('host_unreachable', `host ${host.deps.hostId}: the start gave no answer`);
  host.deps.logger.info({ attempt_id: request.attempt_id, pid, adopted }, 'run started');
  return {
    attempt_id: request.attempt_id,
    run_dir: run,
    work_dir: fields.get('work_dir') ?? '',
    process: { pid, start_time: fields.get('start') ?? '', boot_id: fields.get('boot') ?? '' },
    adopted,
  };
}

const EXPLANATIONS: Record<string, string> = {
  slots_full: 'every slot is taken',
  work_dir_busy: 'another run is alive in the work directory of the task',
  killed: 'the run was killed before it started',
  run_lost: 'an earlier start left no process; the run will never start now',
  input_incomplete: 'the input of the launcher was cut short',
};

function templateOf(host: Host, wanted: string): ResolvedTemplate {
  const template = findTemplate(wanted, host.deps.templates);
  if (template !== null) return template;
  const known = [...allTemplates(host.deps.templates).keys()].join(', ');
  throw hostFailure(
    'template_unknown',
    `template ${JSON.stringify(wanted)}: host ${host.deps.hostId} has ${known}`,
  );
}

async function textOf(host: Host, text: Text): Promise<string> {
  if ('inline' in text) return text.inline;
  const bytes = await host.deps.blobs.read(text.ref);
  if (bytes === null) throw hostFailure('body_missing', `blob ${text.ref} is not in the store`);
  return Buffer.from(bytes).toString();
}

function promptOf(
  { deps: { prompts } }: Host,
  { cli }: ResolvedTemplate,
  request: RunRequest,
  text: { body: string } & Change,
): string {
  const { title, labels, branch_name, repository, findings, handed_in, checkpoint } = request;
  return buildPrompt({
    title,
    ...text,
    labels,
    branch_name,
    repository,
    findings,
    handed_in,
    checkpoint,
    diff_max_bytes: prompts.diff_max_bytes,
    validation_commands: configuredCommands(prompts.validation_commands, repository),
    output_format: cli === 'receipt' ? 'receipt' : undefined,
  });
}

function render(template: ResolvedTemplate, values: TemplateValues): Command {
  try {
    return renderCommand(template, values);
  } catch (error) {
    if (error instanceof ArgumentError) throw hostFailure(error.reason, error.message);
    throw error;
  }
}

/**
 * The environment is the last thing before exec, so that none of its names means anything to the launcher, and its
 * file is gone once it was read.
 */
const commandFile = (env: string, argv: string[]) =>
  `. ${quote(env)}\ncommand -p rm -f ${quote(env)}\nexec ${argv.map(quote).join(' ')}\n`;

/** The only place where a secret of a run goes: a file that its user alone can read. */
function environment(
  host: Host,
  template: ResolvedTemplate,
  request: RunRequest,
  { run, work_dir }: { run: string; work_dir: string },
): string {
  const values = {
    ...configured(host, template),
    SIGNALBOX_TASK_ID: request.task_id,
    SIGNALBOX_EPOCH: request.epoch,
    SIGNALBOX_BRANCH: request.branch_name,
    SIGNALBOX_WORK_DIR: work_dir,
    SIGNALBOX_FINDINGS: `${run}/findings.json`,
  };
  return `${assignments(values)}export ${Object.keys(values).join(' ')}\n`;
}

function configured({ deps }: Host, template: ResolvedTemplate): Record<string, string> {
  try {
    return runEnvironment([deps.host.env, template.env], deps.values ?? NO_VALUES);
  } catch (error) {
    if (!(error instanceof MissingValueError)) throw error;
    throw hostFailure('env_missing', `host ${deps.hostId}: ${error.message}`);
  }
}

const centiseconds = (ms: number) => Math.max(0, Math.ceil(ms / 10));

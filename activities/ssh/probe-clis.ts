import type { TemplateHealth } from '../../contracts/holder';
import { MissingValueError, NO_VALUES, runEnvironment } from '../agent-cli/run-environment';
import { allTemplates, type ResolvedTemplate } from '../agent-cli/templates';
import { parseFields } from './fields';
import type { Host } from './host';
import { EVALUATE, type ProgramLook, probeCliScript } from './scripts/probe-cli-sh';

/** Between two times that a program itself is asked whether it is logged in: it takes a process. In milliseconds. */
const ASK_EVERY_MS = 60_000;
/** Looking costs next to nothing, asking a second or two for each program, ten at most. */
const LOOK_TIMEOUT_MS = 10_000;
const ASK_TIMEOUT_MS = 300_000;

/** What is remembered of a program. */
interface Known {
  version: string | null;
  /** The program for which the version was asked. */
  stamp: string | null;
  /** What asking for the version came to, when it failed. */
  broken: string | null;
  login: 'seen' | 'yes' | 'no' | 'unknown' | null;
}

const NOTHING: Known = { version: null, stamp: null, broken: null, login: null };

/** What a command that took too long is said to have ended with. */
const TIMED_OUT = '124';

type Field = (key: string) => string | undefined;

/** Looks for the programs of the templates on one host, and remembers what need not be asked again. */
export class CliProbe {
  private readonly templates: Map<string, ResolvedTemplate>;
  private readonly known = new Map<string, Known>();
  private looked = false;
  private askedAt = Number.NEGATIVE_INFINITY;

  /** @throws TemplateError */
  constructor(private readonly host: Host) {
    this.templates = allTemplates(host.deps.templates);
  }

  /**
   * Which templates can run on the host now. The first look runs no command of any program, so that its answer is
   * there soon; what it could not tell counts as not available until the next.
   */
  async look(signal?: AbortSignal): Promise<Record<string, TemplateHealth>> {
    const first = !this.looked;
    const ask = !first && Date.now() - this.askedAt >= ASK_EVERY_MS;
    const health: Record<string, TemplateHealth> = {};
    const looks: Array<{ name: string; look: ProgramLook }> = [];
    for (const [name, template] of this.templates) {
      try {
        looks.push({ name, look: this.lookFor(name, template, !first && (ask || this.isNew(name))) });
      } catch (error) {
        if (!(error instanceof MissingValueError)) throw error;
        health[name] = { available: false, version: null, reason: error.message };
      }
    }
    const result = await this.host.run(EVALUATE, {
      stdin: probeCliScript(looks.map(({ look }) => look)),
      timeout_ms: first ? LOOK_TIMEOUT_MS : ASK_TIMEOUT_MS,
      signal,
    });
    const { fields } = parseFields(result.stdout);
    looks.forEach(({ name, look }, index) => {
      health[name] = this.judge(name, look, (key) => fields.get(`${key}.${index}`));
    });
    this.looked = true;
    if (ask) this.askedAt = Date.now();
    return health;
  }

  private isNew(name: string): boolean {
    const known = this.known.get(name);
    return known === undefined || known.login === null;
  }

  private lookFor(name: string, template: ResolvedTemplate, commands: boolean): ProgramLook {
    const { deps } = this.host;
    return {
      env: runEnvironment([deps.host.env, template.env], deps.values ?? NO_VALUES),
      program: template.program,
      version: template.version,
      login: template.login,
      stamp: this.known.get(name)?.stamp ?? null,
      commands,
    };
  }

  private judge(name: string, { program, version, login }: ProgramLook, field: Field): TemplateHealth {
    if (!field('found')) {
      this.known.delete(name);
      const place = program.startsWith('/') ? 'there' : 'on the PATH of the host';
      return { available: false, version: null, reason: `${program} is not ${place}` };
    }
    const known = learn(this.known.get(name) ?? NOTHING, version, field);
    this.known.set(name, known);
    const reason = known.broken ?? (login === null ? null : whyLoggedOut(program, known.login));
    return { available: reason === null, version: known.version, reason };
  }
}

function learn(before: Known, command: readonly string[] | null, field: Field): Known {
  const known = { ...before, login: loginOf(field('login'), before.login) };
  const status = field('status');
  const said = field('version') || null;
  if (status === '0') return { ...known, version: said, stamp: field('stamp') || null, broken: null };
  if (status !== undefined && status !== TIMED_OUT) {
    const broken = `${(command ?? []).join(' ')} ended with exit code ${status}: ${said ?? 'no output'}`;
    // Asked again next time, as something may be put right.
    return { ...known, version: null, stamp: null, broken };
  }
  return known.stamp === field('stamp') ? known : { ...known, version: null };
}

/** A program is asked only now and then, and its last word holds; what was seen must be seen each time. */
function loginOf(said: string | undefined, before: Known['login']): Known['login'] {
  if (said === 'seen' || said === 'yes' || said === 'no' || said === 'unknown') return said;
  return before === 'seen' ? null : before;
}

function whyLoggedOut(program: string, login: Known['login']): string | null {
  if (login === null) return 'not looked at yet';
  return login === 'no' ? `${program} is not logged in` : null;
}

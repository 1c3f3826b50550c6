import { isMap, isNode, isPair, isScalar, type LineCounter, type Node, type ParsedNode } from 'yaml';
import type { z } from 'zod';

/** One thing that is wrong, and where; lines and columns count from 1. */
export interface ConfigProblem {
  line: number;
  column: number;
  /** Dotted, such as hosts.local.slots; empty for the whole file. */
  path: string;
  message: string;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'bad_config';
  constructor(
    readonly file: string,
    readonly problems: ConfigProblem[],
  ) {
    super(
      problems.map((problem) => `${file}:${problem.line}:${problem.column}: ${describe(problem)}`).join('\n'),
    );
  }
}

const describe = ({ path, message }: ConfigProblem) => (path === '' ? message : `${path}: ${message}`);

type Issue = z.core.$ZodIssue;

/** Places what zod found in the text that it was found in. */
export function locateIssues(
  issues: readonly Issue[],
  root: Node | null,
  lines: LineCounter,
): ConfigProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const at = locate(root, [...issue.path, key], 'key');
        return place(
          at.node,
          [...issue.path, key],
          'unknown key; nothing of this name is expected here',
          lines,
        );
      });
    }
    const wantsKey = issue.code === 'invalid_key';
    const at = locate(root, issue.path, wantsKey ? 'key' : 'value');
    const expectation = wantsKey ? issue.issues.map(expected).join('; ') : expected(issue);
    const got = at.missing ? 'nothing is set' : `got ${kindOf(at.node, issue.path)}`;
    return [place(at.node, issue.path, `${expectation}; ${got}`, lines)];
  });
}

function place(
  node: Node | null,
  path: readonly PropertyKey[],
  message: string,
  lines: LineCounter,
): ConfigProblem {
  const offset = node?.range?.[0] ?? 0;
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1), path: path.map(String).join('.'), message };
}

/** The node at a path, or the nearest one around it when it is missing. */
function locate(root: Node | null, path: readonly PropertyKey[], want: 'key' | 'value') {
  let node: Node | null = root;
  for (const [depth, step] of path.entries()) {
    const last = depth === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
      );
      if (pair === undefined) return { node, missing: true };
      const found: unknown = last && want === 'key' ? pair.key : (pair.value ?? pair.key);
      node = isNode(found) ? found : node;
    } else {
      const items: unknown = node !== null && 'items' in node ? node.items : [];
      const found: unknown = Array.isArray(items) ? items[Number(step)] : undefined;
      if (!isNode(found)) return { node, missing: true };
      node = found as ParsedNode;
    }
  }
  return { node, missing: false };
}

/** zod's own words, made to begin with what is expected. */
function expected(issue: Issue): string {
  const told = issue.message
    .replace(/^Invalid (input|option|key|string): /, '')
    .replace(/, received .*$/, '');
  return told.startsWith('expected') ? told : `expected ${told.charAt(0).toLowerCase()}${told.slice(1)}`;
}

/** Beside values that are named like a secret, all of an environment. */
const SECRET = /token|secret|password|key|^env$/i;
const SHOWN_MAX = 60;

/** The value where it helps and cannot be a secret, else only its kind. */
function kindOf(node: Node | null, path: readonly PropertyKey[]): string {
  if (!isScalar(node)) return isMap(node) ? 'a map' : node === null ? 'an empty file' : 'a list';
  const value: unknown = node.value;
  if (value === null) return 'nothing';
  const kind = typeof value;
  const shown = JSON.stringify(value) ?? String(value);
  const hidden = path.some((step) => SECRET.test(String(step))) || shown.length > SHOWN_MAX;
  return hidden ? `a ${kind}` : `${shown} (${kind})`;
}

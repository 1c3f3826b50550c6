import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { allTemplates } from '../../../activities/agent-cli/templates';
import { detectCapabilities, thisMachine } from '../../../agent/capabilities';
import { registerAgentSchema } from '../../../contracts/holder';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-path-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, mode = 0o755) {
  writeFileSync(join(folder, name), '');
  chmodSync(join(folder, name), mode);
}

describe('capabilities of a machine', () => {
  it('are its system, and the programs and tools that can be run', () => {
    program('codex');
    program('git');
    program('claude', 0o644);
    mkdirSync(join(folder, 'gemini'));
    const found = detectCapabilities(allTemplates({}).values(), thisMachine([folder], 'linux'));
    expect(found).toEqual(['os:linux', 'cli:codex', 'tool:git']);
  });

  it('name the program of a template of its own, also by its path', () => {
    program('my agent');
    program('mine');
    const templates = { a: { argv: [join(folder, 'mine')] }, b: { argv: [join(folder, 'my agent')] } };
    const resolved = allTemplates(templates).values();
    const found = detectCapabilities(resolved, thisMachine([], 'linux'));
    // A name that is no label is left out.
    expect(found).toEqual(['os:linux', 'cli:mine']);
    expect(registerAgentSchema.safeParse({ agent_id: 'a', capabilities: found }).success).toBe(true);
  });
});

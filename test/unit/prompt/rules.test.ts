import { describe, expect, it } from '@jest/globals';
import { configuredCommands } from '../../../activities/prompt/configured-commands';
import { labelConstraints } from '../../../activities/prompt/label-constraints';
import { makeTargets, npmScripts } from '../../../activities/prompt/project-facts';
import { taskKind } from '../../../activities/prompt/task-kind';
import { type ValidationSettings, validationCommands } from '../../../activities/prompt/validation-commands';

describe('the kind of a task', () => {
  it.each([
    [['agent:code'], 'code'],
    [['bug', 'agent:test'], 'code'],
    [['agent:review', 'agent:document'], 'review'],
    [['agent:code', 'agent:review'], 'review'],
    [['agent:research'], 'other'],
    [['review', 'code'], 'other'],
    [[], 'other'],
  ])('%j: %s', (labels, kind) => {
    expect(taskKind(labels)).toBe(kind);
  });
});

describe('constraints from labels', () => {
  it.each([
    [['no-new-dependencies'], ['Add no new dependencies.'], []],
    [['constraint:no-new-dependencies', 'No-New-Dependencies'], ['Add no new dependencies.'], []],
    [['constraint:keep Node 20'], ['keep Node 20'], []],
    [['constraint/ES2020 only'], ['ES2020 only'], []],
    [['priority:high', 'P1'], ['Priority: high.', 'Priority: P1.'], []],
    [['bug', 'agent:code', 'area/api', 'bug'], [], ['bug', 'area/api']],
    [['constraint:', 'constructor'], [], ['constraint:', 'constructor']],
    [['constraint:toString', ' \n '], ['toString'], []],
  ])('%j', (labels, constraints, others) => {
    expect(labelConstraints(labels)).toEqual({ constraints, others });
  });
});

describe('validation commands', () => {
  const cases: Array<[string[], ValidationSettings, string[]]> = [
    [['package.json'], {}, ['npm test']],
    [['package.json'], { npm_scripts: ['test', 'lint', 'build'] }, ['npm test', 'npm run lint']],
    [['package.json'], { npm_scripts: ['check', 'lint', 'test'] }, ['npm test', 'npm run check']],
    [['package.json'], { npm_scripts: ['build'] }, []],
    [['package.json', 'pnpm-lock.yaml'], { npm_scripts: ['test', 'lint'] }, ['pnpm test', 'pnpm run lint']],
    [['package.json', 'bun.lock'], {}, ['bun run test']],
    [['Cargo.toml', 'src'], {}, ['cargo test']],
    [['./go.mod'], {}, ['go test ./...']],
    [['pyproject.toml'], {}, ['pytest']],
    [['pyproject.toml', 'uv.lock'], {}, ['uv run pytest']],
    [['pom.xml'], {}, ['mvn -q test']],
    [['pom.xml', 'mvnw'], {}, ['./mvnw -q test']],
    [['build.gradle.kts', 'gradlew'], {}, ['./gradlew test']],
    [['Makefile'], {}, []],
    [['Makefile'], { make_targets: ['all', 'test'] }, ['make test']],
    [['Cargo.toml', 'package.json'], {}, ['npm test', 'cargo test']],
    [['sub/package.json', 'README.md'], {}, []],
    [['package.json'], { commands: ['just ci'] }, ['just ci']],
    [['package.json'], { commands: [] }, []],
  ];
  it.each(cases)('%j with %j: %j', (files, settings, commands) => {
    expect(validationCommands(files, settings)).toEqual(commands);
  });

  it('come from the config file by repository, then for all others', () => {
    const configured = { 'org/a': ['make ci'], '*': [] };
    expect(configuredCommands(configured, 'org/a')).toEqual(['make ci']);
    expect(configuredCommands(configured, 'org/b')).toEqual([]);
    expect(configuredCommands({ 'org/a': ['make ci'] }, null)).toBeUndefined();
    expect(configuredCommands({}, 'toString')).toBeUndefined();
  });
});

describe('facts of a project', () => {
  it.each([
    ['{"scripts": {"test": "x", "lint": "y"}}', ['test', 'lint']],
    ['{}', []],
    ['null', undefined],
    ['{', undefined],
  ])('scripts of %s', (text, scripts) => {
    expect(npmScripts(text)).toEqual(scripts);
  });

  it('targets of a Makefile', () => {
    const makefile =
      'CC := gcc\nX = a:b\n.PHONY: test\nall: build\nbuild test : main.o\n\techo test2: no\n%.o: %.c\n$(OUT): all\nclean::\n# note: x\n';
    expect(makeTargets(makefile)).toEqual(['all', 'build', 'test', 'clean']);
  });
});

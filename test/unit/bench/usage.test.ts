import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { coresBetween, cpuMsOf, peakBytesOf } from '../../../bench/usage';

describe('the CPU time of a process', () => {
  it('is that of user and system, in hundredths of a second', () => {
    const stat = '42 (node) S 1 42 42 0 -1 4194560 9 8 7 6 123 45 1000 2000 20 0 11 0 5 6 7';
    expect(cpuMsOf(stat)).toBe(1_680);
  });

  it('is found behind any name', () => {
    const stat = '42 (a) R 9 (b) c) S 1 42 42 0 -1 4194560 9 8 7 6 100 1 0 0 20 0 11 0 5 6 7';
    expect(cpuMsOf(stat)).toBe(1_010);
  });

  it('is not made up', () => {
    expect(() => cpuMsOf('')).toThrow('no CPU time');
  });
});

describe('the peak of memory', () => {
  it('is in bytes', () => {
    expect(peakBytesOf('Name:\tnode\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n')).toBe(2_097_152);
  });

  it('is not made up', () => {
    expect(() => peakBytesOf('Name:\tnode\n')).toThrow('no VmHWM');
  });

  it('and the CPU time are read from a real process', () => {
    const used = process.cpuUsage();
    const cpuMs = cpuMsOf(readFileSync('/proc/self/stat', 'latin1'));
    expect(Math.abs(cpuMs - (used.user + used.system) / 1_000)).toBeLessThan(200);
    const rss = process.memoryUsage.rss();
    expect(peakBytesOf(readFileSync('/proc/self/status', 'latin1'))).toBeGreaterThan(rss / 2);
  });
});

describe('cores that were busy', () => {
  const samples = [
    { at: 0, cpuMs: 500 },
    { at: 100, cpuMs: 500 },
    { at: 200, cpuMs: 600 },
    { at: 300, cpuMs: 800 },
    { at: 400, cpuMs: 800 },
  ];

  it.each([
    ['between two samples', 100, 300, 1.5],
    ['around times between samples', 150, 250, 1.5],
    ['as far as there are samples', -1_000, 9_000, 0.75],
    ['in a time of rest', 300, 400, 0],
  ])('%s', (_, from, to, cores) => {
    expect(coresBetween(samples, from, to)).toBe(cores);
  });

  it('are unknown without samples', () => {
    expect(coresBetween([], 0, 100)).toBeNaN();
  });
});

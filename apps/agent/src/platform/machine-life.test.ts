import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { machineLife } from './machine-life.ts';

test('S4.11 a life of the machine is its kernel and its first process', () => {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const [kernel, first, ...more] = machineLife().split(' ');
  expect(kernel).toBe(boot);
  expect(first).toMatch(/^\d+$/);
  expect(more).toEqual([]);
  // The first process was there before this one.
  const own = readFileSync('/proc/self/stat', 'utf8');
  expect(Number(first)).toBeLessThanOrEqual(Number(own.slice(own.lastIndexOf(')') + 2).split(' ')[19]));
  expect(machineLife()).toBe(machineLife());
});

/** T43, T44, T45 on a machine that systemd manages: the real one, in namespaces of its own, with limits that the kernel enforces. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Seen } from './on-systemd.fixture.ts';
import { canHaveSystemd, startSystemd } from './own-systemd.fixture.ts';

test.runIf(canHaveSystemd())(
  'T43 T44 T45 systemd keeps an extension together and within its limits, and nothing of it stays (needs root, namespaces, and systemd)',
  async () => {
    await using systemd = await startSystemd();
    const [file = '', ...enter] = systemd.enter;
    const program = join(import.meta.dirname, 'on-systemd.fixture.ts');
    const ran = spawnSync(file, [...enter, process.execPath, program], { encoding: 'utf8' });
    const [line = '', first] = ran.stdout.split('\n');
    expect([ran.status, ran.stderr, first]).toEqual([0, '', 'systemd']);
    const seen = JSON.parse(line) as Seen;
    expect(seen.mechanism).toBe('systemd scopes: processor, memory, processes');
    const slice = String.raw`azcmagent.slice/azcmagent-Contoso\x2dLabs.Test.Thing.slice`;
    const version = slice.replace(/.*\/(.*)\.slice$/, (_all, name: string) => `${slice}/${name}-1.2.0.slice/`);
    expect(seen.simple).toMatchObject({ output: expect.stringContaining(`/${version}run-`), problems: [], errors: '' });
    expect(seen.forking.errors).toMatch(/fork/i);
    expect(seen.left).toBeGreaterThan(10);
    expect(seen.left).toBeLessThanOrEqual(20);
    expect(new Set(seen.ended.map(({ name }) => name))).toEqual(new Set(['sleep']));
    expect([seen.ended.length, seen.leftThen]).toEqual([seen.left, 0]);
    expect(seen.slices).toContain('-1.2.0.slice');
    expect(seen.slicesThen).not.toContain('Thing');
    expect(seen.greedy).toMatchObject({ output: '0\n', errors: expect.stringContaining('Killed') });
    expect(seen.busy.reached.join()).toMatch(/^Processor: it waited \d+ s at its limit of 20 % of one processor\.$/);
    expect(seen.tighter.errors).toMatch(/fork/i);
    // T43: a command without a network is in its scope all the same, with all that it leaves behind, and within its limits.
    const { problem, ran: isolated, left, leftThen, greedy } = seen.withheld;
    expect([problem, isolated.problems]).toEqual([undefined, []]);
    expect(isolated.output).toContain(`/${version}run-`);
    expect(isolated.output).toMatch(/\n *lo\nup\n$/);
    expect(isolated.errors).toMatch(/fork/i);
    expect(left).toBeGreaterThan(10);
    expect(left).toBeLessThanOrEqual(20);
    expect(leftThen).toBe(0);
    expect(greedy).toMatchObject({ output: '0\n', errors: expect.stringContaining('Killed') });
  },
);

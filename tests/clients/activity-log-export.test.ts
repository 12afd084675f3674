/** The activity log of a running control plane, exported as it grows and by command, and verified without it (S2.2). */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeSettings } from '@sallyport/testkit';
import { afterAll, expect, test } from 'vitest';
import { startControlPlaneProcess } from './control-plane-process.ts';
import { signIn } from './operator-client.ts';
import { sallyportCli } from './sallyport-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('S2.2 T66 what was answered is exported by the end, is what the API served, and verifies offline', async () => {
  const state = join(folder, 'state');
  const grown = join(folder, 'grown');
  const plane = await startControlPlaneProcess(state, '--activity-log-export', grown, '--activity-log-days', '30');
  const arm = await signIn(plane.operator);
  const subscription = `/subscriptions/${plane.operator.subscriptionId}`;
  for (const name of ['one', 'two']) {
    const made = await arm.arm('PUT', `${subscription}/resourceGroups/${name}?api-version=2021-04-01`, {
      location: 'x',
    });
    expect(made.status).toBe(201);
  }
  const log = await arm.arm(
    'GET',
    `${subscription}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01`,
  );
  const served = (log.json() as { readonly value: readonly unknown[] }).value;
  arm.close();
  const cli = sallyportCli(plane.operator, folder);
  const asked = join(folder, 'asked');
  const said = await cli.run('activity-log', 'export', '--state', state, '--to', asked, ...storeSettings(state));
  expect(said).toMatch(/^[0-9]+ events were exported/);
  expect(await plane.stop()).toBe(0);
  for (const directory of [grown, asked]) {
    const lines = readdirSync(directory)
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => readFileSync(join(directory, name), 'utf8').trim().split('\n'));
    const events = lines.map((line) => JSON.parse(line) as unknown);
    expect(events).toEqual(expect.arrayContaining([...served]));
    expect(await cli.run('activity-log', 'verify', '--export', directory)).toContain('is intact');
  }
  const [day = ''] = readdirSync(grown).filter((name) => name.endsWith('.jsonl'));
  const path = join(grown, day);
  writeFileSync(path, readFileSync(path, 'utf8').replace('/resourceGroups/two', '/resourceGroups/too'));
  expect(await cli.refused('activity-log', 'verify', '--export', grown)).toContain('NOT intact');
});

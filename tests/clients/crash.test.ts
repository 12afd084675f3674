/** A control plane that is killed at any moment: what was answered is kept, every change has its events, and operations end. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPostgresUnderTest, storedRows, storeSettings } from '@sallyport/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startControlPlaneProcess, type ControlPlaneProcess } from './control-plane-process.ts';
import { enrolFakeAgent, type FakeAgent } from './fake-agent.ts';
import { signIn, type OperatorClient } from './operator-client.ts';
import { createTestGallery } from './test-gallery.ts';

const crashes = 7;
const version = 'api-version=2024-07-10';
const folder = mkdtempSync(join(tmpdir(), 'sallyport-crash-'));
const state = join(folder, 'state');
let gallery: string;
let plane: ControlPlaneProcess;
let agent: FakeAgent;

beforeAll(async () => {
  gallery = (await createTestGallery(join(folder, 'gallery'))).directory;
  plane = await startControlPlaneProcess(state, '--gallery', gallery);
  const arm = await signIn(plane.operator);
  await arm.arm('PUT', `/subscriptions/${plane.operator.subscriptionId}/resourceGroups/g?${version}`, {
    location: 'here',
  });
  agent = await enrolFakeAgent(() => plane.operator, arm, 'g', 'm');
  agent.run(() => ({ state: 'Succeeded' }));
  arm.close();
});

afterAll(async () => {
  await agent?.stop();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

interface Acknowledged {
  readonly groups: Set<string>;
  readonly correlations: Set<string>;
}

/** Writes without pause until the connection breaks; keeps what was answered with success. */
async function writeUntilBroken(arm: OperatorClient, known: Acknowledged): Promise<void> {
  const types = ['Runner', 'Other', 'Refused', 'Slow'];
  try {
    for (let round = 0; round < 100_000; round += 1) {
      const name = `group-${randomUUID()}`;
      const group = await arm.arm(
        'PUT',
        `/subscriptions/${plane.operator.subscriptionId}/resourceGroups/${name}?${version}`,
        { location: 'here' },
      );
      if (group.status === 201) known.groups.add(name);
      const type = types[round % types.length] ?? '';
      const correlation = randomUUID();
      const id = `${agent.resourceId}/extensions/${type}?${version}`;
      const properties = { publisher: 'Contoso.Scripts', type, settings: { round } };
      const answer =
        round % 7 === 3
          ? await arm.arm('DELETE', id, undefined, { 'x-ms-correlation-request-id': correlation })
          : await arm.arm('PUT', id, { location: 'here', properties }, { 'x-ms-correlation-request-id': correlation });
      if (answer.status < 300) known.correlations.add(correlation);
    }
  } catch {
    // It was killed; the next one goes on.
  }
}

interface Event {
  readonly action: string;
  readonly status: string;
  readonly operationId: string;
  readonly resource: string;
  readonly correlationId: string;
}

function storedEvents(): readonly Event[] {
  return storedRows(state, 'SELECT event FROM activity_events ORDER BY position').map((row) => {
    const event = JSON.parse(String(row['event'])) as Record<string, { readonly value: string }> & {
      readonly operationId: string;
      readonly resourceId: string;
      readonly correlationId: string;
    };
    return {
      action: event['operationName']?.value ?? '',
      status: event['status']?.value ?? '',
      operationId: event.operationId,
      resource: event.resourceId.split('/').at(-1) ?? '',
      correlationId: event.correlationId,
    };
  });
}

test('S2.2 T66 T84 killed again and again while it writes: no event, no change; no change, no event; operations converge', async () => {
  const known: Acknowledged = { groups: new Set(), correlations: new Set() };
  for (let crash = 0; crash < crashes; crash += 1) {
    const arm = await signIn(plane.operator);
    const writing = writeUntilBroken(arm, known);
    // After some writes, however long they take here, at a moment that is another each time.
    const enough = known.groups.size + 2 + Math.floor(Math.random() * 6);
    while (known.groups.size < enough) await new Promise((resolve) => setTimeout(resolve, 2));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 50));
    await plane.crash();
    await writing;
    arm.close();
    plane = await startControlPlaneProcess(state, '--gallery', gallery);
  }
  expect(known.groups.size).toBeGreaterThan(crashes);

  // The machine finds the new address by itself and everything that was accepted comes to an end.
  const running = (): number =>
    Number(storedRows(state, 'SELECT count(*) AS n FROM operations WHERE ended_at IS NULL')[0]?.['n']);
  for (let tries = 0; tries < 400 && running() > 0; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(running()).toBe(0);
  await agent.stop();
  expect(await plane.stop()).toBe(0);

  if (!isPostgresUnderTest()) expect(storedRows(state, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  const events = storedEvents();
  const groups = storedRows(state, "SELECT name FROM resource_groups WHERE name LIKE 'group-%'").map((row) =>
    String(row['name']),
  );
  const operations = storedRows(state, 'SELECT operation_id, state FROM operations');

  const cli = join(import.meta.dirname, '../../apps/cli/src/main.ts');
  const verified = spawnSync(
    process.execPath,
    [cli, 'activity-log', 'verify', '--state', state, ...storeSettings(state)],
    { encoding: 'utf8' },
  );
  expect([verified.status, verified.stdout]).toEqual([0, expect.stringContaining(`intact: ${events.length} events, `)]);
  // The last checkpoint is signed at the end: all of it is sealed.
  expect(verified.stdout).toContain(`the newest at position ${events.length}.`);

  const writesOf = (status: string): string[] =>
    events
      .filter(
        (event) =>
          event.action.endsWith('resourceGroups/write') &&
          event.status === status &&
          event.resource.startsWith('group-'),
      )
      .map(({ resource }) => resource);
  expect(writesOf('Succeeded').sort()).toEqual(groups.sort());
  expect(writesOf('Started').sort()).toEqual(groups);
  for (const name of known.groups) expect(groups).toContain(name);

  const onExtensions = events.filter(({ action }) => action.includes('/extensions/'));
  for (const { operation_id: id, state } of operations) {
    const own = onExtensions.filter(({ operationId }) => operationId === id).map(({ status }) => status);
    expect(own, String(id)).toEqual(['Started', 'Accepted', state === 'Succeeded' ? 'Succeeded' : 'Failed']);
  }
  const begun = new Set(operations.map((row) => row['operation_id']));
  const recorded = new Set(onExtensions.map(({ correlationId }) => correlationId));
  for (const correlation of known.correlations) expect(recorded).toContain(correlation);
  // An accepted request without its own operation is a removal that joined one under way.
  for (const event of onExtensions.filter(({ status }) => status === 'Accepted')) {
    expect(begun.has(event.operationId) || event.action.endsWith('/delete'), event.operationId).toBe(true);
  }
}, 240_000);

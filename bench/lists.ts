/**
 * Lists a portal asks of a fleet (`--machines N`), without the fleet beside them, on each store: milliseconds and processor time of the control
 * plane for each page, against `/healthz` of the same run. The machines have sent no heartbeat and have three extensions each.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { hasPostgres, startPostgres, type PostgresServer } from '@sallyport/testkit';
import { readPostgresAddress } from '../apps/control-plane/src/store/postgres/address.ts';
import type { Operator } from '../tests/clients/control-plane-process.ts';
import { signIn, type OperatorClient } from '../tests/clients/operator-client.ts';
import { createTestGallery } from '../tests/clients/test-gallery.ts';
import { freePort } from '../tests/system/processes.ts';
import { startPlane } from './fleet/plane-process.ts';
import { populateExtensions } from './fleet/populate-extensions.ts';
import { populateFleet } from './fleet/populate-fleet.ts';
import { processorSeconds } from './process-facts.ts';
import { printRows, type Row } from './report.ts';

/** Pages of each list that are timed, after `unmeasured` to warm up. */
const measured = 200;
const unmeasured = 30;
const group = 'fleet';

export async function run({ machines }: { readonly machines: number }): Promise<void> {
  await onStore(machines, undefined);
  if (!hasPostgres()) {
    process.stdout.write("Lists on PostgreSQL need Debian's package postgresql.\n");
    return;
  }
  const server = await startPostgres({ settings: ['fsync=on'] });
  try {
    await onStore(machines, server);
  } finally {
    await server.stop();
  }
}

async function onStore(count: number, server: PostgresServer | undefined): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-lists-'));
  try {
    const state = join(folder, 'state');
    const { directory: gallery } = await createTestGallery(join(folder, 'gallery'));
    const port = await freePort();
    const address = server?.database();
    const settings = ['--gallery', gallery, ...(address === undefined ? [] : ['--store', address])];
    const first = await startPlane(state, port, ...settings);
    const subscription = `/subscriptions/${first.operator.subscriptionId}`;
    try {
      const arm = await signIn(first.operator);
      await arm.arm('PUT', `${subscription}/resourcegroups/${group}?api-version=2021-04-01`, { location: 'here' });
      arm.close();
    } finally {
      await first.stop();
    }
    const postgres = address === undefined ? undefined : readPostgresAddress(address);
    const fleet = await populateFleet(state, postgres, first.operator, count);
    await populateExtensions(state, postgres, first.operator.subscriptionId, fleet);
    const plane = await startPlane(state, port, ...settings);
    try {
      const arm = await signIn(plane.operator);
      const machine = (part: number): string =>
        `${subscription}/resourceGroups/${group}/providers/Microsoft.HybridCompute/machines/${fleet[Math.floor((count * part) / 100) - 1]?.name ?? ''}`;
      const few = await whoeverMayRead(arm, plane.operator, [17, 99, 1].map(machine));
      const rows: Row[] = [];
      let floor: number | undefined;
      for (const [who, what, path] of listsOf(subscription)) {
        const row = await pages(who === 'few' ? few : arm, plane.pid, path);
        floor ??= row.processor;
        rows.push({
          what,
          figure: `p50 ${row.p50.toFixed(1)} ms, p99 ${row.p99.toFixed(1)} ms`,
          against: `${row.processor.toFixed(2)} ms of processor${row.refused === 0 ? '' : `, asked to wait ${row.refused} times`}`,
          ratio: (row.processor / floor).toFixed(1),
        });
      }
      arm.close();
      few.close();
      printRows(
        `Lists of ${count.toLocaleString('en')} machines with three extensions each, ${server === undefined ? 'sqlite' : 'postgres'}`,
        rows,
      );
    } finally {
      await plane.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Somebody who may read at these scopes and nowhere else. */
async function whoeverMayRead(
  owner: OperatorClient,
  operator: Operator,
  scopes: readonly string[],
): Promise<OperatorClient> {
  const clientId = randomUUID();
  const person = `/providers/Sallyport.Identity/servicePrincipals/${clientId}?api-version=2026-11-01`;
  const made = await owner.arm('PUT', person, { properties: { displayName: 'reader' } });
  const { objectId, clientSecret } = (
    made.json() as { readonly properties: { readonly objectId: string; readonly clientSecret: string } }
  ).properties;
  for (const scope of scopes) {
    const assignment = `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`;
    const properties = {
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
      principalId: objectId,
    };
    const answer = await owner.arm('PUT', assignment, { properties });
    if (answer.status !== 201) throw new Error(answer.text);
  }
  return signIn({ ...operator, clientId, clientSecret });
}

/** The built-in role. */
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

/** Who asks, what it is, and the path. The first is the floor. */
function listsOf(subscription: string): readonly (readonly ['all' | 'few', string, string])[] {
  const inGroup = `${subscription}/resourceGroups/${group}`;
  const machines = 'providers/Microsoft.HybridCompute/machines?api-version=2024-07-10';
  const resources = (filter: string): string =>
    `${subscription}/resources?api-version=2021-04-01&$top=100&$filter=${encodeURIComponent(filter)}`;
  const ofMachines = "resourceType eq 'Microsoft.HybridCompute/machines'";
  const rack = "tagName eq 'rack' and tagValue eq '7'";
  return [
    ['all', '/healthz, the floor', '/healthz'],
    ['all', '100 machines of a subscription', `${subscription}/${machines}&$top=100`],
    ['all', '100 machines of a group', `${inGroup}/${machines}&$top=100`],
    ['all', '100 resources by type', resources(ofMachines)],
    ['all', '100 resources by tag', resources(rack)],
    [
      'all',
      '100 resources by type, tag and group',
      resources(`${ofMachines} and ${rack} and resourceGroup eq '${group}'`),
    ],
    ['all', '100 resources by location', resources("location eq 'here'")],
    ['all', 'one resource by name', resources("name eq 'server-00077'")],
    ['all', 'one resource by type and name', resources(`${ofMachines} and name eq 'server-00077'`)],
    ['all', 'resources by a name that none has', resources("name eq 'none'")],
    ['all', 'resources by a tag with an umlaut that none has', resources("tagName eq 'bürogebäude'")],
    ['few', 'all that is read of three machines', resources("location eq 'here'")],
    ['few', 'what three machines have of a tag', resources("tagName eq 'rack'")],
    ['all', '100 extensions', resources("resourceType eq 'Microsoft.HybridCompute/machines/extensions'")],
    ['all', 'resources by a tag that none has', resources("tagName eq 'rack' and tagValue eq 'none'")],
  ];
}

/** Page after page by its link, beginning anew at the end. */
async function pages(
  arm: OperatorClient,
  pid: number,
  first: string,
): Promise<{ readonly p50: number; readonly p99: number; readonly processor: number; readonly refused: number }> {
  const times: number[] = [];
  let path = first;
  let spent = 0;
  let refused = 0;
  for (let i = 0; i < unmeasured + measured; i += 1) {
    if (i === unmeasured) spent = processorSeconds(pid);
    const sent = performance.now();
    const answer = await arm.arm('GET', path);
    if (answer.status === 429) {
      // Lists that take long are what a control plane is busy with: it lets nobody in until it is not.
      refused += 1;
      await setTimeout(Number(answer.headers['retry-after'] ?? 1) * 1000);
      i -= 1;
      continue;
    }
    if (answer.status !== 200) throw new Error(answer.text);
    if (i >= unmeasured) times.push(performance.now() - sent);
    const { nextLink } = answer.json() as { readonly nextLink?: string };
    path = nextLink === undefined ? first : nextLink.slice(new URL(nextLink).origin.length);
  }
  const processor = ((processorSeconds(pid) - spent) * 1000) / measured;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), processor, refused };
}

/**
 * Lists a portal asks of a fleet (`--machines N`), without the fleet beside them, on each store: milliseconds and processor time of the control
 * plane for each page, against `/healthz` of the same run. The machines have sent no heartbeat and have no extensions.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasPostgres, startPostgres, type PostgresServer } from '@sallyport/testkit';
import { readPostgresAddress } from '../apps/control-plane/src/store/postgres/address.ts';
import { signIn, type OperatorClient } from '../tests/clients/operator-client.ts';
import { createTestGallery } from '../tests/clients/test-gallery.ts';
import { freePort } from '../tests/system/processes.ts';
import { startPlane } from './fleet/plane-process.ts';
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
    await populateFleet(state, address === undefined ? undefined : readPostgresAddress(address), first.operator, count);
    const plane = await startPlane(state, port, ...settings);
    try {
      const arm = await signIn(plane.operator);
      const rows: Row[] = [];
      let floor: number | undefined;
      for (const [what, path] of listsOf(subscription)) {
        const row = await pages(arm, plane.pid, path);
        floor ??= row.processor;
        rows.push({
          what,
          figure: `p50 ${row.p50.toFixed(1)} ms, p99 ${row.p99.toFixed(1)} ms`,
          against: `${row.processor.toFixed(2)} ms of processor`,
          ratio: (row.processor / floor).toFixed(1),
        });
      }
      arm.close();
      printRows(
        `Lists of ${count.toLocaleString('en')} machines, ${server === undefined ? 'sqlite' : 'postgres'}`,
        rows,
      );
    } finally {
      await plane.stop();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The first is the floor. */
function listsOf(subscription: string): readonly (readonly [string, string])[] {
  const inGroup = `${subscription}/resourceGroups/${group}`;
  const machines = 'providers/Microsoft.HybridCompute/machines?api-version=2024-07-10';
  const resources = (filter: string): string =>
    `${subscription}/resources?api-version=2021-04-01&$top=100&$filter=${encodeURIComponent(filter)}`;
  const ofMachines = "resourceType eq 'Microsoft.HybridCompute/machines'";
  const rack = "tagName eq 'rack' and tagValue eq '7'";
  return [
    ['/healthz, the floor', '/healthz'],
    ['100 machines of a subscription', `${subscription}/${machines}&$top=100`],
    ['100 machines of a group', `${inGroup}/${machines}&$top=100`],
    ['100 resources by type', resources(ofMachines)],
    ['100 resources by tag', resources(rack)],
    ['100 resources by type, tag and group', resources(`${ofMachines} and ${rack} and resourceGroup eq '${group}'`)],
    ['100 resources by location', resources("location eq 'here'")],
    ['one resource by name', resources("name eq 'server-00077'")],
    ['one resource by type and name', resources(`${ofMachines} and name eq 'server-00077'`)],
    ['resources by a name that none has', resources("name eq 'none'")],
    ['resources by a tag with an umlaut that none has', resources("tagName eq 'bürogebäude'")],
    ['resources by a tag that none has', resources("tagName eq 'rack' and tagValue eq 'none'")],
  ];
}

/** Page after page by its link, beginning anew at the end. */
async function pages(
  arm: OperatorClient,
  pid: number,
  first: string,
): Promise<{ readonly p50: number; readonly p99: number; readonly processor: number }> {
  const times: number[] = [];
  let path = first;
  let spent = 0;
  for (let i = 0; i < unmeasured + measured; i += 1) {
    if (i === unmeasured) spent = processorSeconds(pid);
    const sent = performance.now();
    const answer = await arm.arm('GET', path);
    if (answer.status !== 200) throw new Error(answer.text);
    if (i >= unmeasured) times.push(performance.now() - sent);
    const { nextLink } = answer.json() as { readonly nextLink?: string };
    path = nextLink === undefined ? first : nextLink.slice(new URL(nextLink).origin.length);
  }
  const processor = ((processorSeconds(pid) - spent) * 1000) / measured;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), processor };
}

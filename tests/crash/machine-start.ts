/** One start of the extension manager on a disk, towards one goal, until it has arrived. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Catalog, SignedPackage } from '@sallyport/catalog';
import { knownExtension } from '@sallyport/local-controls';
import { isTerminal, unsignedWord } from '@sallyport/model';
import { extensionReportSchema, type ExtensionReport, type GoalExtension } from '@sallyport/model/wire';
import { buildTestPackage } from '@sallyport/testkit';
import * as z from 'zod/mini';
import { HttpClient } from '../../apps/agent/src/connection/http-client.ts';
import { readMachineKey } from '../../apps/agent/src/connection/machine-key.ts';
import { ExtensionManager } from '../../apps/agent/src/extensions/extension-manager.ts';
import type { Permit } from '../../apps/agent/src/extensions/plan/permission.ts';
import { Reporter } from '../../apps/agent/src/extensions/report/reporter.ts';
import { Journal } from '../../apps/agent/src/extensions/state/journal.ts';
import { processEnvironment } from '../../apps/agent/src/platform/environment.ts';
import { extensionHost, journalPath } from '../../apps/agent/src/service/extension-host.ts';
import type { CrashGoal, CrashResource } from './crash-operations.ts';
import { crashGate, crashOrders } from './crash-orders.ts';
import { crashPackage } from './crash-packages.ts';

export interface MachineStart {
  readonly root: string;
  readonly goal: CrashGoal;
  readonly machineKey: string;
  /** The agent's program, for what it starts itself. */
  readonly program: string;
  /** Tells one start of the machine from another. */
  readonly machineLife: string;
}

/**
 * Says how it ended: `Succeeded`, or why not, `nothing` when it waits for signatures; for an operation that was over before, what the
 * extension says since then. `told` is called the moment the centre hears of the end.
 */
export async function startMachine(
  { root, goal, machineKey: keyFile, program, machineLife }: MachineStart,
  told: (end: ExtensionReport) => void = () => undefined,
): Promise<string> {
  const environment = { ...processEnvironment(), root };
  const [followed] = goal.resources;
  const machineKey = readMachineKey(keyFile);
  if (machineKey === undefined) throw new Error('there is no key');
  const server = createServer((request, response) => {
    const version = request.url?.split('/').at(-1) ?? '';
    response.end(buildTestPackage(crashPackage(goal.handler, version) ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const host = {
    ...extensionHost(environment, program),
    machineLife,
  };
  const journal = new Journal(journalPath(environment.root));
  const { promise: over, resolve: tell } = Promise.withResolvers<void>();
  /** The centre acknowledged the end before this start: it is not told again, whatever else is, so nothing would come to wait for. */
  const isAcknowledged = stored(environment.root, followed)?.sent === true;
  const reporter = new Reporter({
    journal,
    log: host.log,
    send(request) {
      const last = request.extensions.find(
        ({ state, operationId }) => isTerminal(state) && operationId === operationOf(followed),
      );
      if (last !== undefined) told(last);
      if (last !== undefined || request.extensions.some(({ step }) => step?.name === unsignedWord)) tell();
      return Promise.resolve();
    },
  });
  const manager = new ExtensionManager({
    host,
    journal,
    reporter,
    supplies: {
      http: new HttpClient({ origin, proxy: () => undefined }),
      machineKey,
      catalog: () => Promise.resolve(catalogOf(goal)),
      only: undefined,
      packageUrls: () => Promise.resolve([]),
    },
    hosting: () => goal.hosting,
    permit: permitOf(goal),
    orders: crashGate(goal, host, machineKey),
  });
  manager.start();
  reporter.flush();
  const extensions = goal.resources.map((resource) => {
    const entry = entryOf(goal, resource, origin);
    return { ...entry, orders: [...crashOrders(goal, machineKey.vmId, entry)] };
  });
  const generation = Math.max(...goal.resources.map(({ sequence }) => sequence));
  manager.want({ machineId: machineKey.vmId, generation, extensions });
  if (!isAcknowledged && followed.done !== true) await over;
  await manager.idle();
  await manager.stop();
  await reporter.stop();
  server.closeAllConnections();
  server.close();
  const last = stored(environment.root, followed);
  return last === undefined ? 'nothing' : endOf(last.report, followed);
}

function operationOf({ name, sequence }: CrashResource): string {
  return `operation-${name}-${sequence}`;
}

function endOf({ state, error, status }: ExtensionReport, { done }: CrashResource): string {
  if (error !== undefined) return `${state}: ${error.message}`;
  return done === true ? `${state}: ${status?.displayStatus ?? 'nothing'}` : state;
}

const entrySchema = z.object({ report: extensionReportSchema, sent: z.boolean() });
const storedSchema = z.object({ operations: z.record(z.string(), entrySchema) });

/** How an operation ended, as the journal has it, and whether the centre has acknowledged it. */
function stored(root: string, resource: CrashResource): z.infer<typeof entrySchema> | undefined {
  const read = z.safeParse(storedSchema, JSON.parse(textOf(journalPath(root))));
  const entries = read.success ? Object.values(read.data.operations) : [];
  return entries.find(({ report }) => report.operationId === operationOf(resource));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Nothing has ended yet.
    return '{}';
  }
}

function permitOf({ hosting }: CrashGoal): Permit {
  return () =>
    hosting === 'on'
      ? { allowed: true, explanation: { outcome: 'allow', rule: 'test', message: '' } }
      : {
          allowed: false,
          code: 'ExtensionManagerDisabled',
          explanation: { outcome: 'cannot-run', rule: 'test', message: '' },
        };
}

function catalogOf({ handler }: CrashGoal): Catalog {
  const name = knownExtension(`Contoso.Test/${handler}`);
  const find: Catalog['find'] = (_name, version) => {
    const content = buildTestPackage(crashPackage(handler, version) ?? {});
    const signed: SignedPackage = {
      path: 'contoso.test/package.zip',
      length: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      target: {
        publisher: name.publisher,
        type: name.type,
        version,
        operatingSystem: 'linux',
        architecture: 'any',
      },
    };
    return Promise.resolve(signed);
  };
  return {
    refresh: () => Promise.resolve(),
    find,
    expiries: () => Promise.resolve([]),
    publishers: () => Promise.resolve([name.publisher]),
    list: () => Promise.resolve([]),
  };
}

function entryOf({ handler }: CrashGoal, resource: CrashResource, origin: string): GoalExtension {
  const { publisher, type } = knownExtension(`Contoso.Test/${handler}`);
  return {
    resourceName: resource.name,
    publisher,
    type,
    ...(handler === 'Shared' ? { extensionName: resource.name } : {}),
    desired: resource.version === '' ? 'absent' : 'present',
    version: resource.version,
    operationId: operationOf(resource),
    operationDone: resource.done === true,
    sequence: resource.sequence,
    settings: {},
    protectedSettings: { kind: 'none' },
    packageUrls: [`${origin}/${resource.version}`],
  };
}

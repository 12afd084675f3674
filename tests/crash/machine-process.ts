/**
 * One start of the extension manager on a disk, towards one goal, as a process that can be killed just before any of its calls.
 * One JSON line says how it went. Argument: {@link MachineRun} as JSON.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Catalog, SignedPackage } from '@sallyport/catalog';
import { knownExtension } from '@sallyport/local-controls';
import type { ExtensionReport, GoalExtension } from '@sallyport/model/wire';
import { buildTestPackage } from '@sallyport/testkit';
import { HttpClient } from '../../apps/agent/src/connection/http-client.ts';
import { readMachineKey } from '../../apps/agent/src/connection/machine-key.ts';
import { ExtensionManager } from '../../apps/agent/src/extensions/extension-manager.ts';
import { Reporter } from '../../apps/agent/src/extensions/report/reporter.ts';
import { Journal } from '../../apps/agent/src/extensions/state/journal.ts';
import { processEnvironment } from '../../apps/agent/src/platform/environment.ts';
import { extensionHost, journalPath } from '../../apps/agent/src/service/connected-agent.ts';
import { crashPackages } from './crash-packages.ts';
import { DurableImage } from './durable-image.ts';
import { watchFileOperations } from './file-operations.ts';
import { diskState } from './invariants.ts';

export interface MachineRun {
  /** The version wanted; '' to have it removed. */
  readonly version: string;
  readonly sequence: number;
  /** What is on the disk in the end, as `DiskState` says it. */
  readonly left: string;
  readonly machineKey: string;
  /** The call, from 1, before which the process kills itself. */
  readonly dieAt?: number;
  /** Whether a loss of power is imagined after every call. */
  readonly imagine?: boolean;
  /** An fsync that is left out: who asks for it. */
  readonly leaveOut?: string;
}

export interface MachineRunResult {
  /** How many calls there were. */
  readonly calls: number;
  /** `Succeeded`, or why not. */
  readonly end: string;
  /** Who asked for an fsync, each once. */
  readonly syncs: readonly string[];
  /** What did not hold of an imagined disk, with the call after which the power went. */
  readonly violations: readonly string[];
}

const run = JSON.parse(process.argv[2] ?? '') as MachineRun;
const environment = processEnvironment();
const name = knownExtension('Contoso.Test/Thing');
const machineKey = readMachineKey(run.machineKey);
if (machineKey === undefined) throw new Error('there is no key');
const image = run.imagine === true ? new DurableImage(environment.root) : undefined;
const violations = new Set<string>();
const syncs = new Set<string>();
let calls = 0;
let ended: ExtensionReport | undefined;

/** Everything a machine must hold, also after the power went at this very moment. */
function imagine(when: string): void {
  if (image === undefined) return;
  for (const [kind, disk] of [
    ['nothing unsynced', image.worst()],
    ['names only', image.namesOnly()],
  ] as const) {
    const { states, violations: found } = diskState(disk, crashPackages);
    for (const violation of found) violations.add(`${when} (${kind}): ${violation}`);
    if (ended === undefined || kind === 'names only') continue;
    // Files of a version that has failed go when its end was told.
    const is = states.filter((state) => !state.endsWith(' uninstalled')).join(', ');
    if (is !== run.left) violations.add(`${when}: told to be '${run.left}', and is '${is}'`);
    if (!disk.get('var/lib/GuestConfig/operations.json')?.includes(ended.operationId))
      violations.add(`${when}: the end was told and is forgotten`);
  }
}

watchFileOperations({
  before() {
    calls += 1;
    if (calls === run.dieAt) process.kill(process.pid, 'SIGKILL');
  },
  after({ call, subject }) {
    if (image !== undefined && call.startsWith('fsync')) image.synced(String(subject));
    imagine(`after call ${calls}, ${call} of ${String(subject).replace(environment.root, '')}`);
  },
  syncs(where) {
    syncs.add(where);
    return where !== run.leaveOut;
  },
});

const content = buildTestPackage(crashPackages[run.version] ?? {});
const server = createServer((_request, response) => void response.end(content)).listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const signed: SignedPackage = {
  path: 'contoso.test/thing.zip',
  length: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
  target: {
    publisher: name.publisher,
    type: name.type,
    version: run.version,
    operatingSystem: 'linux',
    architecture: 'any',
  },
};
const catalog: Catalog = {
  refresh: () => Promise.resolve(),
  find: () => Promise.resolve(signed),
  expiries: () => Promise.resolve([]),
  publishers: () => Promise.resolve([name.publisher]),
  list: () => Promise.resolve([signed]),
};
const wanted: GoalExtension = {
  resourceName: 'thing',
  publisher: name.publisher,
  type: name.type,
  desired: run.version === '' ? 'absent' : 'present',
  version: run.version,
  operationId: `operation-${run.sequence}`,
  operationDone: false,
  sequence: run.sequence,
  settings: {},
  protectedSettings: { kind: 'none' },
  packageUrls: [`${origin}/package.zip`],
};
const host = extensionHost(environment, join(import.meta.dirname, '../../apps/agent/src/main.ts'));
const journal = new Journal(journalPath(environment.root));
const { promise: over, resolve: tell } = Promise.withResolvers<ExtensionReport>();
/** The end that the centre acknowledged before this start: it is not told again, so nothing would come to wait for. */
const acknowledged =
  journal.unsent().length === 0
    ? [...journal.conclusions().values()].find(({ operationId }) => operationId === wanted.operationId)
    : undefined;
const reporter = new Reporter({
  journal,
  log: host.log,
  send(request) {
    const last = request.extensions.find(({ state }) =>
      ['Succeeded', 'Failed', 'TimedOut', 'Canceled'].includes(state),
    );
    if (last !== undefined) {
      ended = last;
      imagine('when the end is told');
      tell(last);
    }
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
    catalog: () => Promise.resolve(catalog),
    only: undefined,
    packageUrls: () => Promise.resolve([]),
  },
  hosting: () => 'on',
  permit: () => ({ allowed: true, explanation: { outcome: 'allow', rule: 'test', message: '' } }),
});
manager.start();
reporter.flush();
manager.want({ machineId: machineKey.vmId, generation: run.sequence, extensions: [wanted] });
if (acknowledged === undefined) await over;
await manager.idle();
await manager.stop();
await reporter.stop();
server.closeAllConnections();
server.close();
const endOf = ({ state, error }: ExtensionReport): string =>
  error === undefined ? state : `${state}: ${error.message}`;
const result: MachineRunResult = {
  calls,
  end: ended === undefined ? (acknowledged?.state ?? 'nothing') : endOf(ended),
  syncs: [...syncs],
  violations: [...violations],
};
process.stdout.write(`${JSON.stringify(result)}\n`);

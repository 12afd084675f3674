/** A machine with the real manager on it and handlers that note how they were called: for tests of whole operations. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { knownExtension } from '@sallyport/local-controls';
import { isTerminal, type HandlerVersion, type OperationKind } from '@sallyport/model';
import type { Catalog } from '@sallyport/catalog';
import type { ExtensionReport, GoalExtension } from '@sallyport/model/wire';
import { shellHandler, temporaryDirectory } from '@sallyport/testkit';
import { parseGoal } from '../connection/heard-goal.ts';
import { HttpClient } from '../connection/http-client.ts';
import { createMachineKey, type MachineKey } from '../connection/machine-key.ts';
import { ExtensionManager } from './extension-manager.ts';
import { handlerPaths } from './handler-paths.ts';
import { extension, testMachine, type TestMachine } from './machine.fixture.ts';
import type { OrderGate } from './orders/order-gate.ts';
import { unguarded } from './orders/unguarded.fixture.ts';
import type { Hosting } from './plan/hosting.ts';
import type { Permit } from './plan/permission.ts';
import { Reporter } from './report/reporter.ts';
import { Journal } from './state/journal.ts';

export interface HandlerBehaviour {
  /** Exit codes other than 0, by command. */
  readonly exits?: Partial<Readonly<Record<HandlerCommand, number>>>;
  /** Shell at the end of a command, by command. */
  readonly scripts?: Partial<Readonly<Record<HandlerCommand, string>>>;
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Another extension than `Contoso.Test/Thing`, and the resource's name too; its lines of the history begin with it. */
  readonly type?: string;
}
type HandlerCommand = 'install' | 'enable' | 'update' | 'disable' | 'uninstall';

export interface ManagedMachine extends AsyncDisposable {
  readonly machine: TestMachine;
  readonly journal: Journal;
  /** What was told last of the resource. */
  told(): ExtensionReport | undefined;
  /** The same of one of several. */
  toldOf(resourceName: string): ExtensionReport | undefined;
  /** How an operation ended, as it was told. */
  endOf(operationId: string): ExtensionReport | undefined;
  /** The step that was told last of an operation. */
  stepNow(operationId: string): string | undefined;
  /** How often an operation was told of. */
  countOf(operationId: string): number;
  /** Every state that was told of an operation, in order, without repetitions. */
  states(operationId: string): readonly string[];
  /** Puts a verified tree in its place, as the step `fetch` of that operation would. */
  place(version: HandlerVersion, operation: string, kind: OperationKind, behaviour?: HandlerBehaviour): void;
  /** Wants this and works until it is idle. */
  want(...extensions: readonly GoalExtension[]): Promise<void>;
  /** The same of requests as a control plane sends them, also of one that knows more. */
  hear(...requests: readonly unknown[]): Promise<void>;
  /** The same without waiting. */
  begin(...extensions: readonly GoalExtension[]): void;
  idle(): Promise<void>;
  controlsChanged(): void;
  /** As the machine's administrator does it: one, or all. Says on which resources. */
  cancel(wanted: string | undefined): readonly string[];
  /** Ends the manager and starts another one on the same disk. */
  restart(): Promise<void>;
}

export interface ManagedOptions {
  readonly permit?: Permit;
  /** Who has to sign; without, nobody. */
  readonly orders?: (machineKey: MachineKey, path: string) => OrderGate;
  readonly hosting?: () => Hosting;
  /** Where it looks for packages; without, there is none. */
  readonly catalog?: Catalog;
  readonly deadlineSeconds?: number;
}

let key: Promise<MachineKey> | undefined;

/** Making one takes longer than everything else here. */
function sharedKey(): Promise<MachineKey> {
  key ??= (async () => {
    using directory = temporaryDirectory('key');
    return await createMachineKey(join(directory.path, 'machine.key'));
  })();
  return key;
}

const allow: Permit = () => ({ allowed: true, explanation: { outcome: 'allow', rule: 'test', message: '' } });

/** Nothing can be fetched there: every tree is put in its place with `place`. */
export async function managedMachine(options: ManagedOptions = {}): Promise<ManagedMachine> {
  const machine = testMachine();
  const { host } = machine;
  const machineKey = await sharedKey();
  const reports: ExtensionReport[] = [];
  const start = (): { manager: ExtensionManager; reporter: Reporter; journal: Journal } => {
    const journal = new Journal(join(host.paths.guestConfig, 'operations.json'));
    const reporter = new Reporter({
      journal,
      log: host.log,
      send: (request) => Promise.resolve(void reports.push(...request.extensions)),
    });
    const supplies = {
      http: new HttpClient({ origin: 'http://127.0.0.1:1', proxy: () => undefined }),
      machineKey,
      catalog: () =>
        options.catalog === undefined
          ? Promise.reject(new Error('nothing is to be fetched here'))
          : Promise.resolve(options.catalog),
      only: undefined,
      packageUrls: () => Promise.resolve([]),
    };
    const manager = new ExtensionManager({
      host,
      supplies,
      journal,
      reporter,
      permit: options.permit ?? allow,
      orders: options.orders?.(machineKey, join(host.paths.guestConfig, 'orders.json')) ?? unguarded,
      hosting: () => options.hosting?.() ?? 'on',
      ...(options.deadlineSeconds === undefined ? {} : { deadlineSeconds: options.deadlineSeconds }),
    });
    manager.start();
    return { manager, reporter, journal };
  };
  let running = start();
  const stop = async (): Promise<void> => {
    await running.manager.stop();
    await running.reporter.stop();
  };
  const begin = (...extensions: readonly GoalExtension[]): void =>
    running.manager.want({ machineId: machineKey.vmId, generation: 1, extensions: [...extensions] });
  return {
    machine,
    get journal() {
      return running.journal;
    },
    told: () => reports.at(-1),
    toldOf: (resourceName) => reports.findLast((report) => report.resourceName === resourceName),
    endOf: (operationId) => reports.find((report) => report.operationId === operationId && isTerminal(report.state)),
    stepNow: (operationId) => reports.findLast((report) => report.operationId === operationId)?.step?.name,
    countOf: (operationId) => reports.filter((report) => report.operationId === operationId).length,
    states: (operationId) =>
      reports
        .filter((report) => report.operationId === operationId)
        .map(({ state }) => state)
        .filter((state, i, all) => state !== all[i - 1]),
    place(version, operation, kind, behaviour = {}) {
      const name = behaviour.type === undefined ? extension : knownExtension(`Contoso.Test/${behaviour.type}`);
      const resourceName = behaviour.type ?? 'thing';
      const tree = handlerPaths(host.paths, name, version);
      for (const [path, content] of Object.entries(notingHandler(machine, version, behaviour))) {
        mkdirSync(dirname(join(tree.directory, path)), { recursive: true });
        writeFileSync(join(tree.directory, path), content, { mode: 0o755 });
      }
      const operationOf = { id: operation, kind };
      host.store.put({ name, version, resourceName, phase: 'placed', operation: operationOf });
    },
    begin,
    async want(...extensions) {
      begin(...extensions);
      await running.manager.idle();
    },
    async hear(...requests) {
      const goal = { machineId: machineKey.vmId, generation: 1, extensions: requests };
      running.manager.want(parseGoal(JSON.stringify(goal)));
      await running.manager.idle();
    },
    idle: () => running.manager.idle(),
    controlsChanged: () => running.manager.controlsChanged(),
    cancel: (wanted) => running.manager.cancel(wanted),
    async restart() {
      await stop();
      running = start();
      running.reporter.flush();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      machine[Symbol.dispose]();
    },
  };
}

/** Each command notes who was called, with what; enable leaves `mrseq`, scrubs its settings and says that it succeeded. */
function notingHandler(
  machine: TestMachine,
  version: HandlerVersion,
  { exits = {}, scripts = {}, manifest = {}, type }: HandlerBehaviour,
): Readonly<Record<string, string | Buffer>> {
  const noted = (command: HandlerCommand, told: string): string =>
    [
      `history='${machine.historyFile}'`,
      `echo "${type === undefined ? '' : `${type} `}${version} ${command} seq=$ConfigSequenceNumber ${told}" >> "$history"`,
      ...(command === 'enable'
        ? [
            'echo "$ConfigSequenceNumber" > "$dir/mrseq"',
            `echo scrubbed > "$dir/config/$ConfigSequenceNumber.settings"`,
            'report success 0 Done',
          ]
        : []),
      scripts[command] ?? '',
      `exit ${exits[command] ?? 0}`,
    ].join('\n');
  const before = '$(cd "$dir/.." && ls | grep -v ":" | sed -n "s/.*-//p" | tr "\\n" " " | sed "s/ $//")';
  const said = '$(sed -n \'s/.*"say": *"\\([^"]*\\)".*/\\1/p\' "$dir/config/$ConfigSequenceNumber.settings")';
  return shellHandler(
    {
      install: noted('install', 'uninstalled=$AZURE_GUEST_AGENT_UNINSTALL_CMD_EXIT_CODE'),
      enable: noted('enable', `uninstalled=$AZURE_GUEST_AGENT_UNINSTALL_CMD_EXIT_CODE say=${said}`),
      update: noted(
        'update',
        'to=$VERSION from=$AZURE_GUEST_AGENT_UPDATING_FROM_VERSION ' +
          `disabled=$AZURE_GUEST_AGENT_DISABLE_CMD_EXIT_CODE there=${before} mrseq=$(cat "$dir/mrseq" 2>/dev/null)`,
      ),
      disable: noted('disable', 'version=$AZURE_GUEST_AGENT_EXTENSION_VERSION'),
      uninstall: noted('uninstall', 'path=${AZURE_GUEST_AGENT_EXTENSION_PATH##*-}'),
    },
    manifest,
  );
}

/** The content of a file of a version. */
export function fileOf(machine: TestMachine, version: HandlerVersion, path: string): string {
  return readFileSync(join(handlerPaths(machine.host.paths, extension, version).directory, path), 'utf8');
}

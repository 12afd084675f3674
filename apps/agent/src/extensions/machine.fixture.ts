/** A machine in a temporary directory with handlers that note what they run, for tests of the manager and its steps. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { defaultControls, knownExtension } from '@sallyport/local-controls';
import type { ExtensionName, HandlerVersion, OperationKind } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import { memoryDirectory, shellHandler, type PackageFiles } from '@sallyport/testkit';
import { processEnvironment } from '../platform/environment.ts';
import { agentPaths } from '../platform/paths.ts';
import { handlerPaths } from './handler-paths.ts';
import { extensionLimits } from './limits/extension-limits.ts';
import { noGroups } from './limits/no-groups.ts';
import { noFindings, OperationRefused, type ExtensionHost, type OperationContext } from './operation-context.ts';
import { LeftOutputs } from './run/left-outputs.ts';
import { commandLane } from './run/command-lane.ts';
import type { InstallNetworkWord } from './network/command-network.ts';
import { networkIsolation, readIsolationFacts } from './network/network-isolation.ts';
import { extensionStore } from './state/extension-store.ts';
import type { InstalledExtension } from './state/installed-extension.ts';
import { Workplaces } from './unpack/workplaces.ts';

export const extension: ExtensionName = knownExtension('Contoso.Test/Thing');

/** What the centre wants: version 2.0.0, unless told otherwise. */
export function entry(change: Partial<GoalExtension> = {}): GoalExtension {
  return {
    resourceName: 'thing',
    publisher: extension.publisher,
    type: extension.type,
    desired: 'present',
    version: '2.0.0',
    operationId: 'wanted',
    operationDone: false,
    sequence: 8,
    settings: {},
    protectedSettings: { kind: 'none' },
    packageUrls: [],
    ...change,
  };
}

/** The history until the controls were asked for the n-th time. */
export function until(n: number, history: readonly string[]): readonly string[] {
  const questions = history.flatMap((line, i) => (line.startsWith('?') ? [i] : []));
  return history.slice(0, (questions[n - 1] ?? history.length) + 1);
}

/** 1, 2, … for each time the controls were asked. */
export function questionsIn(history: readonly string[]): readonly number[] {
  return history.filter((line) => line.startsWith('?')).map((_line, i) => i + 1);
}

export interface ContextChange extends Partial<Pick<OperationContext, 'supplies' | 'entry' | 'signal' | 'deadline'>> {
  /** This question and all after it are answered with no. Without it everything is allowed. */
  readonly refuseAt?: number;
}

export interface TestMachine extends Disposable {
  readonly host: ExtensionHost;
  /** Where the history is: a line for each thing that happened. */
  readonly historyFile: string;
  /** The history so far: commands that handlers ran, and what was noted beside them, in the order it happened. */
  history(): readonly string[];
  note(line: string): void;
  /** What its administrator says of the network of installs (T43); `unshare` stands in for the program. */
  setInstallNetwork(word: InstallNetworkWord, unshare?: string): void;
  /** As if it had been switched off and on; processes are not ended by that. */
  startAnew(): void;
  /** Versions and their phases, in one line. */
  state(): string;
  /** A handler of which each command adds `<version> <command>` to the history. */
  handler(version: HandlerVersion): PackageFiles;
  /** Puts a version on the machine without running anything of it. */
  put(record: InstalledExtension): void;
  /** For steps without a manager. Notes `? <state>` whenever the controls are asked, `: <state>` whenever the centre is told. */
  context(operation: OperationKind, change?: ContextChange): OperationContext;
}

/** A machine with nothing on it. `using` it takes it away again. */
export function testMachine(): TestMachine {
  const directory = memoryDirectory('manager');
  const paths = agentPaths(join(directory.path, 'root'));
  const file = join(directory.path, 'history');
  mkdirSync(paths.handlers, { recursive: true, mode: 0o700 });
  writeFileSync(file, '');
  let lives = 1;
  const environment = processEnvironment();
  let installNetwork: InstallNetworkWord = 'allowed';
  let isolation = networkIsolation(readIsolationFacts(environment.uid));
  const host: ExtensionHost = {
    environment,
    paths,
    store: extensionStore(paths.extensionLogs),
    log: () => undefined,
    lane: commandLane(() => 1),
    groups: noGroups,
    leftOutputs: new LeftOutputs(),
    limitsOf: (name, asked) => extensionLimits(name, defaultControls, asked, totalmem()),
    installNetwork: () => installNetwork,
    get networkIsolation() {
      return isolation;
    },
    get machineLife() {
      return `life ${lives}`;
    },
    workplaces: new Workplaces({ paths, environment, program: join(import.meta.dirname, '../unpack-main.ts') }),
  };

  function handler(version: HandlerVersion): PackageFiles {
    const noted = (command: string): string => `echo '${version} ${command}' >> '${file}'`;
    return shellHandler(
      {
        install: noted('install'),
        enable: `${noted('enable')}; report success 0 Done`,
        update: noted('update'),
        disable: noted('disable'),
        uninstall: noted('uninstall'),
      },
      { updateMode: 'UpdateWithInstall' },
    );
  }

  const note = (line: string): void => appendFileSync(file, `${line}\n`);
  const state = (): string =>
    host.store
      .list()
      .extensions.map(({ version, phase }) => `${version} ${phase}`)
      .join(', ') || 'nothing';

  function context(operation: OperationKind, change: ContextChange = {}): OperationContext {
    const { refuseAt, ...rest } = change;
    let asked = 0;
    return {
      host,
      supplies: undefined,
      entry: entry(),
      name: extension,
      operation,
      deadline: host.environment.monotonic() + 60_000,
      signal: new AbortController().signal,
      findings: noFindings(),
      requirePermission() {
        asked += 1;
        note(`? ${state()}`);
        if (refuseAt === undefined || asked < refuseAt) return;
        throw new OperationRefused('ExtensionNotAllowed', { outcome: 'block', rule: 'test', message: 'No longer.' });
      },
      progress: (to) => note(`: ${to}`),
      at: () => undefined,
      printed: () => undefined,
      tellEnd: ({ state }) => note(`: ${state}`),
      ...rest,
    };
  }

  return {
    host,
    historyFile: file,
    handler,
    context,
    setInstallNetwork(word, unshare) {
      installNetwork = word;
      const facts = readIsolationFacts(environment.uid);
      isolation = networkIsolation(
        unshare === undefined ? facts : { uid: 0, unshare, mount: '/bin/true', hasNamespaces: true },
      );
    },
    startAnew() {
      lives += 1;
    },
    note,
    state,
    history: () => readFileSync(file, 'utf8').split('\n').slice(0, -1),
    put(record) {
      const tree = handlerPaths(paths, record.name, record.version);
      for (const [path, content] of Object.entries(handler(record.version))) {
        mkdirSync(dirname(join(tree.directory, path)), { recursive: true });
        writeFileSync(join(tree.directory, path), content, { mode: 0o755 });
      }
      for (const folder of [tree.config, tree.status]) mkdirSync(folder, { recursive: true });
      host.store.put(record);
    },
    [Symbol.dispose]: directory.remove,
  };
}

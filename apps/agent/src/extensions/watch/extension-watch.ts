/**
 * Looks after extensions between operations: tells the centre when one says something new of itself or stops giving its
 * heartbeat, and takes the telemetry events that they leave. Reads and tells only; nothing of an extension is run (S1.3).
 */
import { join } from 'node:path';
import { handlerErrorCodes } from '@sallyport/handler-contract';
import { formatExtensionName, handlerName, messageOf } from '@sallyport/model';
import type { MachineKey } from '../../connection/machine-key.ts';
import { Background } from '../../platform/background.ts';
import { ensureDirectory } from '../../platform/directory.ts';
import type { Log } from '../../platform/log.ts';
import { sleep } from '../../platform/sleep.ts';
import { handlerPaths } from '../handler-paths.ts';
import type { ExtensionHost } from '../operation-context.ts';
import { mustComeBack } from '../plan/upkeep.ts';
import type { Reporter } from '../report/reporter.ts';
import { addSecretsOfHandler } from '../run/protected-settings.ts';
import { SecretWords } from '../run/secret-words.ts';
import { showHandlerState } from '../state/handler-state.ts';
import type { InstalledExtension } from '../state/installed-extension.ts';
import type { Journal } from '../state/journal.ts';
import { handlerCondition, watchedIn, type WatchedExtension } from './handler-condition.ts';
import { clearOldEvents, takeEvents } from './take-events.ts';

export interface WatchOptions {
  readonly host: ExtensionHost;
  readonly journal: Journal;
  readonly reporter: Pick<Reporter, 'flush'>;
  /** Where events go. */
  readonly events: Log;
  machineKey(): MachineKey | undefined;
}

/** How often extensions are looked at, and their events taken. Milliseconds. */
const lookMilliseconds = 60_000;
const eventsMilliseconds = 300_000;

/** Holds what was told last of each extension. */
export class ExtensionWatch {
  readonly #options: WatchOptions;
  readonly #background = new Background((signal) => this.#run(signal));
  readonly #told = new Map<string, string>();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#background.start();
  }

  stop(): Promise<void> {
    return this.#background.stop();
  }

  /** Looks at every extension once that works, or is meant to. What is wrong with one is logged and touches no other. */
  async look(): Promise<void> {
    for (const extension of this.#speaking().flatMap(watchedIn)) {
      try {
        await this.#lookAt(extension);
      } catch (error) {
        this.#complain(extension, error);
      }
    }
  }

  /** Takes the events of every extension once. */
  async takeEvents(): Promise<void> {
    const { paths, log } = this.#options.host;
    // Older extensions write here and some of them expect it to be there (handler contract §11).
    const shared = join(paths.handlers, 'events');
    ensureDirectory(paths.handlers, 0o700);
    ensureDirectory(shared, 0o700);
    const cleared = clearOldEvents(shared);
    if (cleared > 0) log('info', 'events of the old form were cleared away', { files: cleared });
    for (const extension of this.#enabled()) {
      try {
        const secrets = await this.#secretsOf(extension);
        const { events } = handlerPaths(paths, extension.name, extension.version);
        takeEvents(events, handlerName(extension.name), (text) => secrets.redact(text), this.#options.events);
      } catch (error) {
        this.#complain(extension, error);
      }
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    let untilEvents = 0;
    while (!signal.aborted) {
      await this.look();
      if (untilEvents <= 0) {
        await this.takeEvents();
        untilEvents = eventsMilliseconds;
      }
      await sleep(lookMilliseconds, signal);
      untilEvents -= lookMilliseconds;
    }
  }

  async #lookAt(extension: WatchedExtension): Promise<void> {
    const { host, journal, reporter } = this.#options;
    const { status, trouble } = handlerCondition(extension, host.paths, host.environment.now());
    if (status === undefined) return;
    const message = (await this.#secretsOf(extension)).redact(status.message);
    const { time: _when, ...said } = { ...status, message };
    const now = JSON.stringify(said);
    const before = this.#told.get(extension.resourceName);
    if (before === now) return;
    // While an operation is under way it tells this itself; what was not taken is told at the next look.
    if (!journal.amend(extension.resourceName, extension.operation.id, { ...status, message })) return;
    this.#told.set(extension.resourceName, now);
    if (trouble !== undefined || before !== undefined) {
      const code = handlerErrorCodes.Unknown;
      const shown = trouble === undefined ? undefined : { code, message, status: trouble.status };
      showHandlerState(host.paths, extension, shown);
    }
    reporter.flush();
  }

  #enabled(): readonly InstalledExtension[] {
    return this.#options.host.store.list().extensions.filter(({ phase }) => phase === 'enabled');
  }

  /** What lies there of one that is still to be enabled again, or could not be, is what it said before. */
  #speaking(): readonly InstalledExtension[] {
    const { machineLife } = this.#options.host;
    return this.#enabled().filter((one) => !mustComeBack(one, { machineLife }) && one.comeback?.kind !== 'failed');
  }

  async #secretsOf(extension: InstalledExtension): Promise<SecretWords> {
    const secrets = new SecretWords();
    await addSecretsOfHandler(extension, this.#options.host.paths, () => this.#options.machineKey(), secrets);
    return secrets;
  }

  #complain(extension: InstalledExtension, error: unknown): void {
    const what = formatExtensionName(extension.name);
    this.#options.host.log('warn', 'an extension cannot be looked at', { extension: what, error: messageOf(error) });
  }
}

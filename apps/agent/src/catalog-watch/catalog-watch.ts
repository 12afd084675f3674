/** Looks at the signed catalog every day, whether anything is installed or not, so that its expiry is no surprise on the machine either (T14, T29). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { messageOf } from '@sallyport/model';
import { Background } from '../platform/background.ts';
import type { Environment } from '../platform/environment.ts';
import type { Log } from '../platform/log.ts';
import { sleep } from '../platform/sleep.ts';
import { readCatalogStatus } from './catalog-status.ts';
import { checkCatalogWord } from './check-catalog-word.ts';
import { catalogWarnings } from './describe-catalog.ts';

export interface CatalogWatchOptions {
  readonly environment: Environment;
  /** The program of this agent: a bundled file or the sources' entry. */
  readonly program: string;
  readonly log: Log;
}

/** Milliseconds. The first look comes soon, and not at once from every machine of a fleet that was started together. */
const firstLook = { least: 60_000, spread: 600_000 };
const betweenLooks = 24 * 60 * 60 * 1000;
const timeLimit = 5 * 60 * 1000;

export class CatalogWatch {
  readonly #options: CatalogWatchOptions;
  readonly #background = new Background((signal) => this.#run(signal));

  constructor(options: CatalogWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#background.start();
  }

  stop(): Promise<void> {
    return this.#background.stop();
  }

  /** Looks once and logs what there is to warn of. Never throws: what is wrong with a look is logged as well. */
  async look(): Promise<void> {
    const { environment, log, program } = this.#options;
    try {
      const child = spawn(process.execPath, [program, checkCatalogWord], {
        stdio: 'ignore',
        env: { AZCMAGENT_ROOT: environment.root },
        cwd: '/',
        signal: this.#background.signal,
        killSignal: 'SIGKILL',
        timeout: timeLimit,
      });
      await once(child, 'exit');
    } catch (error) {
      if (!this.#background.signal.aborted)
        log('warn', 'the signed catalog could not be looked at', { reason: messageOf(error) });
      return;
    }
    const status = readCatalogStatus(environment.root);
    for (const warning of status === undefined ? [] : catalogWarnings(status, environment.now())) {
      log('warn', 'the signed catalog needs attention', { warning });
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    await sleep(firstLook.least + Math.random() * firstLook.spread, signal);
    while (!signal.aborted) {
      await this.look();
      await sleep(betweenLooks, signal);
    }
  }
}

/**
 * Where a package is brought to and opened: a private file, a private directory, and the process that may touch nothing else. Each is
 * for one package. Starting that process takes longer than opening a small package, so one is made ready while work is expected.
 */
import { closeSync, rmSync } from 'node:fs';
import type { Environment } from '../../platform/environment.ts';
import type { AgentPaths } from '../../platform/paths.ts';
import { makeStaging, openDownload, stagingPath } from './staging.ts';
import { startUnpacker, type Unpacker } from './unpack-in-child.ts';
import type { UnpackAnswer } from './unpack-request.ts';

/** What was signed. */
interface Wanted {
  readonly length: number;
  readonly sha256: string;
}

export interface Workplace {
  /** The file for the package. */
  readonly descriptor: number;
  /** The directory for what is in it. */
  readonly staging: string;
  /** Verifies what was downloaded and unpacks it into `staging`; throws `OperationFailure` when the process did not answer. */
  unpack(wanted: Wanted, signal: AbortSignal): Promise<UnpackAnswer>;
  /** Resolves when the process has ended: before that the tree is not used (T56). */
  readonly gone: Promise<void>;
  /** Ends the process and removes whatever is still there. */
  close(): void;
}

export interface WorkplacesOptions {
  readonly paths: AgentPaths;
  readonly environment: Environment;
  /** The program that unpacks. */
  readonly program: string;
}

/** Another package often follows soon: for this long one is kept ready. Milliseconds. */
const lingerMilliseconds = 30_000;
/** What has just been done is told first: starting a process holds everything else up for a moment. Milliseconds. */
const settleMilliseconds = 50;

/** A process that waits for its package. Nothing of it is on the disk yet. */
interface Ready {
  readonly descriptor: number;
  readonly staging: string;
  readonly unpacker: Unpacker;
}

/** Holds the one that is ready. */
export class Workplaces {
  readonly #options: WorkplacesOptions;
  #ready: Ready | undefined;
  #taken = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WorkplacesOptions) {
    this.#options = options;
  }

  /** Makes one ready unless one is, for a while. Never throws: whoever takes one hears what is wrong. */
  prepare(): void {
    this.#after(lingerMilliseconds, () => this.close());
    if (this.#ready?.unpacker.isThere() === true) return;
    this.#discard();
    try {
      this.#ready = this.#make();
    } catch {
      // No room, say. It is tried again when it is needed, and told then.
    }
  }

  /** The one that is ready, or a fresh one. */
  take(): Workplace {
    this.#taken = true;
    // Not one more while this one is at work: it would take the processor from it.
    clearTimeout(this.#timer);
    const isThere = this.#ready?.unpacker.isThere() === true;
    if (!isThere) this.#discard();
    const ready = this.#ready ?? this.#make();
    this.#ready = undefined;
    const { descriptor, staging, unpacker } = ready;
    try {
      makeStaging(this.#options.paths, staging);
    } catch (error) {
      giveUp(ready);
      throw error;
    }
    return {
      descriptor,
      staging,
      unpack: (wanted, signal) => unpacker.unpack({ ...wanted, directory: staging }, signal),
      gone: unpacker.gone,
      close() {
        giveUp(ready);
        rmSync(staging, { recursive: true, force: true });
      },
    };
  }

  /** Nothing is at work now. Where packages have come, more may follow. */
  rest(): void {
    if (!this.#taken) return;
    this.#taken = false;
    this.#after(settleMilliseconds, () => this.prepare());
  }

  /** Gives up the one that is ready. */
  close(): void {
    clearTimeout(this.#timer);
    this.#discard();
  }

  #discard(): void {
    if (this.#ready !== undefined) giveUp(this.#ready);
    this.#ready = undefined;
  }

  #after(milliseconds: number, work: () => void): void {
    clearTimeout(this.#timer);
    // Not a reason for the agent to stay.
    this.#timer = setTimeout(work, milliseconds).unref();
  }

  #make(): Ready {
    const { paths, environment, program } = this.#options;
    const descriptor = openDownload(paths, environment);
    const staging = stagingPath(paths, environment);
    try {
      return { descriptor, staging, unpacker: startUnpacker({ program, descriptor, directory: staging }) };
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }
}

function giveUp({ descriptor, unpacker }: Ready): void {
  unpacker.dispose();
  closeSync(descriptor);
}

/**
 * Where a package is brought to and opened: a private file, a private directory, and the process that may touch nothing else. Each is
 * for one package. Starting that process takes longer than opening a small package, so one is made ready while work is expected.
 */
import { closeSync, rmSync } from 'node:fs';
import type { Environment } from '../../platform/environment.ts';
import type { AgentPaths } from '../../platform/paths.ts';
import { makeStaging, openDownload, type OpenDownload } from './staging.ts';
import { startUnpacker, type Unpacker } from './unpack-in-child.ts';
import type { UnpackAnswer } from './unpack-request.ts';

/** What was signed. */
interface Wanted {
  readonly length: number;
  readonly sha256: string;
}

export interface Workplace {
  readonly download: OpenDownload;
  readonly staging: string;
  /** Verifies what was downloaded and unpacks it into `staging`; throws `OperationFailure` when the process did not answer. */
  unpack(wanted: Wanted, signal: AbortSignal): Promise<UnpackAnswer>;
  /** Ends the process and removes the file and what is still in its place of the directory. */
  close(): void;
}

export interface WorkplacesOptions {
  readonly paths: AgentPaths;
  readonly environment: Environment;
  /** The program to start anew for unpacking. */
  readonly program: string;
}

/** Another package often follows soon: for this long one is kept ready. Milliseconds. */
const lingerMilliseconds = 30_000;
/** What has just been done is told first: starting a process holds everything else up for a moment. Milliseconds. */
const settleMilliseconds = 250;

/** Holds the one that is ready. */
export class Workplaces {
  readonly #options: WorkplacesOptions;
  #ready: { readonly workplace: Workplace; readonly unpacker: Unpacker } | undefined;
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
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready?.unpacker.isThere() === true) return ready.workplace;
    ready?.workplace.close();
    return this.#make().workplace;
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
    this.#ready?.workplace.close();
    this.#ready = undefined;
  }

  #after(milliseconds: number, work: () => void): void {
    clearTimeout(this.#timer);
    // Not a reason for the agent to stay.
    this.#timer = setTimeout(work, milliseconds).unref();
  }

  #make(): { readonly workplace: Workplace; readonly unpacker: Unpacker } {
    const { paths, environment, program } = this.#options;
    const download = openDownload(paths, environment);
    let staging: string | undefined;
    const remove = (): void => {
      closeSync(download.descriptor);
      rmSync(download.path, { force: true });
      if (staging !== undefined) rmSync(staging, { recursive: true, force: true });
    };
    try {
      const directory = makeStaging(paths, environment);
      staging = directory;
      const unpacker = startUnpacker({ program, descriptor: download.descriptor, directory });
      const workplace: Workplace = {
        download,
        staging: directory,
        unpack: (wanted, signal) => unpacker.unpack({ ...wanted, directory }, signal),
        close() {
          unpacker.dispose();
          remove();
        },
      };
      return { workplace, unpacker };
    } catch (error) {
      remove();
      throw error;
    }
  }
}

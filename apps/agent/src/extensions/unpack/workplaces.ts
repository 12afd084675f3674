/**
 * Where packages are brought to and opened: a private file and a private directory for each, and a process for those of one publisher
 * that may touch nothing else. Starting that process takes longer than opening a small package, so one is made ready while work is expected.
 */
import { closeSync } from 'node:fs';
import type { Environment } from '../../platform/environment.ts';
import type { AgentPaths } from '../../platform/paths.ts';
import { makeStaging, openDownload, stagingPath } from './staging.ts';
import type { PackagePlace } from './unpack-in-child.ts';
import { Workshop, type Workplace } from './workshop.ts';

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

/** Packages that one process may open; ten at once are for two processors. */
const placesOfWorkshop = 5;

/** Holds the processes that are ready or at work. */
export class Workplaces {
  readonly #options: WorkplacesOptions;
  /** Nobody's yet: it has seen no package. Nothing of it is on the disk. */
  #ready: Workshop | undefined;
  /** By publisher, in lower case: the one that has places left. */
  readonly #workshops = new Map<string, Workshop>();
  #taken = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WorkplacesOptions) {
    this.#options = options;
  }

  /** Makes one ready unless one is, for a while. Never throws: whoever takes one hears what is wrong. */
  prepare(): void {
    this.#after(lingerMilliseconds, () => this.close());
    if (this.#ready?.isOpen() === true) return;
    this.#ready?.close();
    this.#ready = undefined;
    try {
      this.#ready = this.#make();
    } catch {
      // No room, say. It is tried again when it is needed, and told then.
    }
  }

  /** A place for a package of that publisher. */
  take(publisher: string): Workplace {
    this.#taken = true;
    // Not one more while this one is at work: it would take the processor from it.
    clearTimeout(this.#timer);
    const workplace = this.#workshopOf(publisher.toLowerCase()).take();
    try {
      makeStaging(this.#options.paths, workplace.staging);
    } catch (error) {
      workplace.close();
      throw error;
    }
    return workplace;
  }

  /** Nothing is at work now. Where packages have come, more may follow. */
  rest(): void {
    if (!this.#taken) return;
    this.#taken = false;
    this.#after(settleMilliseconds, () => this.prepare());
  }

  /** Ends the processes. Whoever has a place keeps it. */
  close(): void {
    clearTimeout(this.#timer);
    this.#ready?.close();
    this.#ready = undefined;
    for (const workshop of this.#workshops.values()) workshop.close();
    this.#workshops.clear();
  }

  #workshopOf(publisher: string): Workshop {
    const own = this.#workshops.get(publisher);
    if (own?.isOpen() === true) return own;
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready?.isOpen() === false) ready.close();
    const workshop = ready?.isOpen() === true ? ready : this.#make();
    this.#workshops.set(publisher, workshop);
    return workshop;
  }

  #after(milliseconds: number, work: () => void): void {
    clearTimeout(this.#timer);
    // Not a reason for the agent to stay.
    this.#timer = setTimeout(work, milliseconds).unref();
  }

  #make(): Workshop {
    const { paths, environment, program } = this.#options;
    const places: PackagePlace[] = [];
    try {
      while (places.length < placesOfWorkshop)
        places.push({ descriptor: openDownload(paths, environment), staging: stagingPath(paths, environment) });
      return new Workshop(program, places);
    } catch (error) {
      for (const { descriptor } of places) closeSync(descriptor);
      throw error;
    }
  }
}

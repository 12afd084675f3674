/**
 * One process that opens packages of one publisher, one after another, and ends when there are no more. Starting it takes longer than
 * opening a small package. Whoever takes it over with one package reaches the next as well: so they have one publisher, who decides what
 * is in both, and it is given up as soon as a package was refused, called off or not answered for (T56).
 */
import { closeSync, rmSync } from 'node:fs';
import { startUnpacker, type PackagePlace, type Unpacker, type Wanted } from './unpack-in-child.ts';
import type { UnpackAnswer } from './unpack-request.ts';

/** The way to one package: a private file, a private directory, and a process that reaches them. */
export interface Workplace extends PackagePlace {
  /** Verifies what was downloaded and unpacks it into `staging`; throws `OperationFailure` when the process did not answer. */
  unpack(wanted: Wanted, signal: AbortSignal): Promise<UnpackAnswer>;
  /** Removes whatever is still there. Not while it is being opened. */
  close(): void;
}

/** Nobody waits longer for the package before: it then gets a process of its own. Milliseconds. */
const patienceMilliseconds = 1000;
/** The next package is often asked for while this one is being opened. Milliseconds. */
const lingerMilliseconds = 1000;
/** Bytes of packages a process opens before it ends: what a process has used of memory goes back only then. */
const mostBytes = 8 * 1024 * 1024;

/** Its places are taken one by one; none is used twice. */
export class Workshop {
  readonly #program: string;
  readonly #places: readonly PackagePlace[];
  readonly #unpacker: Unpacker;
  readonly #waiting: ((isTheirTurn: boolean) => void)[] = [];
  #taken = 0;
  /** Taken, and neither opened nor given up. */
  #awaited = 0;
  #atWork = false;
  #bytes = 0;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  /** Starts the process. It owns the files from now on. */
  constructor(program: string, places: readonly PackagePlace[]) {
    this.#program = program;
    this.#places = places;
    this.#unpacker = startUnpacker({ program, places });
  }

  /** Whether there is a place left, and the process to open what comes there. */
  isOpen(): boolean {
    return !this.#closed && this.#taken < this.#places.length && this.#unpacker.isThere();
  }

  /** The next place. The directory is the caller's to make. */
  take(): Workplace {
    const number = this.#taken;
    const place = this.#places[number];
    if (place === undefined) throw new Error('all places of this workshop are taken');
    this.#taken += 1;
    this.#awaited += 1;
    clearTimeout(this.#timer);
    let own: Unpacker | undefined;
    let isAwaited = true;
    const isNoLongerAwaited = (): void => {
      if (isAwaited) this.#awaited -= 1;
      isAwaited = false;
    };
    return {
      ...place,
      unpack: async (wanted, signal) => {
        const isOurTurn = await this.#turn(signal);
        isNoLongerAwaited();
        if (isOurTurn) return this.#open(number, wanted, signal);
        signal.throwIfAborted();
        own = startUnpacker({ program: this.#program, places: [place] });
        try {
          return await own.unpack(0, wanted, signal);
        } finally {
          own.dispose();
        }
      },
      close: () => {
        isNoLongerAwaited();
        closeSync(place.descriptor);
        rmSync(place.staging, { recursive: true, force: true });
        this.#linger();
      },
    };
  }

  /** Ends the process. Whoever has a place keeps it, and gets a process of their own. */
  close(): void {
    this.#retire();
    this.#unpacker.dispose();
  }

  /** Nothing more is opened here than what is at work. */
  #retire(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { descriptor } of this.#places.slice(this.#taken)) closeSync(descriptor);
    for (const tell of this.#waiting.splice(0)) tell(false);
  }

  /** False when it does not come: the process has ended or is long at work on another package, or the package was called off. */
  #turn(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || this.#closed || !this.#unpacker.isThere()) return Promise.resolve(false);
    if (!this.#atWork) {
      this.#atWork = true;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const tell = (isTheirTurn: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        resolve(isTheirTurn);
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(tell), 1);
        tell(false);
      };
      const timer = setTimeout(leave, patienceMilliseconds);
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(tell);
    });
  }

  async #open(number: number, wanted: Wanted, signal: AbortSignal): Promise<UnpackAnswer> {
    let isSound = true;
    try {
      // Called off while it waited: the process has nothing to do with that.
      signal.throwIfAborted();
      isSound = false;
      this.#bytes += wanted.length;
      // Nobody waits for a large package.
      if (this.#bytes >= mostBytes) this.#retire();
      const answer = await this.#unpacker.unpack(number, wanted, signal);
      // One that has met bytes made to deceive it is not shown another package.
      isSound = answer.ok && !this.#closed;
      return answer;
    } finally {
      if (!isSound) this.close();
      this.#passOn();
    }
  }

  #passOn(): void {
    const next = this.#waiting.shift();
    this.#atWork = next !== undefined;
    next?.(true);
    this.#linger();
  }

  #linger(): void {
    clearTimeout(this.#timer);
    if (this.#closed || this.#atWork || this.#awaited > 0) return;
    if (!this.isOpen()) {
      this.close();
      return;
    }
    // Not a reason for the agent to stay.
    this.#timer = setTimeout(() => this.close(), lingerMilliseconds).unref();
  }
}

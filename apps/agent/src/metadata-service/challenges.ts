/**
 * Challenge files: whoever asks for a token of the machine proves that it may, by reading a file that only root and the group
 * `himds` can read (T60). Each is good once and for a minute.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '@sallyport/durable-files';
import { ensureDirectory } from '../platform/directory.ts';

export interface ChallengeOptions {
  /** Where the files are made. */
  readonly directory: string;
  /** The directory as clients see it: within the machine's root. Clients insist on the documented one. */
  readonly shownDirectory: string;
  /** The group that may read them; undefined for the owner alone. */
  readonly group: number | undefined;
  guid(): string;
  /** Milliseconds on a clock that never jumps. */
  monotonic(): number;
}

interface Pending {
  readonly digest: Buffer;
  readonly until: number;
  readonly user: number | undefined;
}

const lifeMilliseconds = 60_000;
/** Challenges that one user has not answered. */
const mostPending = 32;

/** Holds the challenges that wait for their answer. */
export class Challenges {
  readonly #options: ChallengeOptions;
  readonly #pending = new Map<string, Pending>();
  #prepared = false;

  constructor(options: ChallengeOptions) {
    this.#options = options;
  }

  /**
   * Makes a challenge and returns its path as the client is to read it; undefined when this user has too many unanswered ones.
   * Throws when the file cannot be made.
   */
  issue(user: number | undefined): string | undefined {
    this.#expire();
    this.#prepare();
    const unanswered = [...this.#pending.values()].filter((pending) => pending.user === user).length;
    if (unanswered >= mostPending) return undefined;
    const name = `${this.#options.guid()}.key`;
    const secret = randomBytes(32).toString('base64url');
    this.#write(name, secret);
    const until = this.#options.monotonic() + lifeMilliseconds;
    this.#pending.set(name, { digest: digestOf(secret), until, user });
    return join(this.#options.shownDirectory, name);
  }

  /** Whether this is the content of a challenge that waits. It does not wait any more then. */
  accepts(secret: string): boolean {
    this.#expire();
    const digest = digestOf(secret);
    const found = [...this.#pending].find(([, pending]) => timingSafeEqual(pending.digest, digest));
    if (found === undefined) return false;
    this.#forget(found[0]);
    return true;
  }

  /** Removes every challenge, and those that an agent that was killed left behind. */
  clear(): void {
    this.#pending.clear();
    for (const name of namesIn(this.#options.directory)) {
      if (name.endsWith('.key')) rmSync(join(this.#options.directory, name), { force: true });
    }
  }

  #expire(): void {
    const now = this.#options.monotonic();
    for (const [name, { until }] of this.#pending) if (until <= now) this.#forget(name);
  }

  #forget(name: string): void {
    this.#pending.delete(name);
    rmSync(join(this.#options.directory, name), { force: true });
  }

  #prepare(): void {
    if (this.#prepared) return;
    const { directory, group } = this.#options;
    ensureDirectory(directory, group === undefined ? 0o700 : 0o750);
    if (group !== undefined) {
      chownSync(directory, process.geteuid?.() ?? 0, group);
      chmodSync(directory, 0o750);
    }
    this.clear();
    this.#prepared = true;
  }

  /** Owner and mode are right before there is anything to read. */
  #write(name: string, secret: string): void {
    const { directory, group } = this.#options;
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
    const file = openSync(join(directory, name), flags, 0o600);
    try {
      if (group !== undefined) {
        fchownSync(file, process.geteuid?.() ?? 0, group);
        fchmodSync(file, 0o640);
      }
      writeSync(file, secret);
    } finally {
      closeSync(file);
    }
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/**
 * The keys that TLS session tickets are sealed with. A fleet that comes back after a restart brings its tickets, and takes up its
 * sessions with two thirds of the processor time of new ones, where the process that is there now has the keys of the one before. They
 * lie in the state directory only between an end and the next start, and for no longer than half a day they are the same (decision 0222).
 */
import { rmSync } from 'node:fs';
import { writeDurably } from '@sallyport/durable-files';
import * as z from 'zod/mini';
import type { Environment } from '../environment.ts';
import { readIfThere } from './read-if-there.ts';

/** How long a key seals, and a ticket is good. Seconds. */
export const ticketSeconds = 12 * 3600;

/** As Node takes them: a name, a key that encrypts and one that authenticates, of 16 bytes each. */
const keyBytes = 48;

export interface TicketKeys {
  readonly bytes: Buffer;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

const leftSchema = z.object({ keys: z.string(), madeAt: z.number() });

/** Fresh keys: tickets that were sealed with others are no longer good, which costs whoever brings them a whole handshake. */
export function makeTicketKeys(environment: Environment): TicketKeys {
  return { bytes: Buffer.from(environment.randomBytes(keyBytes)), madeAt: environment.now() };
}

/** How many milliseconds keys may still be used. */
export function millisecondsLeft({ madeAt }: TicketKeys, now: number): number {
  // A clock that was set back makes nothing last longer.
  return now < madeAt ? 0 : Math.max(0, madeAt + ticketSeconds * 1000 - now);
}

/** The keys that the process before left here, which are gone from the disk with it; fresh ones when there are none that are still good. */
export function takeTicketKeys(environment: Environment, path: string): TicketKeys {
  const text = readIfThere(path);
  rmSync(path, { force: true });
  return (text === undefined ? undefined : leftKeys(text, environment.now())) ?? makeTicketKeys(environment);
}

/** Leaves keys to the next process, which takes them within half a day or not at all. */
export function leaveTicketKeys(path: string, { bytes, madeAt }: TicketKeys): void {
  writeDurably(path, JSON.stringify({ keys: bytes.toString('base64'), madeAt }), 0o600);
}

function leftKeys(text: string, now: number): TicketKeys | undefined {
  const left = leftSchema.safeParse(jsonOf(text));
  if (!left.success) return undefined;
  const keys = { bytes: Buffer.from(left.data.keys, 'base64'), madeAt: left.data.madeAt };
  return keys.bytes.length === keyBytes && millisecondsLeft(keys, now) > 0 ? keys : undefined;
}

/** What is none of ours counts as nothing: without the keys of before, everybody begins anew. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

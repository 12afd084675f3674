/** Rings between control planes by LISTEN and NOTIFY, over a connection of its own. */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Bells } from '../bells.ts';
import type { PostgresAddress } from './address.ts';
import { clientOptions } from './pool.ts';

/** The channel of all control planes of a database. */
export const bellChannel = 'sallyport_bell';
/** A payload holds 8,000 bytes at most; an id has 36, a word in front of it and a comma. */
const mostTogether = 150;
const againMilliseconds = 250;

export interface PostgresBells extends Bells {
  close(): Promise<void>;
}

/** Bells over a database. `send` notifies {@link bellChannel} with a payload. */
export function createPostgresBells(address: PostgresAddress, send: (payload: string) => Promise<void>): PostgresBells {
  let pending = new Set<string>();
  let sending: Promise<void> | undefined;
  let client: pg.Client | undefined;
  let listening: Promise<void> | undefined;
  let holding: Promise<void> | undefined;
  const closing = new AbortController();
  const listeners: ((bell: string | undefined) => void)[] = [];
  const rung = (bell: string | undefined): void => listeners.forEach((listener) => listener(bell));

  async function sendPending(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const ids = [...pending];
    pending = new Set();
    sending = undefined;
    for (let at = 0; at < ids.length; at += mostTogether) {
      // A database that is away loses rings; when it is back, everybody takes themselves as rung.
      await send(ids.slice(at, at + mostTogether).join(',')).catch(() => undefined);
    }
  }

  /** Listens; what it returns resolves when the connection is lost. */
  async function connect(): Promise<{ readonly lost: Promise<void> }> {
    const fresh = new pg.Client(clientOptions(address));
    const lost = new Promise<void>((resolve) => {
      fresh.on('error', () => resolve());
      fresh.on('end', () => resolve());
    });
    fresh.on('notification', ({ payload = '' }) => {
      for (const bell of payload.split(',')) rung(bell);
    });
    try {
      await fresh.connect();
      await fresh.query(`LISTEN ${bellChannel}`);
    } catch (error) {
      fresh.end().catch(() => undefined);
      throw error;
    }
    client = fresh;
    return { lost };
  }

  async function hold(first: { readonly lost: Promise<void> }): Promise<void> {
    let connection: typeof first | undefined = first;
    for (;;) {
      await connection?.lost;
      if (closing.signal.aborted) return;
      if (connection !== undefined) client?.end().catch(() => undefined);
      connection = await connect().catch(() => undefined);
      if (connection !== undefined) rung(undefined);
      else await pause(againMilliseconds, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  async function begin(): Promise<void> {
    holding = hold(await connect());
  }

  return {
    ring: (bell) => {
      pending.add(bell);
      sending ??= sendPending();
    },
    listen: async (listener) => {
      listeners.push(listener);
      listening ??= begin();
      await listening;
    },
    close: async () => {
      closing.abort();
      await sending;
      await client?.end().catch(() => undefined);
      await holding;
    },
  };
}

/** The activity log: events made durable in the chain, and the whole of it verified, against hashing the same bytes. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityEvent } from '../apps/control-plane/src/activity-log/activity-event.ts';
import { sqliteLog } from '../apps/control-plane/src/activity-log/sqlite-log.ts';
import { verifyLog } from '../apps/control-plane/src/activity-log/verify-log.ts';
import { walkingThreads, type Walkers } from '../apps/control-plane/src/activity-log/walking-threads.ts';
import { createSigningKeyText, readSigningKey } from '../apps/control-plane/src/identity/signing-key.ts';
import { openStore } from '../apps/control-plane/src/store/store.ts';
import { testEvent } from '../apps/control-plane/src/testing/test-event.ts';
import { compare, spreadOf, timed } from './measure.ts';
import { printRows, ratio, type Row } from './report.ts';

const changes = 1_000;
const eventsPerChange = 2;
const rounds = 5;
const eventsVerified = 60_000;
const eventsAtOnce = 1_000;

function manyEvents(): [ActivityEvent, ...ActivityEvent[]] {
  return [testEvent(), ...Array.from({ length: eventsAtOnce - 1 }, () => testEvent())];
}

export async function run(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-log-'));
  try {
    const store = await openStore(directory);
    const perSecond: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      // Made beforehand: what is timed is the transaction, one change with its two events each, synchronous=FULL.
      const batches = Array.from({ length: changes }, () => [testEvent(), testEvent()] as const);
      const spent = await timed(async () => {
        await Promise.all(batches.map((events) => store.change(() => Promise.resolve({ value: undefined, events }))));
      });
      if (round > 0) perSecond.push((changes * eventsPerChange * 1000) / spent);
    }
    // Long enough that it is verified as a long log is; how those events came there is not measured.
    for (let more = (rounds + 1) * changes * eventsPerChange; more < eventsVerified; more += eventsAtOnce)
      await store.change(() => Promise.resolve({ value: undefined, events: manyEvents() }));
    await store.close();
    const { publicKey } = await readSigningKey(await createSigningKeyText());
    const database = join(directory, 'sallyport.sqlite');
    const db = new DatabaseSync(database, { readOnly: true });
    const texts = db
      .prepare('SELECT event FROM activity_events')
      .all()
      .map((row) => String(row['event']));
    db.close();
    const verify = (walkers: Walkers, processor: number[]) => async (): Promise<number> => {
      const before = process.cpuUsage();
      const spent = await timed(async () => {
        const log = sqliteLog(database);
        await verifyLog(log, [], publicKey, walkers);
        await log.close();
      });
      const { user, system } = process.cpuUsage(before);
      processor.push((user + system) / texts.length);
      return spent;
    };
    const hashing = (): Promise<number> =>
      timed(() => texts.forEach((text) => createHash('sha256').update(text).digest('hex')));
    const rate = (milliseconds: number): string =>
      `${Math.round((texts.length * 1000) / milliseconds).toLocaleString('en')}/s`;
    const verified = async (what: string, walkers: Walkers): Promise<Row[]> => {
      const processor: number[] = [];
      const { ours, peer, ratio: own } = await compare(rounds, verify(walkers, processor), hashing);
      return [
        {
          what: `${what}, ${texts.length.toLocaleString('en')} events`,
          figure: rate(ours.median),
          against: `hashing their texts from memory: ${rate(peer.median)}`,
          ratio: ratio(own),
        },
        { what: '  processor for each', figure: `${spreadOf(processor).median.toFixed(1)} µs` },
      ];
    };
    printRows('The activity log', [
      {
        what: 'durable events, a transaction for each change with its two',
        figure: `${Math.round(spreadOf(perSecond).median).toLocaleString('en')}/s`,
      },
      ...(await verified(`verified, ${walkingThreads.stretches(texts.length)} threads`, walkingThreads)),
      ...(await verified('verified, one thread', { ...walkingThreads, stretches: () => 1 })),
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The activity log: events made durable in the chain, and the whole of it verified, against hashing the same bytes. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteLog } from '../apps/control-plane/src/activity-log/stored-log.ts';
import { verifyLog } from '../apps/control-plane/src/activity-log/verify-log.ts';
import { createSigningKeyText, readSigningKey } from '../apps/control-plane/src/identity/signing-key.ts';
import { openStore } from '../apps/control-plane/src/store/store.ts';
import { testEvent } from '../apps/control-plane/src/testing/test-event.ts';
import { compare, spreadOf, timed } from './measure.ts';
import { printRows, ratio } from './report.ts';

const changes = 1_000;
const eventsPerChange = 2;
const rounds = 5;

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
    await store.close();
    const { publicKey } = await readSigningKey(await createSigningKeyText());
    const database = join(directory, 'sallyport.sqlite');
    const db = new DatabaseSync(database, { readOnly: true });
    const texts = db
      .prepare('SELECT event FROM activity_events')
      .all()
      .map((row) => String(row['event']));
    db.close();
    const processor: number[] = [];
    const verified = await compare(
      rounds,
      async () => {
        const before = process.cpuUsage();
        const spent = await timed(async () => {
          const log = sqliteLog(database);
          await verifyLog(log, [], publicKey);
          await log.close();
        });
        const { user, system } = process.cpuUsage(before);
        processor.push((user + system) / texts.length);
        return spent;
      },
      () => timed(() => texts.forEach((text) => createHash('sha256').update(text).digest('hex'))),
    );
    const rate = (milliseconds: number): string =>
      `${Math.round((texts.length * 1000) / milliseconds).toLocaleString('en')}/s`;
    printRows('The activity log', [
      {
        what: 'durable events, a transaction for each change with its two',
        figure: `${Math.round(spreadOf(perSecond).median).toLocaleString('en')}/s`,
      },
      {
        what: `verified, ${texts.length.toLocaleString('en')} events`,
        figure: rate(verified.ours.median),
        against: `hashing their texts from memory: ${rate(verified.peer.median)}`,
        ratio: ratio(verified.ratio),
      },
      { what: '  processor for each', figure: `${spreadOf(processor).median.toFixed(1)} µs` },
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

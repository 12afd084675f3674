/** `sallyport-control-plane verify-activity-log`: is the log what was written? */
import { existsSync, readFileSync } from 'node:fs';
import { messageOf } from '@sallyport/model';
import type { CryptoKey } from 'jose';
import { readCheckpointKey } from './activity-log/checkpoint.ts';
import { exportPaths } from './activity-log/export-files.ts';
import { logAddress, openStoredLog, type LogAddress } from './activity-log/stored-log.ts';
import { LogNotIntact } from './activity-log/chain-walk.ts';
import { verifyLog, type VerifiedLog } from './activity-log/verify-log.ts';
import { walkingThreads, type Walkers } from './activity-log/walking-threads.ts';
import { statePaths } from './state/state-paths.ts';
import type { PostgresAddress } from './store/postgres/address.ts';

export interface VerifyOptions {
  /** A state directory, or a directory that the log was exported to. */
  readonly where: { readonly state: string } | { readonly exported: string };
  /** Where the log is when it is not in the state directory. */
  readonly postgres: PostgresAddress | undefined;
  /** A checkpoint file kept elsewhere; the state directory's own when left out. */
  readonly checkpoints: string | undefined;
  /** A public key kept elsewhere (JWK); the state directory's own when left out. */
  readonly key: string | undefined;
}

export interface Answered {
  /** 0 intact, 1 not intact, 2 what is needed cannot be read. */
  readonly code: 0 | 1 | 2;
  readonly text: string;
}

interface Place {
  readonly name: string;
  readonly needed: readonly string[];
  readonly checkpoints: string;
  readonly key: string;
  readonly log: LogAddress;
}

function placeOf({ where, postgres }: VerifyOptions): Place {
  if ('exported' in where) {
    const paths = exportPaths(where.exported);
    return {
      name: 'export',
      needed: [where.exported],
      checkpoints: paths.checkpoints,
      key: paths.publicKey,
      log: { kind: 'export', directory: where.exported },
    };
  }
  const paths = statePaths(where.state);
  return {
    name: 'state directory',
    needed: postgres === undefined ? [paths.database] : [],
    checkpoints: paths.activityCheckpoints,
    key: paths.activityPublicKey,
    log: logAddress(paths.database, postgres),
  };
}

async function openAndVerify(
  address: LogAddress,
  ...held: [readonly string[], CryptoKey, Walkers]
): Promise<VerifiedLog> {
  const log = await openStoredLog(address);
  try {
    return await verifyLog(log, ...held);
  } finally {
    await log.close();
  }
}

/** Verifies and says so in one paragraph. Never throws. */
export async function verifyActivityLog(options: VerifyOptions, walkers: Walkers = walkingThreads): Promise<Answered> {
  const place = placeOf(options);
  const checkpoints = options.checkpoints ?? place.checkpoints;
  const key = options.key ?? place.key;
  for (const path of [...place.needed, checkpoints, key]) {
    if (!existsSync(path)) return { code: 2, text: `There is no '${path}', which verifying needs.\n` };
  }
  try {
    const publicKey = await readCheckpointKey(readFileSync(key, 'utf8'));
    const lines = readFileSync(checkpoints, 'utf8').split('\n').slice(0, -1);
    const {
      events,
      head,
      sealedUpTo,
      cut,
      checkpoints: count,
    } = await openAndVerify(place.log, lines, publicKey, walkers);
    const own = options.checkpoints === undefined || options.key === undefined;
    const rest = [
      `The activity log is intact: ${events} events, ${count} checkpoints, the newest at position ${sealedUpTo}.`,
      `Head: ${head}`,
      ...(cut === undefined
        ? []
        : [
            `Events up to position ${cut.position} were removed as retention wants; the checkpoint of ${cut.time} is signed for that.`,
          ]),
      ...(own
        ? [
            `Checkpoints and key are those of the ${place.name}: whoever holds all of it could have made them anew. Keep copies elsewhere and name them with --checkpoints and --key.`,
          ]
        : []),
    ];
    return { code: 0, text: `${rest.join('\n')}\n` };
  } catch (error) {
    if (error instanceof LogNotIntact) return { code: 1, text: `The activity log is NOT intact. ${error.message}\n` };
    return { code: 2, text: `The activity log could not be verified: ${messageOf(error)}\n` };
  }
}

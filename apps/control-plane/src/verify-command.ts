/** `sallyport-control-plane verify-activity-log`: is the log what was written? */
import { existsSync, readFileSync } from 'node:fs';
import { messageOf } from '@sallyport/model';
import type { CryptoKey } from 'jose';
import { readCheckpointKey } from './activity-log/checkpoint.ts';
import { postgresLog, sqliteLog, type StoredLog } from './activity-log/stored-log.ts';
import { LogNotIntact, verifyLog, type VerifiedLog } from './activity-log/verify-log.ts';
import { statePaths } from './state/state-paths.ts';
import type { PostgresAddress } from './store/postgres/address.ts';

export interface VerifyOptions {
  readonly state: string;
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

async function verifyAndClose(log: StoredLog, ...held: [readonly string[], CryptoKey]): Promise<VerifiedLog> {
  try {
    return await verifyLog(log, ...held);
  } finally {
    await log.close();
  }
}

/** Verifies and says so in one paragraph. Never throws. */
export async function verifyActivityLog(options: VerifyOptions): Promise<Answered> {
  const paths = statePaths(options.state);
  const checkpoints = options.checkpoints ?? paths.activityCheckpoints;
  const key = options.key ?? paths.activityPublicKey;
  const files = options.postgres === undefined ? [paths.database, checkpoints, key] : [checkpoints, key];
  for (const path of files) {
    if (!existsSync(path)) return { code: 2, text: `There is no '${path}', which verifying needs.\n` };
  }
  try {
    const publicKey = await readCheckpointKey(readFileSync(key, 'utf8'));
    const lines = readFileSync(checkpoints, 'utf8').split('\n').slice(0, -1);
    const log = options.postgres === undefined ? sqliteLog(paths.database) : await postgresLog(options.postgres);
    const { events, head, sealedUpTo, checkpoints: count } = await verifyAndClose(log, lines, publicKey);
    const own = options.checkpoints === undefined || options.key === undefined;
    const rest = [
      `The activity log is intact: ${events} events, ${count} checkpoints, the newest at position ${sealedUpTo}.`,
      `Head: ${head}`,
      ...(own
        ? [
            'Checkpoints and key are those of the state directory: whoever holds all of it could have made them anew. Keep copies elsewhere and name them with --checkpoints and --key.',
          ]
        : []),
    ];
    return { code: 0, text: `${rest.join('\n')}\n` };
  } catch (error) {
    if (error instanceof LogNotIntact) return { code: 1, text: `The activity log is NOT intact. ${error.message}\n` };
    return { code: 2, text: `The activity log could not be verified: ${messageOf(error)}\n` };
  }
}

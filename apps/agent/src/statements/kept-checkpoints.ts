/**
 * Checkpoints of the control plane's activity log, kept where the centre cannot reach: whoever holds database and keys there can make the
 * log anew, but not one that agrees with these (T15, T67). `sallyport control-plane verify-activity-log --checkpoints … --key …` takes the files as they are.
 */
import { createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isMissing, syncDirectory, writeDurably } from '@sallyport/durable-files';
import { messageOf, parseJson } from '@sallyport/model';
import { checkpointKeySchema, type CheckpointKey } from '@sallyport/model/wire';
import * as z from 'zod/mini';
import { ensureDirectory } from '../platform/directory.ts';
import { agentPaths } from '../platform/paths.ts';
import { judgeCheckpoint, thinned, type Judgement, type LogPlace } from './judge-checkpoint.ts';

const placeSchema = z.object({
  position: z.int().check(z.minimum(1)),
  hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});

/** The files, for whoever verifies. */
export function checkpointFiles(root: string): {
  readonly directory: string;
  readonly checkpoints: string;
  readonly key: string;
} {
  const directory = join(agentPaths(root).data, 'activity-log');
  return { directory, checkpoints: join(directory, 'checkpoints'), key: join(directory, 'key.json') };
}

/** The newest line that is kept; undefined when there is none. */
export function newestKept(root: string): string | undefined {
  return linesOf(checkpointFiles(root).checkpoints).at(-1);
}

/** Where the newest kept line says that the log stood, and in how many folders there are lines of logs that contradict it. */
export function describeKept(root: string): { readonly position: number; readonly contradicted: number } | undefined {
  const { directory } = checkpointFiles(root);
  const beginning = `${basename(directory)}.until-`;
  try {
    const contradicted = readdirSync(dirname(directory)).filter((name) => name.startsWith(beginning)).length;
    const newest = newestKept(root);
    return newest === undefined ? undefined : { position: placeIn(newest).position, contradicted };
  } catch {
    // Only shown.
    return undefined;
  }
}

/**
 * Keeps a checkpoint that the control plane showed, with the key of the first one that it showed. One that contradicts what was kept begins
 * another folder, and the one before is kept beside it as evidence. `now` is in milliseconds since 1970. Throws what the file system says.
 */
export function keepCheckpoint(root: string, checkpoint: string, shownKey: CheckpointKey, now: number): Judgement {
  const { directory } = checkpointFiles(root);
  ensureDirectory(directory, 0o755);
  const judged = judge(root, checkpoint, shownKey);
  if (judged.outcome === 'contradicts') {
    renameSync(directory, `${directory}.until-${new Date(now).toISOString().replaceAll(/[-:]/g, '')}`);
    syncDirectory(dirname(directory));
    ensureDirectory(directory, 0o755);
  }
  if (judged.outcome !== 'known') keep(root, checkpoint, shownKey);
  return judged;
}

function judge(root: string, checkpoint: string, shownKey: CheckpointKey): Judgement {
  const key = readKey(root) ?? shownKey;
  let shown: LogPlace;
  try {
    shown = signedPlace(checkpoint, key);
  } catch (error) {
    const message = `The control plane showed a checkpoint of its activity log that is not signed as those before it: ${messageOf(error)}.`;
    return { outcome: 'contradicts', message };
  }
  const newest = newestKept(root);
  return judgeCheckpoint(newest === undefined ? undefined : placeIn(newest), shown);
}

function keep(root: string, checkpoint: string, shownKey: CheckpointKey): void {
  const { checkpoints, key } = checkpointFiles(root);
  if (!existsSync(key)) writeDurably(key, `${JSON.stringify(shownKey)}\n`, 0o644);
  const lines = thinned([...linesOf(checkpoints), checkpoint]);
  writeDurably(checkpoints, lines.map((line) => `${line}\n`).join(''), 0o644);
}

function readKey(root: string): CheckpointKey | undefined {
  const { key } = checkpointFiles(root);
  return existsSync(key) ? parseJson(checkpointKeySchema, readFileSync(key, 'utf8'), key) : undefined;
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Where it says that the log stands. Throws when it is not signed with the key, as a checkpoint. */
function signedPlace(checkpoint: string, key: CheckpointKey): LogPlace {
  const end = checkpoint.lastIndexOf('.');
  const header: unknown = JSON.parse(partOf(checkpoint, 0));
  const { alg, typ } = Object(header) as { readonly alg?: unknown; readonly typ?: unknown };
  if (alg !== 'ES256' || typ !== 'sallyport-activity-checkpoint' || checkpoint.split('.').length !== 3)
    throw new Error('it is not a checkpoint');
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const signature = Buffer.from(checkpoint.slice(end + 1), 'base64url');
  const isSigned = verify(
    'sha256',
    Buffer.from(checkpoint.slice(0, Math.max(end, 0))),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    signature,
  );
  if (!isSigned) throw new Error('its signature is of another key');
  return placeIn(checkpoint);
}

function placeIn(checkpoint: string): LogPlace {
  return parseJson(placeSchema, partOf(checkpoint, 1), 'The checkpoint');
}

function partOf(checkpoint: string, index: number): string {
  return Buffer.from(checkpoint.split('.')[index] ?? '', 'base64url').toString('utf8');
}

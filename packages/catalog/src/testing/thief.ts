/** For tests: somebody who has got hold of some of the gallery's keys and signs what no gallery would. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalize } from '@tufjs/canonical-json';
import { keysOfRole } from '../repository/signing-key.ts';
import type { Stage } from './stage.ts';

/** Where the thief is: a gallery with its keys. */
export type Robbed = Pick<Stage, 'options' | 'read'>;

/** A role's content, freely changed. */
export type Content = Record<string, unknown>;
type File = { signatures: { keyid: string; sig: string }[]; signed: Content };

export function parse(bytes: Uint8Array): File {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as File;
}

/** The newest file of a role, by the version that the timestamp or snapshot names. */
export function currentFile(stage: Robbed, role: string): string {
  if (role === 'timestamp') return 'timestamp.json';
  const named = (file: string, entry: string): number =>
    (parse(stage.read(file)).signed['meta'] as Record<string, { version: number }>)[entry]?.version ?? 0;
  const snapshot = `${named('timestamp.json', 'snapshot.json')}.snapshot.json`;
  return role === 'snapshot' ? snapshot : `${named(snapshot, `${role}.json`)}.${role}.json`;
}

export function contentOf(stage: Robbed, role: string): Content {
  return parse(stage.read(currentFile(stage, role))).signed;
}

/** Signs content with the keys that lie in the gallery under the names of `keyRoles`. */
export async function signAs(stage: Robbed, content: Content, ...keyRoles: readonly string[]): Promise<Buffer> {
  const keys = (await Promise.all(keyRoles.map((role) => keysOfRole(stage.options.keysDirectory, role)))).flat();
  const bytes = Buffer.from(canonicalize(content));
  const signatures = keys.map((key) => ({ keyid: key.identifier, sig: key.sign(bytes) }));
  return Buffer.from(canonicalize({ signatures, signed: content }));
}

function reference(bytes: Uint8Array, version: unknown): Content {
  return { version, length: bytes.length, hashes: { sha256: createHash('sha256').update(bytes).digest('hex') } };
}

/**
 * Publishes changed roles with a snapshot and a timestamp that name them, all properly signed: what a thief of those keys can do.
 * `change` edits the content of each role. Versions are raised by one unless `change` says otherwise.
 */
export async function publishAs(
  stage: Robbed,
  roles: readonly string[],
  change: (content: Content, role: string) => Content,
): Promise<void> {
  const edit = (role: string): Content => {
    const content = contentOf(stage, role);
    return change({ ...content, version: Number(content['version']) + 1 }, role);
  };
  const meta = { ...(contentOf(stage, 'snapshot')['meta'] as Content) };
  for (const role of roles) {
    if (role === 'snapshot' || role === 'timestamp') continue;
    const content = edit(role);
    const bytes = await signAs(stage, content, role);
    writeFileSync(join(stage.options.directory, `${String(content['version'])}.${role}.json`), bytes);
    meta[`${role}.json`] = reference(bytes, content['version']);
  }
  const base = contentOf(stage, 'snapshot');
  const merged = { ...base, version: Number(base['version']) + 1, meta };
  const snapshot = roles.includes('snapshot') ? change(merged, 'snapshot') : merged;
  const snapshotBytes = await signAs(stage, snapshot, 'snapshot');
  writeFileSync(join(stage.options.directory, `${String(snapshot['version'])}.snapshot.json`), snapshotBytes);
  const old = contentOf(stage, 'timestamp');
  const next = {
    ...old,
    version: Number(old['version']) + 1,
    meta: { 'snapshot.json': reference(snapshotBytes, snapshot['version']) },
  };
  const timestamp = roles.includes('timestamp') ? change(next, 'timestamp') : next;
  writeFileSync(join(stage.options.directory, 'timestamp.json'), await signAs(stage, timestamp, 'timestamp'));
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8')) as unknown;
}

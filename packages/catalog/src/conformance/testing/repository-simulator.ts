/**
 * For tests: a TUF repository that may lie. It signs whatever it is told to, keeps every version it has published, and is served over
 * HTTP. Made from the specification's formats alone: nothing of the verifier under test is used.
 */
import { createHash } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';
import { simulatedKey, type SimulatedKey } from './simulated-key.ts';

export interface RoleKeys {
  keyids: string[];
  threshold: number;
}
export interface Delegation extends RoleKeys {
  name: string;
  paths: string[];
  terminating: boolean;
}
export interface FileMeta {
  version: number;
  length?: number;
  hashes?: Record<string, string>;
}
interface Signed {
  _type: string;
  spec_version: string;
  version: number;
  expires: string;
  [other: string]: unknown;
}
export interface RootSigned extends Signed {
  consistent_snapshot: boolean;
  keys: Record<string, Record<string, unknown>>;
  roles: Record<string, RoleKeys>;
}
export interface MetaSigned extends Signed {
  meta: Record<string, FileMeta>;
}
export interface TargetsSigned extends Signed {
  targets: Record<string, { length: number; hashes: Record<string, string> }>;
  delegations?: { keys: Record<string, Record<string, unknown>>; roles: Delegation[] };
}

const day = 24 * 60 * 60 * 1000;
/** When all simulated time begins: now, so that the program itself can be run against it too. */
export const simulatedNow = Math.floor(Date.now() / 1000) * 1000;
/** An expiry so many days from the beginning. */
export const expiresIn = (days: number): string => `${new Date(simulatedNow + days * day).toISOString().slice(0, 19)}Z`;

const topLevel = ['root', 'timestamp', 'snapshot', 'targets'] as const;

function begin(type: string): Signed {
  return { _type: type, spec_version: '1.0.31', version: 0, expires: expiresIn(30) };
}

export class RepositorySimulator {
  readonly root: RootSigned = { ...begin('root'), consistent_snapshot: true, keys: {}, roles: {} };
  readonly timestamp: MetaSigned = { ...begin('timestamp'), meta: {} };
  readonly snapshot: MetaSigned = { ...begin('snapshot'), meta: {} };
  readonly delegated = new Map<string, TargetsSigned>([['targets', { ...begin('targets'), targets: {} }]]);
  readonly signers = new Map<string, SimulatedKey[]>();
  /** Every version of every role, in the order of publication. */
  readonly published = new Map<string, Buffer[]>();
  readonly artifacts = new Map<string, Buffer>();
  /** What was asked for: `timestamp`, `root 2`, `targets/hello`. */
  readonly requests: string[] = [];
  /** Whether snapshot and timestamp name lengths and hashes too. */
  hashes = false;
  /** Role by role, what is done to a file on its way out. */
  readonly mangle = new Map<string, (bytes: Buffer) => Buffer>();

  constructor() {
    for (const role of topLevel) {
      this.root.roles[role] = { keyids: [], threshold: 1 };
      this.addKey(role);
    }
    this.publish('targets', 'snapshot', 'timestamp', 'root');
  }

  targets(role = 'targets'): TargetsSigned {
    const found = this.delegated.get(role);
    if (found === undefined) throw new Error(`${role} is not there`);
    return found;
  }

  rule(role: string): RoleKeys {
    const found = this.root.roles[role];
    if (found === undefined) throw new Error(`${role} is no top-level role`);
    return found;
  }

  /** Lets a key sign a top-level role, and signs with it from now on unless told not to. */
  addKey(role: string, key = simulatedKey(), signs = true): SimulatedKey {
    this.root.keys[key.keyid] = key.key;
    this.rule(role).keyids.push(key.keyid);
    if (signs) this.signers.set(role, [...(this.signers.get(role) ?? []), key]);
    return key;
  }

  /** Takes every key from a role and gives it as many new ones as it needs. */
  rotateKeys(role: string): void {
    this.rule(role).keyids = [];
    this.signers.set(role, []);
    for (let i = 0; i < this.rule(role).threshold; i += 1) this.addKey(role);
  }

  /** Delegates to a role under a key of its own. */
  delegate(delegator: string, name: string, paths: readonly string[] = ['*'], terminating = false): void {
    const from = this.targets(delegator);
    from.delegations ??= { keys: {}, roles: [] };
    const key = simulatedKey();
    from.delegations.keys[key.keyid] = key.key;
    from.delegations.roles.push({ name, keyids: [key.keyid], threshold: 1, terminating, paths: [...paths] });
    this.signers.set(name, [...(this.signers.get(name) ?? []), key]);
    if (!this.delegated.has(name)) this.delegated.set(name, { ...begin('targets'), targets: {} });
  }

  addArtifact(role: string, path: string, content: string): void {
    const bytes = Buffer.from(content);
    this.artifacts.set(path, bytes);
    this.targets(role).targets[path] = { length: bytes.length, hashes: { sha256: hashOf(bytes) } };
  }

  /** Signs and publishes the next version of each role; snapshot and timestamp then name it. */
  publish(...roles: readonly string[]): void {
    for (const role of roles) {
      this.signedOf(role).version += 1;
      this.publishAsIs(role);
    }
  }

  /** Signs and publishes a role under the version it has. */
  publishAsIs(role: string): void {
    const signed = this.signedOf(role);
    const content = Buffer.from(canonicalize(signed));
    const signatures = (this.signers.get(role) ?? []).map((key) => ({ keyid: key.keyid, sig: key.sign(content) }));
    // Indented, as other implementations write it: the form is not what is signed.
    const bytes = Buffer.from(JSON.stringify({ signatures, signed }, undefined, 1));
    this.published.set(role, [...(this.published.get(role) ?? []), bytes]);
    const meta: FileMeta = {
      version: signed.version,
      ...(this.hashes && { length: bytes.length, hashes: { sha256: hashOf(bytes) } }),
    };
    if (role === 'snapshot') this.timestamp.meta['snapshot.json'] = meta;
    else if (this.delegated.has(role)) this.snapshot.meta[`${role}.json`] = meta;
  }

  /** The newest file of a role, or the newest one that has a version. */
  file(role: string, version?: number): Buffer | undefined {
    const found = (this.published.get(role) ?? []).findLast(
      (bytes) => version === undefined || versionOf(bytes) === version,
    );
    return found === undefined ? undefined : (this.mangle.get(role)?.(found) ?? found);
  }

  private signedOf(role: string): Signed {
    if (role === 'root') return this.root;
    if (role === 'timestamp') return this.timestamp;
    return role === 'snapshot' ? this.snapshot : this.targets(role);
  }
}

function versionOf(bytes: Buffer): number {
  return (JSON.parse(bytes.toString('utf8')) as { signed: { version: number } }).signed.version;
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

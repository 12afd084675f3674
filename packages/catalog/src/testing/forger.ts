/** For tests: somebody who holds some of the catalog's keys, and the carrier as well, and forges whatever those keys can sign. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalize } from '@tufjs/canonical-json';
import type { CatalogFetch } from '../client/catalog-fetch.ts';
import { keysOfRole, makeKey, makeKeysDirectory, type SigningKey } from '../repository/signing-key.ts';
import type { Stage } from './stage.ts';
import { parse, type Content } from './thief.ts';

/** What can be stolen. `targets` is the whole level: the keys of `targets` and of every publisher. */
export type Stealable = 'root' | 'targets' | 'snapshot' | 'timestamp';
export const stealable: readonly Stealable[] = ['root', 'targets', 'snapshot', 'timestamp'];

/** The catalog as files: what an honest carrier, or a copy of one, hands out. */
export type World = ReadonlyMap<string, Uint8Array>;

export interface Forging {
  /** The state that the forgery is built upon. */
  readonly base: World;
  /** New content of roles that are signed again, before versions are set. */
  readonly edit?: (content: Content, role: string) => Content;
  /** Genuine files of targets roles, by role, that the snapshot is to name as they are. */
  readonly genuine?: Readonly<Record<string, Uint8Array>>;
  /** Roles to sign; by default every role that changed, the snapshot and the timestamp. */
  readonly sign?: readonly string[];
  /** Added to each version. 1 by default; 0 forges under the version that is there. */
  readonly step?: number;
  /** Sign with only so many of the keys of each role. All by default. */
  readonly signatures?: number;
}

/** A forger with exactly these keys. Where one is missing, signs with keys of its own, or with whatever it stole (`confused`). */
export class Forger {
  readonly #stage: Stage;
  readonly #stolen: ReadonlySet<Stealable>;
  readonly #own: readonly SigningKey[];

  private constructor(stage: Stage, stolen: ReadonlySet<Stealable>, own: readonly SigningKey[]) {
    this.#stage = stage;
    this.#stolen = stolen;
    this.#own = own;
  }

  static async with(stage: Stage, stolen: readonly Stealable[]): Promise<Forger> {
    const directory = join(stage.folder, 'forger');
    mkdirSync(directory, { recursive: true });
    await makeKeysDirectory(directory);
    const left = await keysOfRole(directory, 'own');
    const own = left.length === 0 ? [await makeKey(directory, 'own')] : left;
    return new Forger(stage, new Set(stolen), own);
  }

  /**
   * Not a theft: the owner of the gallery lets two keys sign every role, and asks for both. The second keys lie with the first, so
   * that whoever steals a role's keys could have both; it is up to {@link Forging.signatures} to use but one.
   */
  static async raisingThresholds(stage: Stage, base: World): Promise<World> {
    const { keysDirectory } = stage.options;
    const pairs = new Map<string, readonly SigningKey[]>();
    const delegations = contentOf(base, 'targets')['delegations'] as { keys: Content; roles: Content[] };
    const publishers = delegations.roles.map((role) => String(role['name']));
    for (const role of ['root', 'targets', 'snapshot', 'timestamp', ...publishers]) {
      await makeKey(keysDirectory, role);
      pairs.set(role, await keysOfRole(keysDirectory, role));
    }
    const rule = (role: string): Content => ({
      keyids: (pairs.get(role) ?? []).map((key) => key.identifier),
      threshold: 2,
    });
    const shown = (roles: readonly string[]): Content =>
      Object.fromEntries(
        roles.flatMap((role) => (pairs.get(role) ?? []).map((key) => [key.identifier, { ...key.publicKey }])),
      );
    const root = parse(base.get('1.root.json') ?? Buffer.alloc(0)).signed;
    const top = ['root', 'targets', 'snapshot', 'timestamp'];
    const strictRoot = {
      ...root,
      version: 2,
      keys: shown(top),
      roles: Object.fromEntries(top.map((role) => [role, rule(role)])),
    };
    const strict = new Map(base).set('2.root.json', signed(strictRoot, pairs.get('root') ?? []));
    const owner = new Forger(stage, new Set(['targets', 'snapshot', 'timestamp']), []);
    return owner.forge({
      base: strict,
      edit: (content, role) =>
        role === 'targets'
          ? {
              ...content,
              delegations: {
                keys: shown(publishers),
                roles: delegations.roles.map((each) => ({ ...each, ...rule(String(each['name'])) })),
              },
            }
          : { ...content, strict: true },
    });
  }

  holds(role: string): boolean {
    return this.#stolen.has('root') || this.#stolen.has(levelOf(role));
  }

  /** The public half of the forger's own key. */
  get ownKey(): SigningKey {
    const [own] = this.#own;
    if (own === undefined) throw new Error('a forger has a key');
    return own;
  }

  /** The forged files, over those of the base. */
  async forge({ base, edit = same, genuine = {}, sign, step = 1, signatures }: Forging): Promise<World> {
    const forged = new Map(base);
    if (this.#stolen.has('root')) await this.#replaceRoot(forged, signatures);
    const meta = { ...(contentOf(base, 'snapshot')['meta'] as Content) };
    const whole = this.#stolen.has('root');
    for (const [role, bytes] of Object.entries(genuine)) {
      // Whoever has root's keys has made every role its own, and signs the genuine content itself.
      if (whole) continue;
      meta[`${role}.json`] = reference(bytes);
      forged.set(`${String(parse(bytes).signed['version'])}.${role}.json`, bytes);
    }
    const everything = [...targetsRoles(base), 'snapshot', 'timestamp'];
    const wanted = whole ? [...everything, ...(sign ?? [])] : (sign ?? everything);
    for (const role of new Set([...targetsRoles(base), ...wanted])) {
      if (role === 'snapshot' || role === 'timestamp' || !wanted.includes(role)) continue;
      const given = genuine[role];
      if (given !== undefined && !whole) continue;
      const there = has(base, role) ? contentOf(base, role) : emptyRole(contentOf(base, 'targets'));
      const before = given === undefined ? there : { ...there, targets: parse(given).signed['targets'] };
      const after = edit(this.#delegatingToOwn(before, role), role);
      if (canonicalize(after) === canonicalize(before) && !whole) continue;
      const content = { ...after, version: next(after, step) };
      const bytes = await this.#sign(content, role, signatures);
      forged.set(`${String(content.version)}.${role}.json`, bytes);
      meta[`${role}.json`] = reference(bytes);
    }
    let named = (contentOf(base, 'timestamp')['meta'] as Content)['snapshot.json'];
    if (wanted.includes('snapshot')) {
      const content = edit({ ...contentOf(base, 'snapshot'), meta }, 'snapshot');
      const versioned = { ...content, version: next(content, step) };
      const bytes = await this.#sign(versioned, 'snapshot', signatures);
      forged.set(`${String(versioned.version)}.snapshot.json`, bytes);
      named = reference(bytes);
    }
    if (wanted.includes('timestamp')) {
      const content = edit({ ...contentOf(base, 'timestamp'), meta: { 'snapshot.json': named } }, 'timestamp');
      const bytes = await this.#sign({ ...content, version: next(content, step) }, 'timestamp', signatures);
      forged.set('timestamp.json', bytes);
    }
    return forged;
  }

  /** With root's keys the forger makes every role its own. */
  async #replaceRoot(forged: Map<string, Uint8Array>, signatures: number | undefined): Promise<void> {
    const version = newestRoot(forged);
    const root = parse(forged.get(`${version}.root.json`) ?? Buffer.alloc(0)).signed;
    const roles = root['roles'] as Record<string, Content>;
    const rule = { keyids: [this.ownKey.identifier], threshold: 1 };
    const content = {
      ...root,
      version: version + 1,
      keys: { ...(root['keys'] as Content), [this.ownKey.identifier]: { ...this.ownKey.publicKey } },
      roles: { ...roles, targets: rule, snapshot: rule, timestamp: rule },
    };
    const keys = await this.#genuineKeys('root', signatures);
    forged.set(`${version + 1}.root.json`, signed(content, keys));
  }

  /** With root's keys `targets` is the forger's, and so is whom it delegates to. */
  #delegatingToOwn(content: Content, role: string): Content {
    if (role !== 'targets' || !this.#stolen.has('root')) return content;
    const delegations = content['delegations'] as { keys: Content; roles: Content[] };
    const keys = { ...delegations.keys, [this.ownKey.identifier]: { ...this.ownKey.publicKey } };
    const roles = delegations.roles.map((each) => ({ ...each, keyids: [this.ownKey.identifier], threshold: 1 }));
    return { ...content, delegations: { ...delegations, keys, roles } };
  }

  async #sign(content: Content, role: string, signatures: number | undefined): Promise<Uint8Array> {
    if (this.#stolen.has('root')) return signed(content, this.#own);
    const genuine = this.holds(role) ? await this.#genuineKeys(role, signatures) : [];
    if (genuine.length > 0) return signed(content, genuine);
    // Not among the stolen ones: its own key, and everything it has stolen for other roles.
    const others = await Promise.all([...this.#stolen].map(async (other) => this.#genuineKeys(other, signatures)));
    return signed(content, [...this.#own, ...others.flat()]);
  }

  async #genuineKeys(role: string, signatures: number | undefined): Promise<readonly SigningKey[]> {
    return (await keysOfRole(this.#stage.options.keysDirectory, role)).slice(0, signatures);
  }
}

/** A carrier of a world. */
export function carry(world: World): CatalogFetch {
  return async (file) => world.get(file) ?? 'missing';
}

/** The content of a role in the version that a world's timestamp and snapshot name. */
export function contentOf(world: World, role: string): Content {
  const bytes = world.get(fileOf(world, role));
  if (bytes === undefined) throw new Error(`${role} is not there`);
  return parse(bytes).signed;
}

/** The file of a role, as timestamp and snapshot name it. */
export function fileOf(world: World, role: string): string {
  if (role === 'timestamp') return 'timestamp.json';
  const above = role === 'snapshot' ? 'timestamp' : 'snapshot';
  const meta = contentOf(world, above)['meta'] as Record<string, { version: number }>;
  return `${meta[`${role}.json`]?.version ?? 0}.${role}.json`;
}

function has(world: World, role: string): boolean {
  return world.has(fileOf(world, role));
}

function targetsRoles(world: World): string[] {
  return Object.keys(contentOf(world, 'snapshot')['meta'] as Content).map((file) => file.replace(/\.json$/, ''));
}

function emptyRole({ _type, spec_version, expires }: Content): Content {
  return { _type, spec_version, expires, version: 0, targets: {} };
}

function newestRoot(world: World): number {
  let version = 1;
  while (world.has(`${version + 1}.root.json`)) version += 1;
  return version;
}

function levelOf(role: string): Stealable {
  return role === 'root' || role === 'snapshot' || role === 'timestamp' ? role : 'targets';
}

function next(content: Content, step: number): number {
  return Number(content['version']) + step;
}

function same(content: Content): Content {
  return content;
}

function signed(content: Content, keys: readonly SigningKey[]): Uint8Array {
  const bytes = Buffer.from(canonicalize(content));
  const signatures = keys.map((key) => ({ keyid: key.identifier, sig: key.sign(bytes) }));
  return Buffer.from(canonicalize({ signatures, signed: content }));
}

function reference(bytes: Uint8Array): Content {
  const { version } = parse(bytes).signed;
  return { version, length: bytes.length, hashes: { sha256: createHash('sha256').update(bytes).digest('hex') } };
}

/**
 * Ten goals of an attacker × the fifteen sets of keys that can be stolen: the attacker holds those keys and the carrier, tries whatever
 * they can sign in several ways, and gets exactly as far as the specification says. The table is in docs/reference/tuf-attack-grid.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OperationFailure } from '@sallyport/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { goals, gridAsMarkdown, promised, thefts, type GoalName, type Outcome } from '../testing/attack-promises.ts';
import { carry, contentOf, fileOf, Forger, stealable, type Forging, type World } from '../testing/forger.ts';
import { day, extension, makeStage, target, version, type Stage } from '../testing/stage.ts';
import type { Content } from '../testing/thief.ts';
import type { Catalog } from './catalog.ts';

const hello = extension('Contoso.Tools', 'Hello');
const other = extension('Fabrikam', 'Other');
const contoso = 'publisher.contoso.tools';
const fabrikam = 'publisher.fabrikam';

let stage: Stage;
/** The catalog in four states: the client has seen the second; the gallery has gone on since, twice. */
let before: World;
let seen: World;
let honest: World;
let later: World;
let memories = 0;

beforeAll(async () => {
  stage = await makeStage();
  await stage.repository.addPublisher('Fabrikam');
  await stage.repository.addTarget(target('Fabrikam', 'Other', '1.0.0', 'f'));
  before = world();
  await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.1', 'b'));
  seen = world();
  await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.2', 'c'));
  await stage.repository.addTarget(target('Fabrikam', 'Other', '1.0.1', 'd'));
  honest = world();
  for (let i = 0; i < 3; i += 1) await stage.repository.refresh();
  await stage.repository.addTarget(target('Contoso.Tools', 'Hello', '1.0.3', 'e'));
  later = world();
});
afterAll(() => stage.remove());

function world(): World {
  const { directory } = stage.options;
  return new Map(readdirSync(directory).map((file) => [file, readFileSync(join(directory, file))]));
}

/** A machine that has seen the catalog, and what carries it from now on. */
async function machine(first: World = seen): Promise<{ readonly client: Catalog; carrier: World }> {
  const link = { carrier: first };
  const client = stage.client(`machine-${(memories += 1)}`, async (file, length) => carry(link.carrier)(file, length));
  await client.refresh();
  await client.list();
  return Object.assign(link, { client });
}

/** Whether it holds after a refresh. A refusal by a failure of the catalog is a no; anything else is a mistake of the test. */
async function holdsAfter(client: Catalog, judge: (client: Catalog) => Promise<boolean>): Promise<boolean> {
  try {
    await client.refresh();
    return await judge(client);
  } catch (error) {
    if (error instanceof OperationFailure) return false;
    throw error;
  }
}

/** The ways to use the keys: all of them forward; only what can be signed; and under the versions that are there. */
async function ways(forger: Forger, forging: Forging): Promise<World[]> {
  const all = [contoso, fabrikam, 'targets', 'publisher.evil', 'snapshot', 'timestamp'];
  const held = (forging.sign ?? all).filter((role) => forger.holds(role));
  return [
    await forger.forge(forging),
    await forger.forge({ ...forging, sign: held }),
    await forger.forge({ ...forging, sign: held, step: 0 }),
  ];
}

const evil = '6.6.6';
const entry = (sha256: string, custom: Content): Content => ({ length: 5, hashes: { sha256 }, custom });
const described = (publisher: string, type: string, text: string): Content => ({
  publisher,
  type,
  version: text,
  operatingSystem: 'linux',
  architecture: 'any',
});

function withTargets(content: Content, added: Content): Content {
  return { ...content, targets: { ...(content['targets'] as Content), ...added } };
}

function withEvil(content: Content, role: string): Content {
  const added = entry('e'.repeat(64), described('Contoso.Tools', 'Hello', evil));
  return role === contoso ? withTargets(content, { [`contoso.tools/hello/${evil}.zip`]: added }) : content;
}

async function findsEvil(client: Catalog): Promise<boolean> {
  return (await client.find(hello, version(evil))) !== undefined;
}

/** One forging and what it is to lead to, tried in every way on machines of their own. */
async function reaches(
  forger: Forger,
  forging: Forging,
  judge: (client: Catalog) => Promise<boolean>,
): Promise<boolean> {
  for (const carrier of await ways(forger, forging)) {
    const link = await machine();
    link.carrier = carrier;
    if (await holdsAfter(link.client, judge)) return true;
  }
  return false;
}

/** Poisons a machine in every way; whether one of them makes it refuse `good`, and whether `cure` helps all of those. */
async function poisons(forger: Forger, forging: Forging, good: World, cure: () => Promise<World>): Promise<Outcome> {
  const upToDate = async (client: Catalog): Promise<boolean> =>
    (await client.find(hello, version('1.0.2'))) !== undefined;
  let outcome: Outcome = 'refused';
  for (const carrier of await ways(forger, forging)) {
    const link = await machine();
    link.carrier = carrier;
    await holdsAfter(link.client, async () => true);
    link.carrier = good;
    if (await holdsAfter(link.client, upToDate)) continue;
    link.carrier = await cure();
    if (!(await holdsAfter(link.client, upToDate))) return 'succeeds';
    outcome = 'recovers';
  }
  return outcome;
}

const reached = (yes: boolean): Outcome => (yes ? 'succeeds' : 'refused');

/** The owner of the gallery replaces the keys of timestamp and snapshot, and goes on from the honest state. */
async function rotated(base: World): Promise<World> {
  const owner = await Forger.with(stage, ['root']);
  return owner.forge({ base });
}

const attacks: { readonly [goal in GoalName]: (forger: Forger) => Promise<Outcome> } = {
  arbitrary: async (forger) => reached(await reaches(forger, { base: seen, edit: withEvil }, findsEvil)),

  rollback: async (forger) => {
    const lost = async (client: Catalog): Promise<boolean> =>
      (await client.find(hello, version('1.0.1'))) === undefined;
    const old = before.get(fileOf(before, contoso));
    if (old === undefined) throw new Error('there was a version before');
    const content = contentOf(before, contoso);
    const edit = (now: Content, role: string): Content =>
      role === contoso ? { ...now, targets: content['targets'] } : now;
    const genuine = await reaches(
      forger,
      { base: seen, genuine: { [contoso]: old }, sign: ['snapshot', 'timestamp'] },
      lost,
    );
    const whole = await reaches(forger, { base: before }, lost);
    return reached(genuine || whole || (await reaches(forger, { base: seen, edit }, lost)));
  },

  freeze: async (forger) => {
    const { time } = stage;
    const prolonged = (content: Content, role: string): Content =>
      role === 'timestamp' ? { ...content, issued: text(time + 20 * day), expires: text(time + 34 * day) } : content;
    try {
      const worlds = [...(await ways(forger, { base: seen, edit: prolonged, sign: ['timestamp'] })), seen];
      for (const carrier of worlds) {
        stage.time = time;
        const link = await machine();
        link.carrier = carrier;
        stage.time = time + 20 * day;
        if (await holdsAfter(link.client, async (client) => (await client.list()).length > 0)) return 'succeeds';
      }
      return 'refused';
    } finally {
      stage.time = time;
    }
  },

  mix: async (forger) => {
    const newest = honest.get(fileOf(honest, contoso));
    if (newest === undefined) throw new Error('there is a newer state');
    const mixed = async (client: Catalog): Promise<boolean> =>
      (await client.find(hello, version('1.0.2'))) !== undefined &&
      (await client.find(other, version('1.0.1'))) === undefined;
    const genuine = { [contoso]: newest };
    return reached(
      await reaches(forger, { base: seen, genuine, sign: ['targets', fabrikam, 'snapshot', 'timestamp'] }, mixed),
    );
  },

  endless: async (forger) => {
    const most = { timestamp: 17_000, snapshot: 2_100_000, [contoso]: 8_100_000 };
    for (const [role, length] of Object.entries(most)) {
      const padded = (content: Content, edited: string): Content =>
        edited === role ? { ...content, padding: 'x'.repeat(length) } : content;
      if (!forger.holds(role)) continue;
      const link = await machine();
      link.carrier = await forger.forge({ base: seen, edit: padded });
      if (await holdsAfter(link.client, keepsPadding)) return 'succeeds';
    }
    return 'refused';
  },

  forward: async (forger) => poisons(forger, { base: seen, step: 2 ** 31 }, honest, async () => rotated(honest)),

  wrong: async (forger) => {
    const fake = entry('f'.repeat(64), described('Contoso.Tools', 'Hello', '1.0.1'));
    const edit = (content: Content, role: string): Content =>
      role === contoso ? withTargets(content, { 'contoso.tools/hello/1.0.1.zip': fake }) : content;
    return reached(
      await reaches(
        forger,
        { base: seen, edit },
        async (client) => (await client.find(hello, version('1.0.1')))?.sha256 === 'f'.repeat(64),
      ),
    );
  },

  extraneous: async (forger) => {
    const added = { 'evil/thing/1.0.0.zip': entry('e'.repeat(64), described('Evil', 'Thing', '1.0.0')) };
    const key = forger.ownKey;
    const delegating = (content: Content): Content => {
      const delegations = content['delegations'] as { keys: Content; roles: Content[] };
      const role = {
        name: 'publisher.evil',
        keyids: [key.identifier],
        threshold: 1,
        terminating: true,
        paths: ['evil/*/*'],
      };
      const keys = { ...delegations.keys, [key.identifier]: { ...key.publicKey } };
      return { ...content, delegations: { ...delegations, keys, roles: [...delegations.roles, role] } };
    };
    const edit = (content: Content, role: string): Content => {
      if (role === 'targets') return delegating(content);
      return role === 'publisher.evil' ? withTargets(content, added) : content;
    };
    const sign = ['publisher.evil', 'targets', 'snapshot', 'timestamp'];
    const finds = async (client: Catalog): Promise<boolean> =>
      (await client.find(extension('Evil', 'Thing'), version('1.0.0'))) !== undefined;
    return reached(await reaches(forger, { base: seen, edit, sign }, finds));
  },

  mirror: async (forger) =>
    // Under the versions that the gallery itself will use next.
    poisons(forger, { base: seen, edit: withEvil, step: 2 }, honest, async () => later),

  threshold: async (forger) => {
    // The gallery asks for two signatures of each role; one key of each stolen pair is not there.
    const strict = await twoOfTwo();
    const link = await machine(strict);
    const worlds = [
      await forger.forge({ base: strict, edit: withEvil, signatures: 1 }),
      await forger.forge({ base: strict, edit: withEvil, signatures: 1, step: 0 }),
    ];
    for (const carrier of worlds) {
      link.carrier = carrier;
      if (await holdsAfter(link.client, findsEvil)) return 'succeeds';
    }
    link.carrier = strict;
    return (await holdsAfter(link.client, async () => true)) ? 'refused' : 'succeeds';
  },
};

/** Whether the machine that was made last has kept a padded file. */
async function keepsPadding(client: Catalog): Promise<boolean> {
  await client.list();
  const memory = stage.clientDirectory(`machine-${memories}`);
  return readdirSync(memory).some((file) => readFileSync(join(memory, file)).includes('"padding":"xxx'));
}

function text(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

let strictWorld: World | undefined;
/** The catalog when every role needs two signatures of two keys. */
async function twoOfTwo(): Promise<World> {
  strictWorld ??= await Forger.raisingThresholds(stage, seen);
  return strictWorld;
}

test.each(Object.keys(goals) as GoalName[])('the promise of %s is one of the specification for each theft', (goal) => {
  const outcomes = thefts.map((stolen) => promised(goal, stolen));
  expect(outcomes).toHaveLength(15);
  // Whoever steals more never gets less far.
  const rank = { refused: 0, recovers: 1, succeeds: 2 };
  for (const smaller of thefts) {
    for (const larger of thefts.filter((keys) => smaller.every((key) => keys.includes(key)))) {
      expect(rank[promised(goal, larger)]).toBeGreaterThanOrEqual(rank[promised(goal, smaller)]);
    }
  }
});

describe.each(Object.entries(goals) as [GoalName, (typeof goals)[GoalName]][])('%s', (goal, { threats }) => {
  test.each(thefts.map((stolen) => ({ stolen, keys: stolen.join('+'), outcome: promised(goal, stolen) })))(
    `${threats} with the keys of $keys: $outcome`,
    async ({ stolen, outcome }) => {
      expect(await attacks[goal](await Forger.with(stage, stolen))).toBe(outcome);
    },
  );
});

test('the documentation shows this grid', () => {
  const file = join(import.meta.dirname, '../../../../docs/reference/tuf-attack-grid.md');
  expect(readFileSync(file, 'utf8')).toContain(gridAsMarkdown());
  expect(thefts.flat().filter((key) => key === 'root')).toHaveLength(8);
  expect(stealable).toHaveLength(4);
});

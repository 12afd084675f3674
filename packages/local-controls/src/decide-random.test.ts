/** The decision against a second implementation. In a file of its own: mutants have to be noticed without it. */
import { operationKinds } from '@sallyport/model';
import { expect, test } from 'vitest';
import { decideNaively } from './decide.oracle.ts';
import {
  decide,
  decisionRules,
  defaultControls,
  extensionListOf,
  knownExtension,
  type ControlsReading,
} from './index.ts';

const file = '/var/opt/azcmagent/localconfig.json';
const unreadable: ControlsReading = { kind: 'unreadable', file, reason: `${file} cannot be used: it is empty.` };

test('S4.4 agrees with a second, naive implementation on 1,000,000 random configurations, and uses every rule', () => {
  const random = seededRandom(20_261_123);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  // Few names in many spellings, so that lists and requests meet.
  const universe = [
    'a/b',
    'a/B',
    'A/b',
    'A.b/c',
    'a/b.c',
    'a.b/C',
    'Allow/None',
    'allow/NONE',
    'Qualys/LinuxAgent.AzureSecurityCenter',
    'QUALYS/linuxagent.azuresecuritycenter',
  ];
  const names = new Map(universe.map((text) => [text, knownExtension(text)]));
  const nameOf = (text: string) => names.get(text) ?? knownExtension(text);
  const lists = Array.from({ length: 400 }, () => {
    const texts = Array.from({ length: Math.floor(random() * 4) }, () => pick(universe));
    return { texts, list: extensionListOf(texts.map(nameOf)) };
  });
  const seen = new Set<string>();
  const disagreements: string[] = [];
  for (let round = 0; round < 1_000_000; round += 1) {
    const allow = pick(lists);
    const block = pick(lists);
    const naive = {
      unreadable: random() < 0.05,
      enabled: random() < 0.9,
      mode: random() < 0.7 ? 'full' : 'monitor',
      allow: allow.texts,
      block: block.texts,
    } as const;
    const controls = {
      ...defaultControls,
      'extensions.allowlist': allow.list,
      'extensions.blocklist': block.list,
      'extensions.enabled': naive.enabled,
      'config.mode': naive.mode,
    };
    const operation = pick(operationKinds);
    const extension = pick(universe);
    const verdict = decide(
      operation,
      nameOf(extension),
      naive.unreadable ? unreadable : { kind: 'in-force', controls, file, generation: 1 },
    );
    seen.add(verdict.rule);
    if (verdict.outcome !== decideNaively(operation, extension, naive)) {
      disagreements.push(`${operation} ${extension} ${JSON.stringify(naive)}: ${verdict.outcome} (${verdict.rule})`);
      if (disagreements.length > 5) break;
    }
  }
  expect(disagreements).toEqual([]);
  expect([...seen].sort()).toEqual([...decisionRules].sort());
});

/** mulberry32: small, seeded, the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

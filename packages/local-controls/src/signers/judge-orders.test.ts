import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { digestOfJson, digestOfText, writeOrder, type Order, type OrderedOperation } from '@sallyport/model/orders';
import { describe, expect, test } from 'vitest';
import {
  digestOfOperation,
  digestWithinHandler,
  judgeOrders,
  type AcceptedOrder,
  type OrderQuestion,
  type PresentedOrder,
} from './judge-orders.ts';
import type { RequiredSigners } from './signers.ts';

const operation: OrderedOperation = {
  machineId: '0a',
  resourceName: 'thing',
  publisher: 'Contoso.Test',
  type: 'Thing',
  desired: 'present',
  version: '1.0.0',
  operationId: 'op',
  sequence: 7,
  settings: digestOfJson({ a: 1 }),
};
const now = Date.parse('2026-11-28T12:00:00Z');
const good: Order = {
  operation,
  protectedSettings: { kind: 'none' },
  notBefore: '2026-11-28T11:00:00Z',
  notAfter: '2026-11-28T13:00:00Z',
};

interface Person {
  readonly key: string;
  readonly privateKey: KeyObject;
}
const person = (): Person => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { key: String(publicKey.export({ format: 'jwk' }).x), privateKey };
};
const [alice, bob, carol, mallory] = [person(), person(), person(), person()] as const;
const signers = (needed: number, people: readonly Person[] = [alice, bob, carol]): RequiredSigners => ({
  needed,
  signers: people.map(({ key }, at) => ({ name: ['alice', 'bob', 'carol'][at] ?? '', key })),
});
const by = (who: Person, change: Partial<Order> = {}, more: Partial<PresentedOrder> = {}): PresentedOrder => ({
  signer: who.key,
  order: writeOrder({ ...good, ...change }, (bytes) => sign(null, bytes, who.privateKey)),
  ...more,
});
const question = (presented: readonly PresentedOrder[], change: Partial<OrderQuestion> = {}): OrderQuestion => ({
  operation,
  protectedSettings: { kind: 'none' },
  isDone: false,
  followsHandler: false,
  presented,
  accepted: undefined,
  now,
  ...change,
});
function acceptedOrder(): AcceptedOrder {
  return { sequence: 7, operation: digestOfOperation(operation), protectedSettings: { kind: 'none' }, spent: false };
}
const outcome = (asked: OrderQuestion, needed = 1): string => judgeOrders(asked, signers(needed)).outcome;

test('T10 every set of signers against every number needed: as many distinct ones as are needed, and never fewer', () => {
  for (let mask = 0; mask < 16; mask += 1) {
    const who = [alice, bob, carol, mallory].filter((_one, at) => (mask & (1 << at)) !== 0);
    const counted = who.filter((one) => one !== mallory).length;
    // Twice each, in both orders: whoever signs twice counts once.
    const presented = [...who, ...who.toReversed()].map((one) => by(one));
    for (const needed of [1, 2, 3])
      expect([mask, needed, outcome(question(presented), needed)]).toEqual([
        mask,
        needed,
        counted >= needed ? 'signed' : 'missing',
      ]);
  }
});

test('T10 a signature under the name of somebody else counts for nobody', () => {
  expect(outcome(question([{ ...by(mallory), signer: alice.key }]))).toBe('missing');
  expect(outcome(question([{ ...by(alice), signer: bob.key }]))).toBe('missing');
});

test('T10 T12 whatever differs between what was signed and what would be done, it does not count', () => {
  const different: Partial<Record<keyof OrderedOperation, OrderedOperation>> = {
    machineId: { ...operation, machineId: '0b' },
    resourceName: { ...operation, resourceName: 'Thing' },
    publisher: { ...operation, publisher: 'Contoso' },
    type: { ...operation, type: 'Other' },
    extensionName: { ...operation, extensionName: 'thing' },
    desired: { ...operation, desired: 'absent' },
    version: { ...operation, version: '1.0.1' },
    operationId: { ...operation, operationId: 'op2' },
    sequence: { ...operation, sequence: 8 },
    settings: { ...operation, settings: digestOfJson({ a: 2 }) },
  };
  for (const [name, other] of Object.entries(different)) {
    for (const [signed, done] of [
      [other, operation],
      [operation, other],
    ] as const) {
      const verdict = judgeOrders(question([by(alice, { operation: signed })], { operation: done }), signers(1));
      expect([name, verdict.outcome]).toEqual([name, 'missing']);
      expect('message' in verdict && verdict.message).toContain('The order of alice does not count: it is for ');
    }
    // And each of them is right where it is done.
    expect(outcome(question([by(alice, { operation: other })], { operation: other }))).toBe('signed');
  }
  expect(Object.keys(different).toSorted()).toEqual([...Object.keys(operation), 'extensionName'].toSorted());
});

test.each<[string, Partial<Order>, boolean]>([
  ['just begun', { notBefore: '2026-11-28T12:00:00Z' }, true],
  ['not begun', { notBefore: '2026-11-28T12:00:00.001Z' }, false],
  ['at its end', { notAfter: '2026-11-28T12:00:00Z' }, true],
  ['over', { notAfter: '2026-11-28T11:59:59.999Z' }, false],
  ['a day that is none', { notAfter: '2026-13-40T00:00:00Z' }, false],
])('T10 T13 an order that is %s', (_what, change, counts) => {
  expect(outcome(question([by(alice, change)]))).toBe(counts ? 'signed' : 'missing');
});

test('T10 an order that does not count does not stand in the way of one of the same signer that does', () => {
  expect(outcome(question([by(alice, { notAfter: '2026-11-28T11:00:00Z' }), by(alice)]))).toBe('signed');
});

describe('T10 protected settings', () => {
  const sealedText = digestOfText('sealed');
  const signed: Partial<Order> = { protectedSettings: { kind: 'sealed', sealedText } };
  const used = [
    { kind: 'none' },
    { kind: 'kept' },
    { kind: 'sealed', sealedText: digestOfText('what the centre sealed') },
  ] as const;

  test('what is used has to be of the kind that was signed', () => {
    for (const settings of used)
      for (const said of [{ kind: 'none' }, { kind: 'kept' }, { kind: 'sealed', sealedText }] as const) {
        const presented = [by(alice, { protectedSettings: said }, said.kind === 'sealed' ? { sealed: 'sealed' } : {})];
        const counts = settings.kind === said.kind;
        expect(outcome(question(presented, { protectedSettings: settings }))).toBe(counts ? 'signed' : 'missing');
      }
  });

  test('the sealed text has to be there, and to be the one that was signed', () => {
    const asked = (sealed?: string): OrderQuestion =>
      question([by(alice, signed, sealed === undefined ? {} : { sealed })], { protectedSettings: used[2] });
    expect(judgeOrders(asked('sealed'), signers(1))).toEqual({
      outcome: 'signed',
      by: [{ name: 'alice', sealed: 'sealed' }],
      isNew: true,
    });
    for (const sealed of [undefined, '', 'other']) expect(outcome(asked(sealed))).toBe('missing');
  });
});

describe('T10 T11 what was accepted', () => {
  const accepted = acceptedOrder();
  const late = by(alice, { notAfter: '2026-11-28T11:00:00Z' });

  test('goes on after its time, with its signatures and not without', () => {
    expect(outcome(question([late], { accepted }))).toBe('signed');
    expect(outcome(question([], { accepted }))).toBe('missing');
  });

  test('is kept up once it is over, without them; nothing else is', () => {
    expect(outcome(question([], { accepted, isDone: true }))).toBe('signed');
    expect(outcome(question([by(alice)], { isDone: true }))).toBe('over');
    const changed = { ...operation, settings: digestOfJson({ a: 2 }) };
    expect(outcome(question([], { accepted, isDone: true, operation: changed }))).toBe('over');
  });

  test('is not begun again once it has ended badly', () => {
    const spent = { ...accepted, spent: true };
    for (const isDone of [false, true])
      expect(outcome(question([by(alice)], { accepted: spent, isDone }))).toBe('over');
  });

  test('stands in the way of everything that was signed before it, and of another one with its number', () => {
    for (const sequence of [0, 6, 7]) {
      const older = { ...operation, sequence, operationId: 'another' };
      const verdict = judgeOrders(
        question([by(alice, { operation: older })], { accepted, operation: older }),
        signers(1),
      );
      expect([sequence, verdict.outcome]).toEqual([sequence, 'over']);
    }
    const newer = { ...operation, sequence: 8, operationId: 'another' };
    expect(outcome(question([by(alice, { operation: newer })], { accepted, operation: newer }))).toBe('signed');
    expect(outcome(question([], { accepted, operation: newer }))).toBe('missing');
  });

  test('of one of several in a handler follows that, and only that, and only once it is over', () => {
    const part = { ...operation, extensionName: 'thing' };
    const known = { ...accepted, operation: digestOfOperation(part), withinHandler: digestWithinHandler(part) };
    const moved = { ...part, version: '2.0.0' };
    const asked = (change: Partial<OrderQuestion>): string =>
      outcome(question([], { accepted: known, operation: moved, isDone: true, followsHandler: true, ...change }));
    expect(asked({})).toBe('signed');
    expect(asked({ operation: part })).toBe('signed');
    expect(asked({ followsHandler: false })).toBe('over');
    expect(asked({ isDone: false })).toBe('over');
    expect(asked({ operation: { ...moved, settings: digestOfJson({ a: 2 }) } })).toBe('over');
    expect(asked({ operation: { ...moved, sequence: 8 } })).toBe('over');
    expect(asked({ operation: { ...moved, extensionName: 'other' } })).toBe('over');
    expect(asked({ accepted: { ...known, spent: true } })).toBe('over');
    // One that has its handler to itself follows nobody.
    expect(asked({ accepted, operation: { ...operation, version: '2.0.0' } })).toBe('over');
    expect(digestWithinHandler(operation)).toBeUndefined();
  });

  test('cannot get other protected settings', () => {
    const sealed = { kind: 'sealed', sealedText: digestOfText('one') } as const;
    const other = { kind: 'sealed', sealedText: digestOfText('two') } as const;
    const kinds = [{ kind: 'none' }, { kind: 'kept' }, sealed, other] as const;
    const allowed = ['none none', 'kept kept', 'sealed one kept', 'sealed one sealed one'];
    const name = (one: (typeof kinds)[number]): string =>
      one === sealed ? 'sealed one' : one === other ? 'sealed two' : one.kind;
    for (const before of kinds.slice(0, 3))
      for (const now of kinds) {
        const asked = question([], {
          accepted: { ...accepted, protectedSettings: before },
          protectedSettings: now,
          isDone: true,
        });
        expect([name(before), name(now), outcome(asked)]).toEqual([
          name(before),
          name(now),
          allowed.includes(`${name(before)} ${name(now)}`) ? 'signed' : 'over',
        ]);
      }
  });
});

test('T10 who is missing is said in one sentence, and why an order does not count in another', () => {
  const other = by(bob, { operation: { ...operation, version: '2.0.0' } });
  const said: readonly (readonly [readonly PresentedOrder[], number, string])[] = [
    [[], 2, 'of 2 of 3 signers: none is there, 2 of alice, bob, carol are missing.'],
    [[by(alice), by(carol)], 3, 'of 3 of 3 signers: alice, carol signed, 1 of bob is missing.'],
    [
      [by(alice), other],
      2,
      "of 2 of 3 signers: alice signed, 1 of bob, carol is missing. The order of bob does not count: it is for version '2.0.0', and this is '1.0.0'.",
    ],
  ];
  for (const [presented, needed, message] of said)
    expect(judgeOrders(question(presented), signers(needed))).toEqual({
      outcome: 'missing',
      message: `It needs the signatures ${message}`,
    });
});

const sealed = { kind: 'sealed', sealedText: digestOfText('one') } as const;
test.each<[string, Partial<Order>, Partial<OrderQuestion>]>([
  ['it is for other settings', { operation: { ...operation, settings: digestOfJson({ a: 2 }) } }, {}],
  ["it is for extensionName 'thing', and this is ''", { operation: { ...operation, extensionName: 'thing' } }, {}],
  ["it is for extensionName '', and this is 'thing'", {}, { operation: { ...operation, extensionName: 'thing' } }],
  ['it is good from 2026-11-28T12:30:00Z on', { notBefore: '2026-11-28T12:30:00Z' }, {}],
  ['it was good until 2026-11-28T11:30:00Z', { notAfter: '2026-11-28T11:30:00Z' }, {}],
  ["it is for protected settings 'none', and these are 'kept'", {}, { protectedSettings: { kind: 'kept' } }],
  [
    'the protected settings that were sealed with it are not there',
    { protectedSettings: sealed },
    { protectedSettings: sealed },
  ],
])('T10 an order that does not count: %s', (why, signed, asked) => {
  expect(judgeOrders(question([by(alice, signed)], asked), signers(1))).toMatchObject({
    outcome: 'missing',
    message: expect.stringMatching(`missing\\. The order of alice does not count: ${why}\\.$`),
  });
});

test('T10 an order whose sealed settings were exchanged does not count, and that is said', () => {
  const exchanged = by(alice, { protectedSettings: sealed }, { sealed: 'two' });
  expect(judgeOrders(question([exchanged], { protectedSettings: sealed }), signers(1))).toMatchObject({
    message: expect.stringContaining(
      'The order of alice does not count: the protected settings that came with it are not those that were sealed with it.',
    ),
  });
});

test.each<[string, Partial<OrderQuestion>, ReturnType<typeof judgeOrders>]>([
  [
    'what was accepted is over: no signature is new, and none is asked for',
    { isDone: true },
    { outcome: 'signed', by: [], isNew: false },
  ],
  [
    'what was accepted goes on',
    { presented: [by(alice)] },
    { outcome: 'signed', by: [{ name: 'alice' }], isNew: false },
  ],
  [
    'what was accepted ended badly',
    { accepted: { ...acceptedOrder(), spent: true } },
    { outcome: 'over', message: 'It was carried out on these signatures and ended; ask for it again.' },
  ],
  [
    'what was never begun is over',
    { accepted: undefined, isDone: true },
    { outcome: 'over', message: 'The centre says that it is over, and it was never begun here.' },
  ],
  [
    'something later was accepted',
    { accepted: { ...acceptedOrder(), sequence: 8 } },
    { outcome: 'over', message: 'Its number, 7, is not above 8, which was accepted before: it is not taken any more.' },
  ],
])('T10 T11 %s', (_what, asked, verdict) => {
  expect(judgeOrders(question([], { accepted: acceptedOrder(), ...asked }), signers(1))).toStrictEqual(verdict);
});

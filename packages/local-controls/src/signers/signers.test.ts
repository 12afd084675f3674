import { describe, expect, test } from 'vitest';
import { defaultControls } from '../properties.ts';
import { readDocument, writeDocument } from '../document.ts';
import { changeProperty } from '../change-property.ts';
import { signersIn } from './signers-in.ts';
import { signersKind, type Signers } from './signers.ts';

const [a, b] = ['A'.repeat(43), `B${'A'.repeat(42)}`] as const;
const two = `2 of alice=${a}, bob=${b}`;
const controls = { ...defaultControls, 'extensions.signers': valueOf(two) };
const text = writeDocument({ controls, generation: 3 });
const read = (changed: string): ReturnType<typeof readDocument> => readDocument(new TextEncoder().encode(changed));

function valueOf(written: string): Signers {
  const result = signersKind.parse(written);
  if (!result.ok) throw new Error(result.reason);
  return result.value;
}

test('T10 is written as it is read, on the command line and in the file', () => {
  for (const written of [two, 'off', `1 of a=${a}`]) {
    const value = valueOf(written);
    expect(signersKind.format(value)).toBe(written);
    expect(valueOf(signersKind.format(value))).toEqual(value);
    expect(signersKind.fromJson(JSON.parse(JSON.stringify(signersKind.toJson(value))))).toEqual({ ok: true, value });
  }
  expect(valueOf(`  2  OF  alice=${a} ,bob=${b} `)).toEqual(valueOf(two));
  expect(valueOf('OFF')).toBe('off');
});

const asWritten = 'it must be off, or be written as 2 of alice=KEY,bob=KEY,carol=KEY';

test.each([
  ['', asWritten],
  ['on', asWritten],
  [`alice=${a}`, asWritten],
  [`2 alice=${a}`, asWritten],
  [`off, 1 of alice=${a}`, asWritten],
  [`0001 of alice=${a}`, asWritten],
  [`1 of alice=${a}\nbob=${b}`, asWritten],
  [`0 of alice=${a}`, '0 of 1 cannot sign'],
  [`2 of alice=${a}`, '2 of 1 cannot sign'],
  ['1 of alice', "'alice' does not begin with a name"],
  [`1 of =${a}`, 'does not begin with a name'],
  [`1 of al ice=${a}`, 'does not begin with a name'],
  [`1 of alice=${a},`, "'' does not begin with a name"],
  ['1 of alice=x', "the key of 'alice' is not one"],
  [`1 of alice=${a}=`, "the key of 'alice' is not one"],
  [`2 of alice=${a},bob=${a}`, "'alice' and 'bob' have the same key"],
  [`2 of alice=${a},Alice=${b}`, "'Alice' is there twice"],
])('T10 %s is refused: %s', (written, reason) => {
  expect(signersKind.parse(written)).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
});

test('T10 at most sixteen can be named', () => {
  const many = (count: number): string =>
    Array.from({ length: count }, (_, i) => `s${i}=${String.fromCharCode(65 + i)}${'A'.repeat(42)}`).join(',');
  expect(valueOf(`16 of ${many(16)}`)).toMatchObject({ needed: 16 });
  expect(signersKind.parse(`1 of ${many(17)}`)).toMatchObject({ reason: expect.stringContaining('more than 16') });
});

test.each<[unknown, string]>([
  [true, 'it must be "off" or a list'],
  [{}, 'it must be "off" or a list'],
  [null, 'it must be "off" or a list'],
  ['on', 'it must be "off" or a list'],
  [[], 'it must be a list of a number and signers'],
  [['2', `alice=${a}`], 'it must be a list of a number and signers'],
  [[1, 2], 'it must be a list of a number and signers'],
  [[1, `alice=${a}`, 2], 'it must be a list of a number and signers'],
  [[1.5, `alice=${a}`], '1.5 of 1 cannot sign: the number is from 1 to that of the signers'],
])('T10 %j is not its form in the file', (json, reason) => {
  expect(signersKind.fromJson(json)).toEqual({ ok: false, reason });
});

describe('T10 T55 the file', () => {
  test('is of the second layout while somebody has to sign, which older agents refuse, and of the first one else', () => {
    expect(text).toContain('"formatVersion": 2');
    expect(read(text)).toEqual({ ok: true, value: { controls, generation: 3 } });
    const before = writeDocument({ controls: defaultControls, generation: 3 });
    expect(before).toContain('"formatVersion": 1');
    expect(before).not.toContain('signers');
    expect(read(before)).toEqual({ ok: true, value: { controls: defaultControls, generation: 3 } });
  });

  test('of the second layout without its rule is unreadable, never "nobody has to sign"', () => {
    const without = JSON.parse(text) as { properties: Record<string, unknown> };
    delete without.properties['extensions.signers'];
    expect(read(JSON.stringify(without))).toMatchObject({
      ok: false,
      reason: "the property 'extensions.signers' is missing",
    });
  });

  test('of the first layout cannot hold it', () => {
    expect(read(text.replace('"formatVersion": 2', '"formatVersion": 1'))).toMatchObject({
      ok: false,
      reason: "it holds an unknown property 'extensions.signers'",
    });
  });

  test('cut off anywhere, or without any of its lines, never says that nobody has to sign', () => {
    for (let length = 0; length < text.length - 1; length += 1) expect(read(text.slice(0, length)).ok).toBe(false);
    const lines = text.split('\n');
    for (const at of lines.keys()) {
      const result = read(lines.toSpliced(at, 1).join('\n'));
      if (result.ok)
        expect(result.value.controls['extensions.signers'], lines[at]).toEqual(controls['extensions.signers']);
    }
  });
});

test('T10 it narrows in both modes, and is said when no key may be lost', () => {
  const change = (written: string) =>
    changeProperty({ ...defaultControls, 'config.mode': 'monitor' }, 'extensions.signers', {
      kind: 'set',
      text: written,
    });
  const all = change(two);
  expect(all.ok && all.value.warnings).toEqual([expect.stringContaining('All of the signers have to sign')]);
  const some = change(`1 of alice=${a},bob=${b}`);
  expect(some.ok && some.value.warnings).toEqual([]);
  if (!all.ok) throw new Error(all.reason);
  const reading = { kind: 'in-force', controls: all.value.controls, file: 'f', generation: 1 } as const;
  expect(signersIn(reading)).toEqual(valueOf(two));
  expect(signersIn({ ...reading, controls: defaultControls })).toBeUndefined();
  expect(signersIn({ kind: 'unreadable', file: 'f', reason: 'r' })).toBeUndefined();
  const cleared = changeProperty(all.value.controls, 'extensions.signers', { kind: 'clear' });
  expect(cleared.ok && cleared.value.controls['extensions.signers']).toBe('off');
  expect(changeProperty(defaultControls, 'extensions.signers', { kind: 'add', text: two })).toMatchObject({
    reason: expect.stringContaining('for lists only'),
  });
});

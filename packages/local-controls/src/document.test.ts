import { describe, expect, test } from 'vitest';
import {
  defaultControls,
  documentMostBytes,
  extensionListOf,
  knownExtension,
  properties,
  propertyNames,
  readDocument,
  writeDocument,
  type LocalControls,
  type PropertyName,
} from './index.ts';

const controls = {
  ...defaultControls,
  'extensions.allowlist': extensionListOf([knownExtension('Contoso/Backup'), knownExtension('a.b/c')]),
  'extensions.blocklist': extensionListOf([knownExtension('x/y')]),
  'incomingconnections.ports': [22],
  'proxy.url': 'http://***@proxy.example:3128',
  'proxy.bypass': ['AAD', 'ArcData'],
  'config.mode': 'monitor',
  'extensions.agent.cpulimit': 80,
} as const;
const text = writeDocument({ controls, generation: 7 });
const read = (changed: string) => readDocument(new TextEncoder().encode(changed));

test('what is written is read again, byte for byte', () => {
  const result = read(text);
  expect(result).toEqual({ ok: true, value: { controls, generation: 7 } });
  expect(result.ok && writeDocument(result.value)).toBe(text);
  expect(text.endsWith('}\n')).toBe(true);
});

test('generations begin with 1', () => {
  expect(read(writeDocument({ controls, generation: 1 }))).toEqual({ ok: true, value: { controls, generation: 1 } });
});

test('T55 a file cut off anywhere is unreadable, never "no lists"', () => {
  // Without its last newline the text is still whole.
  for (let length = 0; length < text.length - 1; length += 1) {
    expect(read(text.slice(0, length)).ok, `cut after ${length}`).toBe(false);
  }
});

test('T55 a file without any one of its lines is unreadable, except the entries of lists and limits', () => {
  const lines = text.split('\n');
  const kept = lines.filter((_, i) => read(lines.toSpliced(i, 1).join('\n')).ok).map((line) => line.trim());
  // Lists may be shorter, limits may be missing; the empty last line is no content.
  expect(kept).toEqual([
    '22',
    '"AAD",',
    '"Contoso/Backup",',
    '"x/y"',
    '"extensions.agent.cpulimit": 80,',
    '"extensions.agent.parallelcommands": 1,',
    '"extensions.agent.memorylimit": 50,',
    '"extensions.agent.processlimit": 1024,',
    '',
  ]);
});

function altered(
  change: (document: Record<string, unknown> & { properties: Record<string, unknown> }) => void,
): string {
  const document = JSON.parse(text) as Record<string, unknown> & { properties: Record<string, unknown> };
  change(document);
  return JSON.stringify(document);
}

const wrong: readonly (readonly [string, string, string])[] = [
  ['empty', '', 'it is empty'],
  ['blank', ' \n', 'it is empty'],
  ['not JSON', 'extensions.allowlist=a/b', 'it is not JSON'],
  ['a byte order mark', `\ufeff${text}`, 'byte order mark'],
  ['null', 'null', 'not a JSON object'],
  ['a list', '[]', 'not a JSON object'],
  ['a text', '"x"', 'not a JSON object'],
  [
    'too new',
    altered((document) => (document['formatVersion'] = 4)),
    'newer version of the agent (format 4; this one reads 1 to 3)',
  ],
  ['too old', altered((document) => (document['formatVersion'] = 0)), 'formatVersion is none of 1 to 3'],
  ['format as text', altered((document) => (document['formatVersion'] = '2')), 'formatVersion is none of 1 to 3'],
  ['newer format as text', altered((document) => (document['formatVersion'] = '4')), 'formatVersion is none of 1 to 3'],
  ['no format', altered((document) => delete document['formatVersion']), 'formatVersion is none of 1 to 3'],
  ['unknown key', altered((document) => (document['comment'] = 'x')), "unknown key 'comment'"],
  ['generation 0', altered((document) => (document['generation'] = 0)), 'generation'],
  ['generation as text', altered((document) => (document['generation'] = '7')), 'generation'],
  ['generation 1.5', altered((document) => (document['generation'] = 1.5)), 'generation'],
  [
    'properties null',
    altered((document) => Object.assign(document, { properties: null })),
    'properties are not an object',
  ],
  [
    'properties a list',
    altered((document) => Object.assign(document, { properties: [] })),
    'properties are not an object',
  ],
  [
    'unknown property',
    altered(({ properties }) => (properties['extensions.allowList'] = [])),
    "unknown property 'extensions.allowList'",
  ],
  ['__proto__', text.replace('"properties": {', '"properties": { "__proto__": {},'), "unknown property '__proto__'"],
  [
    'malformed entry',
    altered(({ properties }) => (properties['extensions.blocklist'] = ['a/b', 'nonsense'])),
    "'extensions.blocklist' is not valid: 'nonsense'",
  ],
  [
    'list as text',
    altered(({ properties }) => (properties['extensions.blocklist'] = 'a/b')),
    "'extensions.blocklist' is not valid",
  ],
  [
    'truth as text',
    altered(({ properties }) => (properties['extensions.enabled'] = 'false')),
    "'extensions.enabled' is not valid",
  ],
];

for (const [what, content, reason] of wrong) {
  test(`T55 unreadable: ${what}`, () => {
    const result = read(content);
    if (result.ok) throw new Error('accepted');
    expect(result.reason).toContain(reason);
  });
}

const first = propertyNames.filter(
  (name) =>
    properties[name].addedLater !== true &&
    properties[name].absentWhenUnset !== true &&
    properties[name].sinceLayout === undefined,
);

test('a file from before a property was added is whole, and has its default', () => {
  const later = propertyNames.filter((name) => !first.includes(name));
  // Each of them by name: a file from before it would be unreadable, and its machine would permit nothing.
  expect(later).toEqual([
    'extensions.agent.cpulimit',
    'extensions.agent.parallelcommands',
    'extensions.agent.memorylimit',
    'extensions.agent.processlimit',
    'extensions.agent.disklimit',
    'extensions.signers',
    'extensions.agent.installnetwork',
  ]);
  const old = altered((document) => later.forEach((name) => delete document.properties[name]));
  const usual = { ...controls, 'extensions.agent.cpulimit': 'unset' };
  expect(read(old)).toEqual({ ok: true, value: { controls: usual, generation: 7 } });
});

test('a rate limit that is not set is no value in the file, and 5 that is set is one (arc-agent §0.7)', () => {
  const unset = writeDocument({ controls: defaultControls, generation: 1 });
  expect(unset).not.toContain('"extensions.agent.cpulimit"');
  expect(read(unset)).toEqual({ ok: true, value: { controls: defaultControls, generation: 1 } });
  const five = { ...defaultControls, 'extensions.agent.cpulimit': 5 };
  expect(read(writeDocument({ controls: five, generation: 1 }))).toMatchObject({ value: { controls: five } });
});

for (const name of first) {
  test(`T55 unreadable: without ${name}`, () => {
    expect(read(altered(({ properties }) => delete properties[name]))).toEqual({
      ok: false,
      reason: `the property '${name}' is missing`,
    });
  });
}

describe('T43 T10 T55 layouts', () => {
  const signers = { needed: 1, signers: [{ name: 'alice', key: 'A'.repeat(43) }] } as const;
  const guarded = { ...defaultControls, 'extensions.signers': signers };
  const [declared, none] = (['declared', 'none'] as const).map((word) => ({
    ...defaultControls,
    'extensions.agent.installnetwork': word,
  }));
  const written = (of: LocalControls): string => writeDocument({ controls: of, generation: 2 });

  test.each([
    ['neither rule', defaultControls, 1, []],
    ['signers only', guarded, 2, ['extensions.signers']],
    ['declared', declared, 3, ['extensions.signers', 'extensions.agent.installnetwork']],
    ['none', none, 3, ['extensions.signers', 'extensions.agent.installnetwork']],
    [
      'both',
      { ...guarded, 'extensions.agent.installnetwork': 'none' },
      3,
      ['extensions.signers', 'extensions.agent.installnetwork'],
    ],
  ] as const)(
    'a file with %s is of the lowest layout that has its rules, and reads back',
    (_what, of, layout, there) => {
      const file = written(of as LocalControls);
      const { formatVersion, properties: held } = JSON.parse(file) as { formatVersion: number; properties: object };
      expect(formatVersion).toBe(layout);
      expect(Object.keys(held).filter((name) => properties[name as PropertyName].sinceLayout !== undefined)).toEqual(
        there,
      );
      expect(read(file)).toEqual({ ok: true, value: { controls: of, generation: 2 } });
      // A rule that got lost from its layout, or stands in one that has no such rule, is no file at all.
      for (const name of there) {
        const parsed = JSON.parse(file) as { formatVersion: number; properties: Record<string, unknown> };
        delete parsed.properties[name];
        expect(read(JSON.stringify(parsed)), name).toMatchObject({ reason: `the property '${name}' is missing` });
      }
      for (const lower of [1, 2].filter((one) => one < layout)) {
        const parsed = { ...(JSON.parse(file) as object), formatVersion: lower };
        expect(read(JSON.stringify(parsed)), `as layout ${lower}`).toMatchObject({
          reason: expect.stringContaining('unknown property'),
        });
      }
    },
  );

  test('cut off anywhere or without any of its lines, none never becomes anything else', () => {
    const file = written({ ...guarded, 'extensions.agent.installnetwork': 'none' });
    for (let length = 0; length < file.length - 1; length += 1) expect(read(file.slice(0, length)).ok).toBe(false);
    const lines = file.split('\n');
    for (const at of lines.keys()) {
      const result = read(lines.toSpliced(at, 1).join('\n'));
      if (result.ok) expect(result.value.controls['extensions.agent.installnetwork'], lines[at]).toBe('none');
    }
  });
});

test('T55 a key that is there twice is refused, escaped or nested, and may occur in different objects', () => {
  const twice = (from: string, to: string) => read(text.replace(from, to));
  expect(twice('"generation": 7', '"generation": 7, "generation": 8')).toMatchObject({
    reason: "it holds the key 'generation' twice",
  });
  expect(twice('"config.mode": "monitor"', '"config.mode": "monitor", "config\\u002emode": "full"')).toMatchObject({
    reason: "it holds the key 'config.mode' twice",
  });
  expect(twice('"generation": 7', '"generation"\n : 7, "\\u0067eneration" :7').ok).toBe(false);
  // Texts that look like keys or braces are not: the key of each object is its own.
  expect(read('{"a": {"b": "\\"b\\": {", "c": 1}, "b": {"b": "}", "a": 2}}')).toMatchObject({
    reason: 'its formatVersion is none of 1 to 3',
  });
});

test('T55 bytes that are not UTF-8 and files without end are unreadable', () => {
  expect(readDocument(Uint8Array.of(0x7b, 0xff, 0x7d))).toEqual({ ok: false, reason: 'it is not UTF-8 text' });
  const large = new TextEncoder().encode(text.padEnd(documentMostBytes, ' '));
  expect(readDocument(large).ok).toBe(true);
  expect(readDocument(new Uint8Array(documentMostBytes + 1).fill(32))).toEqual({
    ok: false,
    reason: `it is larger than ${documentMostBytes} bytes`,
  });
});

test('duplicates in a list of the file collapse like those of a command', () => {
  const result = read(altered(({ properties }) => (properties['extensions.blocklist'] = ['x/y', 'X/Y'])));
  expect(result.ok && result.value.controls['extensions.blocklist']).toEqual(controls['extensions.blocklist']);
});

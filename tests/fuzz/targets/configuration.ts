/** The local controls' file and the values of `config set`: refused, or written and read back the same (T06, T07, T55). */
import {
  changeProperty,
  decide,
  defaultControls,
  knownExtension,
  propertyNames,
  readDocument,
  writeDocument,
  type LocalControls,
} from '@sallyport/local-controls';
import { hold, jsonWords, requireCleanPrototype, words, type FuzzOutcome, type FuzzTarget } from '../target.ts';

function controlsWith(
  lists: Readonly<Partial<Record<'extensions.allowlist' | 'extensions.blocklist', string>>>,
): LocalControls {
  let controls = defaultControls;
  for (const [name, text] of Object.entries(lists)) {
    const changed = changeProperty(controls, name as keyof typeof lists, { kind: 'set', text });
    hold(changed.ok, 'a seed is refused');
    controls = changed.value.controls;
  }
  return controls;
}
const seed = (controls: LocalControls): Buffer => Buffer.from(writeDocument({ controls, generation: 7 }));
const values = [
  'Contoso.Test/Thing,Microsoft.Azure.Monitor/AzureMonitorLinuxAgent',
  'Allow/None',
  'true',
  '22,443',
  'monitor',
];
const asked = knownExtension('Contoso.Test/Thing');

export const configuration: FuzzTarget = {
  reads: 'localconfig.json and values of `azcmagent config set` (packages/local-controls)',
  seeds: [
    seed(defaultControls),
    seed(
      controlsWith({ 'extensions.allowlist': 'Contoso.Test/Thing,Fabrikam/Other', 'extensions.blocklist': 'A.B/C' }),
    ),
    seed(controlsWith({ 'extensions.allowlist': 'Allow/None' })),
    ...values.map((value) => Buffer.from(value)),
  ],
  words: [
    ...jsonWords,
    ...words('"properties":', '"extensions.allowlist":', '"formatVersion":', '"generation":', 'Allow/None', 'a/b', ','),
    ...words('/', ' ', '\t', '\u201c', '\u00a0', '\u0130', '*', 'http://user:pw@host:1', 'true', 'FALSE', '65536'),
  ],
  most: 4096,
  execute: (input) => (input[0] === 0x7b ? readFile(input) : readValue(input)),
};

function readFile(input: Buffer): FuzzOutcome {
  const found = readDocument(input);
  if (!found.ok) {
    // What cannot be read blocks everything but removals (S4.3, T55).
    const verdict = decide('install', asked, { kind: 'unreadable', file: 'f', reason: found.reason });
    hold(verdict.outcome === 'block', 'an installation is allowed under controls that cannot be read');
    return 'refused';
  }
  const again = writeDocument(found.value);
  const reread = readDocument(Buffer.from(again));
  hold(reread.ok && writeDocument(reread.value) === again, 'controls are not read back as they were written');
  requireCleanPrototype();
  return 'accepted';
}

function readValue(input: Buffer): FuzzOutcome {
  let outcome: FuzzOutcome = 'refused';
  for (const name of propertyNames) {
    const changed = changeProperty(defaultControls, name, { kind: 'set', text: input.toString('utf8') });
    if (!changed.ok) continue;
    outcome = 'accepted';
    const text = writeDocument({ controls: changed.value.controls, generation: 1 });
    const reread = readDocument(Buffer.from(text));
    hold(reread.ok, `a value of ${name} is taken and cannot be read back`);
    hold(writeDocument(reread.value) === text, `a value of ${name} is read back as another`);
  }
  requireCleanPrototype();
  return outcome;
}

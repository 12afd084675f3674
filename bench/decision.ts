/** The decision, with lists of 10 and of 10,000 entries, against looking a string up in a Set: the least any decision could do. */
import { operationKinds, type ExtensionName } from '@sallyport/model';
import {
  decide,
  defaultControls,
  extensionListOf,
  knownExtension,
  type ControlsReading,
} from '@sallyport/local-controls';
import { compare, timed } from './measure.ts';
import { printRows, ratio } from './report.ts';

const decisions = 200_000;
const rounds = 9;

function reading(entries: number): { readonly reading: ControlsReading; readonly asked: readonly ExtensionName[] } {
  const names = Array.from({ length: entries * 2 }, (_, i) =>
    knownExtension(`Publisher.Number${i % 97}/Extension${i}`),
  );
  const controls = {
    ...defaultControls,
    'extensions.allowlist': extensionListOf(names.slice(0, entries)),
    'extensions.blocklist': extensionListOf(names.slice(entries / 2, entries)),
  };
  return {
    reading: { kind: 'in-force', controls, file: '/var/opt/azcmagent/localconfig.json', generation: 1 },
    asked: names,
  };
}

export async function run(): Promise<void> {
  const rows = [];
  for (const entries of [10, 10_000]) {
    const { reading: controls, asked } = reading(entries);
    const keys = new Set(asked.slice(0, entries).map((name) => `${name.publisher}/${name.type}`));
    let blocked = 0;
    let present = 0;
    const ours = (): Promise<number> =>
      timed(() => {
        for (let i = 0; i < decisions; i += 1) {
          const name = asked[i % asked.length];
          const operation = operationKinds[i % operationKinds.length];
          if (name !== undefined && operation !== undefined && decide(operation, name, controls).outcome === 'block')
            blocked += 1;
        }
      });
    const floor = (): Promise<number> =>
      timed(() => {
        for (let i = 0; i < decisions; i += 1) {
          const name = asked[i % asked.length];
          if (name !== undefined && keys.has(`${name.publisher}/${name.type}`)) present += 1;
        }
      });
    const result = await compare(rounds, ours, floor);
    // Using the counts keeps the loops from being optimised away.
    if (blocked === 0 || present === 0) throw new Error('The benchmark decided nothing');
    const perSecond = (median: number): string => `${Math.round(decisions / median).toLocaleString('en')},000/s`;
    rows.push({
      what: `decision with its explanation, lists of ${entries.toLocaleString('en')}`,
      figure: perSecond(result.ours.median),
      against: `look-up in a Set: ${perSecond(result.peer.median)}`,
      ratio: ratio(result.ratio),
    });
  }
  printRows('The decision', rows);
}

/** A process of its own that adds entries to the blocklist: ROOT PREFIX COUNT. Says each entry when it is stored. */
import { writeSync } from 'node:fs';
import { changeProperty, parsed } from '@sallyport/local-controls';
import { changeControls } from './change-controls.ts';
import { environmentOf } from './machine.fixture.ts';

const [root = '', prefix = '', count = '0'] = process.argv.slice(2);
for (let i = 0; i < Number(count); i += 1) {
  const entry = `${prefix}/e${i}`;
  const outcome = changeControls(environmentOf(root), (controls) => {
    const changed = changeProperty(controls, 'extensions.blocklist', { kind: 'add', text: entry });
    return changed.ok ? parsed({ controls: changed.value.controls }) : changed;
  });
  if (outcome.kind !== 'stored') throw new Error(JSON.stringify(outcome));
  writeSync(1, `${entry}\n`);
}

/**
 * A process of its own that makes one change and is killed (SIGKILL) just before its nth call that touches the disk:
 * ROOT PROXY-URL N. Ends with 0 when it made the whole change before that.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { changeProperty, parsed, parseProxyUrl } from '@sallyport/local-controls';
import { environmentOf } from './machine.fixture.ts';

const [root = '', url = '', nth = '0'] = process.argv.slice(2);
const { changeControls } = await import('./change-controls.ts');

let calls = 0;
const touching = [
  'openSync',
  'writeSync',
  'fsyncSync',
  'renameSync',
  'unlinkSync',
  'closeSync',
  'chmodSync',
  'fchmodSync',
  'mkdirSync',
] as const;
for (const name of touching) {
  const original: (...args: never[]) => unknown = fs[name];
  Object.assign(fs, {
    [name]: (...args: never[]): unknown => {
      calls += 1;
      if (calls === Number(nth)) process.kill(process.pid, 'SIGKILL');
      return original(...args);
    },
  });
}
syncBuiltinESMExports();

const outcome = changeControls(environmentOf(root), (controls) => {
  const changed = changeProperty(controls, 'proxy.url', { kind: 'set', text: url });
  const address = parseProxyUrl(url);
  if (!changed.ok) return changed;
  return parsed({
    controls: changed.value.controls,
    proxyCredentials: address.ok ? address.value.credentials : undefined,
  });
});
process.exitCode = outcome.kind === 'stored' ? 0 : 1;

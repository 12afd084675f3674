/** `npm start`: builds the extension packages we ship, then tells the main job (`sallyport tour`); arguments are passed on. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { buildExtensions } from './build.ts';

const root = join(import.meta.dirname, '..');

await buildExtensions();
// Run from where the user stands, so that --script and --state mean what they say.
const child = spawn(process.execPath, [join(root, 'apps/cli/src/main.ts'), 'tour', ...process.argv.slice(2)], {
  stdio: 'inherit',
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));

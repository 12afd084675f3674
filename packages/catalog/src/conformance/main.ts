/** `tuf-client`: what the public TUF conformance suite is pointed at. */
import { runStandardClient } from './run-standard-client.ts';

process.exitCode = await runStandardClient(process.argv.slice(2), {
  now: () => new Date(),
  say: (line) => void process.stderr.write(`${line}\n`),
});

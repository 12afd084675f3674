/** The program `azcmagent-resident`: what `azcmagent run` becomes, with as little in it as the process that is always there needs. */
import { processEnvironment } from './platform/environment.ts';
import { endedBySignal, streamsOfProcess } from './platform/this-process.ts';
import { runResident } from './service/run-resident.ts';

async function main(): Promise<void> {
  const ended = endedBySignal();
  process.exitCode = await runResident(process.argv.slice(2), processEnvironment(), streamsOfProcess(), ended);
}

// Not awaited at the top level: the program is also bundled as CommonJS. runResident never throws.
void main();

/** Where the process that unpacks begins when the agent runs from its sources. */
import { runUnpackProcess } from './unpack-process.ts';

await runUnpackProcess();

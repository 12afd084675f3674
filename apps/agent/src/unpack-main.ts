/** The program `azcmagent-unpack`: the process that unpacks. A program of its own, so that starting one reads and compiles nothing else. */
import { runUnpackProcess } from './extensions/unpack/unpack-process.ts';

// Not awaited at the top level: the program is also bundled as CommonJS. What it throws ends the process and is told by that.
void runUnpackProcess();

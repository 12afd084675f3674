/** Where sources are kept as they were compiled, for the processes of a run of tests and of the next: half of what starting one costs. */
import { join } from 'node:path';

export const compileCache = join(import.meta.dirname, '../node_modules/.cache/compiled');

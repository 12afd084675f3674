/** `azcmagent unpack-package`: not for people; see `extensions/unpack`. */
import { runUnpackProcess } from '../../../extensions/unpack/unpack-process.ts';

export async function run(): Promise<number> {
  return runUnpackProcess();
}

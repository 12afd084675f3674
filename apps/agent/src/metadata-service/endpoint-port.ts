import { AzcmError } from '../cli/azcm-error.ts';
import type { Environment } from '../platform/environment.ts';

/** Where clients of an Arc machine look. */
export const documentedPort = 40342;

/**
 * The port of the local endpoint: the documented one, or a free one under a moved root, which is one of maybe many on this
 * machine. `AZCMAGENT_METADATA_PORT` says another; 0 takes a free one. Throws AZCM0023.
 */
export function endpointPort({ root, variables }: Environment): number {
  const wanted = variables['AZCMAGENT_METADATA_PORT'] ?? '';
  if (wanted === '') return root === '/' ? documentedPort : 0;
  const port = Number(wanted);
  if (/^\d{1,5}$/.test(wanted) && port <= 65_535) return port;
  throw new AzcmError('AZCM0023', `AZCMAGENT_METADATA_PORT: '${wanted}' is not a port number.`, [
    `Set it to a number from 0 to 65535, or leave it out for ${documentedPort}.`,
  ]);
}

/** The options of `connect` and `disconnect` that carry an operator's credentials (arc-agent §1.3). */
import type { Option } from '../cli/command.ts';

export const credentialOptions: readonly Option[] = [
  { name: 'tenant-id', short: 't', kind: 'text', value: 'id', description: 'The tenant to sign in to.' },
  {
    name: 'service-principal-id',
    short: 'i',
    kind: 'text',
    value: 'id',
    description: 'The service principal to sign in as.',
  },
  {
    name: 'service-principal-secret',
    short: 'p',
    kind: 'text',
    value: 'secret',
    description: 'Its secret. Better in a file given by --config than on the command line.',
  },
  {
    name: 'access-token',
    kind: 'text',
    value: 'token',
    description: 'A token for the ARM API, instead of signing in.',
  },
];

/** The options every command understands (arc-agent §1.1). */
import type { Option } from './command.ts';

export const commonOptions: readonly Option[] = [
  {
    name: 'config',
    kind: 'text',
    value: 'file',
    description: 'Read options from a file: JSON, or one "name: value" a line. The command line wins over the file.',
  },
  { name: 'help', short: 'h', kind: 'flag', description: 'Show what the command does and stop.' },
  { name: 'json', short: 'j', kind: 'flag', description: 'Answer in JSON.' },
  { name: 'log-stderr', kind: 'flag', description: 'Write errors and verbose messages to stderr instead of stdout.' },
  { name: 'no-color', kind: 'flag', description: 'No colours. Accepted for compatibility: there are none.' },
  { name: 'verbose', short: 'v', kind: 'flag', description: 'Say more about what happens.' },
];

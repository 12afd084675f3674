/** `azcmagent logs`. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { messageOf } from '@sallyport/model';
import { collectLogs } from '../../../logs/collect-logs.ts';
import { zipOf } from '../../../logs/zip-writer.ts';
import { writeDurably } from '@sallyport/durable-files';
import { AzcmError } from '../../azcm-error.ts';
import type { CommandContext, Invocation } from '../../command.ts';

export async function run(invocation: Invocation, { environment, voice }: CommandContext): Promise<void> {
  const time = environment.now();
  const stamp = new Date(time).toISOString().replace(/[-:]|\..*$/g, '');
  const path = resolve(invocation.texts.get('output') ?? `azcmagent-${stamp}-${hostname()}.zip`);
  const files = collectLogs(environment, invocation.flags.has('full'));
  try {
    writeDurably(path, zipOf(files, time), 0o600);
  } catch (error) {
    throw new AzcmError(
      'AZCM0023',
      `${path} cannot be written: ${messageOf(error)}`,
      ['Give another place with --output.'],
      {
        cause: error,
      },
    );
  }
  voice.info(`Collected ${files.length} files in ${path}`);
  voice.value({ status: 'success', output: path, files: files.map((file) => file.path) });
}

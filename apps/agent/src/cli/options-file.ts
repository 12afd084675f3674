/** `--config FILE`: options in a file, so that a secret need not stand on a command line (arc-agent §1.1, §1.3). */
import { readFileSync } from 'node:fs';
import { messageOf } from '@sallyport/model';
import { AzcmError } from './azcm-error.ts';
import type { Command, Invocation } from './command.ts';
import { commonOptions } from './common-options.ts';
import { nearest } from './nearest.ts';

/**
 * The invocation with what the file adds: its keys are long option names; what the command line says wins.
 * Throws AZCM0019 when the file cannot be read, AZCM0023 when it holds something that is not an option of the command.
 */
export function withOptionsFile(invocation: Invocation, command: Command, path: string): Invocation {
  const texts = new Map(invocation.texts);
  const flags = new Set(invocation.flags);
  const options = [...commonOptions, ...command.options];
  for (const [key, value] of entriesOf(readText(path), path)) {
    const option = options.find(({ name }) => name === key);
    if (option === undefined) {
      const suggestion = nearest(
        key,
        options.map(({ name }) => name),
      );
      throw new AzcmError('AZCM0023', `'${key}' in ${path} is not an option of azcmagent ${command.words.join(' ')}.`, [
        suggestion === undefined ? 'Keys are long option names without the dashes.' : `Did you mean: ${suggestion}`,
      ]);
    }
    if (option.kind === 'text') {
      if (!texts.has(key)) texts.set(key, value);
    } else if (value === 'true') flags.add(key);
    else if (value !== 'false') {
      throw new AzcmError('AZCM0023', `'${key}' in ${path} is true or false, not '${value}'.`);
    }
  }
  return { arguments: invocation.arguments, texts, flags };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AzcmError('AZCM0019', `The file of --config cannot be read: ${messageOf(error)}`, [], { cause: error });
  }
}

/** JSON when it begins with a brace; otherwise one `name: value` (or `name=value`) a line, `#` begins a comment. */
function entriesOf(text: string, path: string): readonly (readonly [string, string])[] {
  if (text.trimStart().startsWith('{')) return jsonEntries(text, path);
  const entries: [string, string][] = [];
  for (const [number, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line === '---') continue;
    const parts = /^([A-Za-z][A-Za-z0-9-]*)\s*[:=]\s*(.*)$/.exec(line);
    if (parts === null) {
      throw new AzcmError('AZCM0023', `Line ${number + 1} of ${path} is not "name: value".`);
    }
    const [, name = '', value = ''] = parts;
    entries.push([name, /^(["'])(.*)\1$/.exec(value)?.[2] ?? value]);
  }
  return entries;
}

function jsonEntries(text: string, path: string): readonly (readonly [string, string])[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the text, which may be a secret.
    throw new AzcmError('AZCM0023', `${path} begins like JSON and is not.`, [], { cause: error });
  }
  return Object.entries(value as Record<string, unknown>).map(([key, entry]) => {
    if (typeof entry === 'string' || typeof entry === 'boolean' || typeof entry === 'number')
      return [key, String(entry)];
    throw new AzcmError('AZCM0023', `'${key}' in ${path} is not a text, a number, true or false.`);
  });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decisionRules, defaultControls, formatValue, managedList, propertyNames } from '@sallyport/local-controls';
import { formatExtensionName } from '@sallyport/model';
import { expect, test } from 'vitest';
import { configCommands } from '../config-commands.ts';

const reference = readFileSync(
  join(import.meta.dirname, '../../../../../../docs/reference/azcmagent-config.md'),
  'utf8',
);

test('the reference names every command, option, property with its default, rule and managed extension', () => {
  const named = [
    ...configCommands.map((command) => `\`${['azcmagent', ...command.words, command.usage].join(' ').trim()}\``),
    ...configCommands.flatMap((command) => command.options.map((option) => `--${option.name}`)),
    ...decisionRules.map((rule) => `\`${rule}\``),
    ...managedList.entries.map((entry) => `\`${formatExtensionName(entry)}\``),
    ...propertyNames.map((name) => `| \`${name}\``),
  ];
  expect(named.filter((text) => !reference.includes(text))).toEqual([]);
  for (const name of propertyNames) {
    const row = reference.split('\n').find((line) => line.startsWith(`| \`${name}\``));
    expect(row, name).toContain(formatValue(defaultControls, name) || 'empty');
  }
});

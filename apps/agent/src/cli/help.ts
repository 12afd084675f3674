/** Help texts, made from the table of commands so that they cannot lag behind it. */
import type { Command, Option } from './command.ts';
import { commonOptions } from './common-options.ts';

/** What `azcmagent`, `azcmagent help` and `azcmagent --help` print. */
export function overview(commands: readonly Command[]): string[] {
  const calls = commands.map(
    (command) => [[...command.words, command.usage].join(' ').trim(), command.summary] as const,
  );
  return [
    'azcmagent: connects this machine and decides which extensions it accepts.',
    '',
    'Usage: azcmagent <command> [options]',
    '',
    'Commands:',
    ...columns(calls),
    '',
    'Options of every command:',
    ...columns(commonOptions.map(optionColumns)),
    '',
    'More on one command: azcmagent <command> --help',
  ];
}

/** What `azcmagent <command> --help` prints. */
export function commandHelp(command: Command): string[] {
  return [
    command.summary,
    '',
    `Usage: azcmagent ${[...command.words, command.usage].join(' ').trim()} [options]`,
    ...(command.administrator ? ['', 'Needs root (AZCM0018).'] : []),
    ...(command.options.length === 0 ? [] : ['', 'Options:', ...columns(command.options.map(optionColumns))]),
    '',
    'Options of every command:',
    ...columns(commonOptions.map(optionColumns)),
  ];
}

function optionColumns(option: Option): readonly [string, string] {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  const value = option.kind === 'text' ? ` <${option.value ?? 'value'}>` : '';
  return [`${short}--${option.name}${value}`, option.description];
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

/** How the tour speaks: numbered steps, commands as one would type them, output set in. Colour only on a terminal. */
import { styleText } from 'node:util';
import { shellWord } from '../output/shell-word.ts';
import { formatTable, printable } from '../output/table.ts';

export interface Narrator {
  title(text: string): void;
  step(text: string): void;
  /** A command line, word by word; it can be copied to a shell as it stands. */
  command(...words: readonly string[]): void;
  /** A request to the API. */
  request(method: string, path: string): void;
  output(text: string): void;
  table(headings: readonly string[], rows: readonly (readonly string[])[]): void;
  note(text: string): void;
  /** A state an operation reached, `milliseconds` after it was asked for. */
  progress(state: string, milliseconds: number): void;
}

/** A narrator on a stream. */
export function narratorOn(stream: NodeJS.WriteStream): Narrator {
  let number = 0;
  const style = (format: Parameters<typeof styleText>[0], text: string): string => styleText(format, text, { stream });
  const say = (text: string): void => void stream.write(`${text}\n`);
  const width = Math.min(Math.max(stream.columns ?? 128, 60), 128);
  const indented = (text: string, by: string): string =>
    text
      .split('\n')
      .flatMap((line) => wrapped(printable(line), width - by.length))
      .map((line) => (by + line).trimEnd())
      .join('\n');
  return {
    title: (text) => say(style('bold', text)),
    step(text) {
      number += 1;
      const lead = `${number}. `;
      const [first = '', ...more] = wrapped(printable(text), width - lead.length);
      say(`\n${style('cyan', lead.trimEnd())} ${style('bold', first)}`);
      for (const line of more) say(`${' '.repeat(lead.length)}${style('bold', line.trimStart())}`);
    },
    command: (...words) =>
      say(`   ${style('dim', '$')} ${wrappedCommand(words.map(asTyped), width - 5).join('\n     ')}`),
    request: (method, path) => say(`   ${style('dim', '>')} ${printable(`${method} ${path}`)}`),
    output: (text) => say(indented(text, '     ')),
    table: (headings, rows) =>
      say(
        formatTable(headings, rows, width - 5)
          .map((line) => `     ${line}`)
          .join('\n'),
      ),
    note: (text) => say(indented(text, '   ')),
    progress: (state, milliseconds) =>
      say(`     ${style('dim', `${String(milliseconds).padStart(6)} ms`)}  ${styleOf(state, style)}`),
  };
}

/** `…` stands for what is left out; `NAME=value` is a variable's. */
function asTyped(word: string): string {
  const [, variable, value] = /^([A-Z_]+=)(.*)$/s.exec(word) ?? [];
  if (variable !== undefined && value !== undefined) return printable(variable + shellWord(value));
  return word === '…' ? word : printable(shellWord(word));
}

function styleOf(state: string, style: (format: 'green' | 'red', text: string) => string): string {
  if (state === 'Succeeded') return style('green', state);
  return state === 'Failed' || state === 'Canceled' || state === 'TimedOut' ? style('red', state) : printable(state);
}

/**
 * A line in pieces of at most `width` characters, broken at blanks; pieces after the first are set in a little further. Words
 * longer than that, such as paths, stay whole so that they can be copied.
 */
export function wrapped(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const lead = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = lead;
  let empty = true;
  for (const word of line.slice(lead.length).split(' ')) {
    if (!empty && current.length + 1 + word.length > width) {
      lines.push(current);
      current = `${lead}  `;
      empty = true;
    }
    current += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, current];
}

/** A command line in lines that a shell reads as one: broken between words, with a backslash at the end of each but the last. */
export function wrappedCommand(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of words) {
    if (current === '') current = word;
    else if (current.length + 1 + word.length + 2 <= width) current += ` ${word}`;
    else {
      lines.push(`${current} \\`);
      current = `  ${word}`;
    }
  }
  return [...lines, current];
}

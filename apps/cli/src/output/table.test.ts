import { describe, expect, test } from 'vitest';
import { formatTable, printable, widthOf } from './table.ts';

describe('tables', () => {
  test('columns are as wide as their content, East Asian characters count as two, line breaks become blanks', () => {
    expect(formatTable(['NAME', 'MESSAGE'], [['管理', 'one\ntwo'], ['server'], ['x', 'y', 'too many']])).toEqual([
      'NAME    MESSAGE',
      '------  -------',
      '管理    one two',
      'server',
      'x       y',
    ]);
    expect(widthOf('管理x')).toBe(5);
  });

  test('where it is wider than the terminal, the widest cells go on below, and nothing is lost', () => {
    expect(
      formatTable(
        ['WHO', 'CHANGE'],
        [
          ['operator', 'write extensions/report'],
          ['管理管理管理', 'abcdefghijklmnopqrst'],
        ],
        24,
      ),
    ).toEqual([
      'WHO          CHANGE',
      '-----------  -----------',
      'operator     write',
      '             extensions/',
      '             report',
      '管理管理管   abcdefghijk',
      '理           lmnopqrst',
    ]);
    const rows = [['a'.repeat(30), 'b'.repeat(30), 'c']];
    expect(formatTable(['X', 'Y', 'Z'], rows, 1).join('').match(/[abc]/g)).toHaveLength(61);
  });

  test('T80 a name cannot drive the terminal of its reader', () => {
    expect(printable('a\u001b[2Jb\u0007\u202ec\r')).toBe('a\\u001b[2Jb\\u0007\\u202ec\\u000d');
    expect(formatTable(['X'], [['\u001b]0;title\u0007']]).join('')).not.toMatch(/[\u0000-\u001f]/);
  });
});

/** A plain text table: columns as wide as their content, East Asian wide characters counted as two, nothing that moves a terminal. */

/** Replaces control characters, so that no name or message can drive the reader's terminal (T80). */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** No column is made narrower than this to fit a terminal. */
const narrowest = 8;
const gap = '  ';

/** The table as lines of at most `width` columns where that can be; cells too wide for it go on below. `rows` may be short. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const cells = [headings, ...rows].map((row) =>
    headings.map((_, i) => printable(row[i] ?? '').replace(/\s*\n\s*/g, ' ')),
  );
  const wanted = headings.map((_, i) => Math.max(...cells.map((row) => widthOf(row[i] ?? ''))));
  const widths = fitted(wanted, width - gap.length * (headings.length - 1));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - widthOf(cell))))
      .join(gap)
      .trimEnd();
  const lines = (row: readonly string[]): string[] => {
    const pieces = row.map((cell, i) => inPieces(cell, widths[i] ?? 0));
    const height = Math.max(...pieces.map((piece) => piece.length));
    return Array.from({ length: height }, (_, i) => line(pieces.map((piece) => piece[i] ?? '')));
  };
  const [head = [], ...body] = cells;
  return [...lines(head), widths.map((columns) => '-'.repeat(columns)).join(gap), ...body.flatMap(lines)];
}

/** Takes from the widest columns first, until all fit or none can give any more. */
function fitted(wanted: readonly number[], available: number): readonly number[] {
  const widths = [...wanted];
  while (widths.reduce((sum, columns) => sum + columns, 0) > available) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}

/** A cell in pieces of at most `width` columns, broken after blanks and slashes, or anywhere where there is none. */
function inPieces(cell: string, width: number): string[] {
  const pieces = [''];
  for (const word of cell.split(/(?<=[ /])/)) {
    const last = pieces.at(-1) ?? '';
    if (widthOf(last) + widthOf(word.trimEnd()) <= width) pieces[pieces.length - 1] = last + word;
    else if (widthOf(word) <= width) pieces.push(word);
    else {
      for (const character of word) {
        const piece = pieces.at(-1) ?? '';
        if (widthOf(piece) + widthOf(character) > width) pieces.push(character);
        else pieces[pieces.length - 1] = piece + character;
      }
    }
  }
  return pieces.map((piece) => piece.trimEnd());
}

/** Columns a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/.test(
      character,
    )
      ? 2
      : 1;
  return width;
}

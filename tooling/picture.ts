/**
 * Draws what a command printed as an SVG picture of a terminal, for the README:
 *   FORCE_COLOR=1 npm start -- --once | node tooling/picture.ts > docs/pictures/tour.svg
 * Real output only: it knows the few colours we use and cuts long lines; it invents nothing.
 */
import { text } from 'node:stream/consumers';

const columns = 128;
const size = { width: 8.4, height: 19, margin: 22 } as const;
const colours: Readonly<Record<string, string>> = { '31': '#ff7b72', '32': '#7ee787', '36': '#79c0ff' };

interface Style {
  readonly colour: string;
  readonly bold: boolean;
  readonly dim: boolean;
}
const plain: Style = { colour: '#e6edf3', bold: false, dim: false };

interface Span {
  readonly text: string;
  readonly style: Style;
}

/** Splits a line at its colour codes and cuts it at the width of the picture. */
function spansOf(line: string): Span[] {
  const spans: Span[] = [];
  let style = plain;
  let used = 0;
  for (const piece of line.split(/(\u001b\[\d+m)/)) {
    const code = /^\u001b\[(\d+)m$/.exec(piece)?.[1];
    if (code !== undefined) {
      style = restyled(style, code);
      continue;
    }
    const left = columns - used;
    if (piece === '' || left <= 0) continue;
    const shown = piece.length > left ? `${piece.slice(0, left - 1)}…` : piece;
    used += shown.length;
    spans.push({ text: shown, style });
  }
  return spans;
}

function restyled(style: Style, code: string): Style {
  if (code === '1') return { ...style, bold: true };
  if (code === '2') return { ...style, dim: true };
  if (code === '22') return { ...style, bold: false, dim: false };
  if (code === '39') return { ...style, colour: plain.colour };
  return { ...style, colour: colours[code] ?? style.colour };
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function drawn({ text: content, style }: Span): string {
  const weight = style.bold ? ' font-weight="bold"' : '';
  const opacity = style.dim ? ' opacity="0.6"' : '';
  return `<tspan fill="${style.colour}"${weight}${opacity}>${escaped(content)}</tspan>`;
}

const printed = (await text(process.stdin)).split('\n');
const from = printed.findIndex((line) => line.includes('Sallyport: the centre proposes'));
const lines = printed.slice(Math.max(0, from)).join('\n').trimEnd().split('\n');
const width = Math.ceil(columns * size.width + 2 * size.margin);
const height = lines.length * size.height + 2 * size.margin;
const rows = lines.map(
  (line, i) =>
    `<text x="${size.margin}" y="${size.margin + (i + 0.8) * size.height}" xml:space="preserve">${spansOf(line).map(drawn).join('')}</text>`,
);
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">\n` +
    `<rect width="${width}" height="${height}" rx="10" fill="#0d1117"/>\n${rows.join('\n')}\n</svg>\n`,
);

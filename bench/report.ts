/** The table every benchmark prints. */
import { cpus, release } from 'node:os';
import type { Spread } from './measure.ts';

export interface Row {
  readonly what: string;
  readonly figure: string;
  /** The floor or peer of the same run, and the ratio to it. */
  readonly against?: string;
  readonly ratio?: string;
}

/** Prints rows under a heading. */
export function printRows(heading: string, rows: readonly Row[]): void {
  const cells = [
    ['', 'figure', 'against', 'ratio'],
    ...rows.map((row) => [row.what, row.figure, row.against ?? '', row.ratio ?? '']),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  process.stdout.write(`\n${heading}\n`);
  for (const row of cells)
    process.stdout.write(
      `  ${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('   ')
        .trimEnd()}\n`,
    );
}

/** `12.3 ms (11.9–14.0)`. */
export function milliseconds(spread: Spread): string {
  return `${spread.median.toFixed(1)} ms (${spread.least.toFixed(1)}–${spread.most.toFixed(1)})`;
}

/** `0.41 (0.38–0.47)`. */
export function ratio(spread: Spread): string {
  return `${spread.median.toFixed(2)} (${spread.least.toFixed(2)}–${spread.most.toFixed(2)})`;
}

/** What the figures were taken on. Ratios carry over, absolute times do not. */
export function printMachine(): void {
  const [first] = cpus();
  process.stdout.write(
    `${cpus().length} × ${first?.model.trim() ?? 'unknown processor'}, Linux ${release()}, Node ${process.version}. Medians (least–most); ratios are taken pair by pair.\n`,
  );
}

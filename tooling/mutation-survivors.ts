/** The mutants that no test noticed, one a line: what docs/mutation.md lists and explains. */
import * as z from 'zod/mini';

const positionSchema = z.object({ line: z.number(), column: z.number() });
const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          mutatorName: z.string(),
          replacement: z.optional(z.string()),
          status: z.string(),
          location: z.object({ start: positionSchema, end: positionSchema }),
        }),
      ),
    }),
  ),
});

/** Reads Stryker's JSON report. */
export function survivors(report: string): string {
  const { files } = reportSchema.parse(JSON.parse(report));
  const lines: string[] = [];
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const text = source.split('\n');
    for (const { mutatorName, replacement = '', status, location } of mutants) {
      if (status !== 'Survived' && status !== 'NoCoverage') continue;
      const line = (text[location.start.line - 1] ?? '').trim();
      lines.push(
        `${file}:${location.start.line} ${mutatorName} (${status}): ${line} -> ${replacement.split('\n')[0] ?? ''}`,
      );
    }
  }
  return `\n${lines.length} mutants survived.\n${lines.join('\n')}\n`;
}

/** The number of the last statement that this machine signed: whoever was shown an older one finds out here that it is not the newest. */
import { join } from 'node:path';
import { CodedError } from '@sallyport/model';
import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../platform/json-file.ts';
import { agentPaths } from '../platform/paths.ts';

const numberSchema = z.object({ format: z.literal(1), number: z.int().check(z.minimum(1)), time: z.string() });
export type StatementNumber = Omit<z.infer<typeof numberSchema>, 'format'>;

/** Where it stands. */
export function statementNumberFile(root: string): string {
  return join(agentPaths(root).data, 'statement.json');
}

/**
 * The last one; undefined when none was signed yet, or its number is lost. Throws when a newer version of the agent wrote it: that is not
 * lost, and numbers that begin anew would pass for older ones (T16).
 */
export function readStatementNumber(root: string): StatementNumber | undefined {
  try {
    return readJsonFile(statementNumberFile(root), numberSchema);
  } catch (error) {
    if (error instanceof CodedError && error.code === 'NewerFormat') throw error;
    // Begun anew: a number is for comparing, and nothing is decided by it.
    return undefined;
  }
}

/** Stores it, before it is used: none is used twice. */
export function writeStatementNumber(root: string, { number, time }: StatementNumber): void {
  writeJsonFile(statementNumberFile(root), { format: 1, number, time }, 0o644);
}

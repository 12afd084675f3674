/**
 * How operations ended here, kept until the centre has heard of it and for as long as the centre asks for the same operation:
 * an end is told at least once, however often the agent is killed, and a refused operation is not begun anew (T84).
 */
import { extensionReportSchema, type ExtensionReport, type InstanceStatus } from '@sallyport/model/wire';
import { parseValue } from '@sallyport/model';
import * as z from 'zod/mini';
import type { HeardGoal } from '../../connection/heard-goal.ts';
import { ensureDirectory } from '../../platform/directory.ts';
import { readJsonFile, writeJsonFile } from '../../platform/json-file.ts';
import { dirname } from 'node:path';
import { resourceKey, type Conclusion } from '../plan/conclusion.ts';

const entrySchema = z.object({ report: extensionReportSchema, sent: z.boolean() });
type Entry = z.infer<typeof entrySchema>;
const journalSchema = z.object({ format: z.literal(1), operations: z.record(z.string(), z.unknown()) });

/** What is needed of an end that this version has no word for: of which operation it was. */
const foreignSchema = z.object({ report: z.object({ operationId: z.string() }), sent: z.boolean() });

/** Kept as it is, for the version that wrote it: it is the one to tell the centre. */
interface Foreign {
  readonly operationId: string;
  readonly sent: boolean;
  readonly content: unknown;
}

/** What may be lost is put off this long. Milliseconds. */
const laterMilliseconds = 1000;

/** Holds the entries in memory and on disk; one process at a time. */
export class Journal {
  readonly #path: string;
  #entries: Map<string, Entry>;
  #foreign: Map<string, Foreign>;
  /** Runs while something is not on the disk that may be lost. */
  #later: NodeJS.Timeout | undefined;

  /** Reads the journal. Throws when it is there and cannot be read: it must not be taken for an empty one. */
  constructor(path: string) {
    this.#path = path;
    const operations = Object.entries(readJsonFile(path, journalSchema)?.operations ?? {});
    const read = operations.map(([key, content]) => ({ key, content, known: entrySchema.safeParse(content) }));
    this.#entries = new Map(read.flatMap(({ key, known }) => (known.success ? [[key, known.data]] : [])));
    this.#foreign = new Map(
      read.flatMap(({ key, content, known }) => {
        if (known.success) return [];
        const { report, sent } = parseValue(foreignSchema, content, `${path}, of '${key}',`);
        return [[key, { operationId: report.operationId, sent, content }]];
      }),
    );
  }

  /** The ends of operations, by `resourceKey`. */
  conclusions(): ReadonlyMap<string, Conclusion> {
    return new Map<string, Conclusion>([
      ...[...this.#foreign].map(([key, { operationId }]) => [key, { operationId, state: 'unknown' }] as const),
      ...[...this.#entries].map(
        ([key, { report }]) => [key, { operationId: report.operationId, state: report.state }] as const,
      ),
    ]);
  }

  /** Records an end, durably, before anybody is told. */
  conclude(report: ExtensionReport): void {
    this.#foreign.delete(resourceKey(report));
    this.#entries.set(resourceKey(report), { report, sent: false });
    this.#write();
  }

  /**
   * An extension says something new of itself after its operation. False when that operation is not the last one here, or its
   * end has not reached the centre yet: an end is never told without its reason.
   */
  amend(resourceName: string, operationId: string, status: InstanceStatus): boolean {
    const key = resourceKey({ resourceName });
    const entry = this.#entries.get(key);
    if (entry === undefined || !entry.sent || entry.report.operationId !== operationId) return false;
    const { status: before, ...report } = entry.report;
    if (before !== undefined && sameButForTime(before, status)) return true;
    this.#entries.set(key, { report: { ...report, status }, sent: false });
    this.#write();
    return true;
  }

  /** What was last told of an extension; undefined when nothing was. */
  statusOf({ resourceName }: { readonly resourceName: string }): InstanceStatus | undefined {
    return this.#entries.get(resourceKey({ resourceName }))?.report.status;
  }

  /** Ends that the centre has not acknowledged. */
  unsent(): readonly ExtensionReport[] {
    return [...this.#entries.values()].flatMap(({ report, sent }) => (sent ? [] : [report]));
  }

  /** The centre has these. Losing this costs a repeated report only, so it is written with the next that counts, or a little later. */
  markSent(reports: readonly ExtensionReport[]): void {
    let changed = false;
    for (const report of reports) {
      const entry = this.#entries.get(resourceKey(report));
      if (entry === undefined || entry.sent || entry.report.operationId !== report.operationId) continue;
      this.#entries.set(resourceKey(report), { ...entry, sent: true });
      changed = true;
    }
    if (changed) this.#writeLater();
  }

  /** Writes what has been put off. Never throws: it is written again with the next, and nothing rests on it. */
  settle(): void {
    if (this.#later === undefined) return;
    try {
      this.#write();
    } catch {
      // No room, say: whoever has something to keep is told.
    }
  }

  /** Forgets what was told of resources that the centre no longer asks for. Losing this costs doing it again, so it is put off as well. */
  prune({ extensions, notUnderstood = [] }: HeardGoal): void {
    const wanted = new Set([...extensions, ...notUnderstood].map(resourceKey));
    const kept = [...this.#entries].filter(([key, { sent }]) => !sent || wanted.has(key));
    const foreign = [...this.#foreign].filter(([key, { sent }]) => !sent || wanted.has(key));
    if (kept.length === this.#entries.size && foreign.length === this.#foreign.size) return;
    this.#entries = new Map(kept);
    this.#foreign = new Map(foreign);
    this.#writeLater();
  }

  /** Forgets a resource, so that what the centre still wants of it is begun anew (S2.4). */
  forget(resourceName: string): void {
    const key = resourceKey({ resourceName });
    const isForeign = this.#foreign.delete(key);
    if (this.#entries.delete(key) || isForeign) this.#write();
  }

  #writeLater(): void {
    this.#later ??= setTimeout(() => this.settle(), laterMilliseconds).unref();
  }

  #write(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    ensureDirectory(dirname(this.#path), 0o755);
    const foreign = [...this.#foreign].map(([key, { content }]) => [key, content] as const);
    writeJsonFile(this.#path, { format: 1, operations: Object.fromEntries([...foreign, ...this.#entries]) }, 0o600);
  }
}

function sameButForTime(one: InstanceStatus, other: InstanceStatus): boolean {
  return JSON.stringify({ ...one, time: '' }) === JSON.stringify({ ...other, time: '' });
}

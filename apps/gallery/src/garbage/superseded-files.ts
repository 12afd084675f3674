/**
 * Which files of the catalog nobody can need any more. Pure. A client, a proxy or a mirror may hold a timestamp for as long as that lives,
 * and asks for the versions that it leads to. When a version was replaced cannot be told from the files (a change that died leaves some
 * that were never named), so it is counted from when a collection first found it replaced.
 */
import { isCatalogFile } from '@sallyport/catalog';
import * as z from 'zod/mini';

/** A timestamp lives fourteen days; one more for clocks that differ. */
export const supersededDays = 15;

/** When each file was first found to be replaced, in ISO 8601. */
export type Seen = Readonly<Record<string, string>>;

export interface SupersededQuestion {
  readonly there: readonly string[];
  /** What the catalog consists of now. */
  readonly named: readonly string[];
  readonly seen: Seen;
  readonly now: Date;
}

/** The files that may go, and what to remember for the next time. */
export function supersededFiles({ there, named, seen, now }: SupersededQuestion): {
  readonly superseded: readonly string[];
  readonly seen: Seen;
} {
  const current = new Map(named.flatMap((file) => versionOf(file) ?? []));
  const superseded: string[] = [];
  const remembered: Record<string, string> = {};
  for (const file of there) {
    const [[role, version] = []] = versionOf(file) ?? [];
    const newest = role === undefined ? undefined : current.get(role);
    // A version that is not named yet stays: it was left by a change that died, and its number is never given again.
    if (version === undefined || newest === undefined || version >= newest) continue;
    // A clock that was ahead when it was seen only makes it stay longer.
    const first = Math.min(Date.parse(seen[file] ?? now.toISOString()), now.getTime());
    if (now.getTime() - first >= supersededDays * 86_400_000) superseded.push(file);
    else remembered[file] = new Date(first).toISOString();
  }
  return { superseded, seen: remembered };
}

/** Of a versioned file of a role. Roots have none: whoever was away follows the chain of all of them (T29). */
function versionOf(file: string): readonly (readonly [role: string, version: number])[] | undefined {
  const [, version, role] = (isCatalogFile(file) && /^([0-9]+)\.(.+)\.json$/.exec(file)) || [];
  return version === undefined || role === undefined || role === 'root' ? undefined : [[role, Number(version)]];
}

const seenSchema = z.record(z.string(), z.iso.datetime());

/** What was remembered; nothing of a note that is damaged, which costs only time. */
export function readSeen(text: string | undefined): Seen {
  try {
    return seenSchema.parse(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}

/** How a machine's keys follow one another: each is named by the one before it, so that the id keeps proving the newest (T75). */
import type { KeyObject } from 'node:crypto';
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import { publicKeyText, readPublicKey } from './machine-id.ts';
import { openText, peekText, signText } from './signed-text.ts';
import { StatementNotTrusted } from './statement-not-trusted.ts';

const kind = 'sallyport-machine-key-succession';

const successionSchema = z.object({ vmId: z.string(), nextKey: z.string().check(z.minLength(1), z.maxLength(4096)) });

/** More than a hundred years of them. */
export const mostSuccessions = 1000;

/** The first key of a machine, and how others followed it, oldest first. */
export interface KeyLineage {
  /** Base64 of PKCS#1 DER. */
  readonly firstKey: string;
  readonly successions: readonly string[];
}

/** A key's word that another follows it. `nextKey` is base64 of PKCS#1 DER. */
export function signSuccession(vmId: string, nextKey: string, key: KeyObject): string {
  return signText(kind, { vmId: vmId.toLowerCase(), nextKey }, key);
}

/**
 * Follows a lineage to its last key. Throws {@link StatementNotTrusted} when a link is not signed by the key before it, or is of
 * another machine.
 */
export function lastKeyOf(vmId: string, { firstKey, successions }: KeyLineage): KeyObject {
  let key = keyIn(firstKey, 'Its first key');
  for (const [index, succession] of successions.entries()) {
    const what = `Its key ${index + 2}`;
    const link = parse(openText(kind, succession, key), what);
    if (link.vmId !== vmId.toLowerCase()) throw new StatementNotTrusted(`${what} followed on another machine.`);
    key = keyIn(link.nextKey, what);
  }
  return key;
}

/** The part of a lineage that leads to a key; undefined when none does. Whoever made the lineage is trusted here. */
export function lineageTo(key: string, { firstKey, successions }: KeyLineage): KeyLineage | undefined {
  if (firstKey === key) return { firstKey, successions: [] };
  const at = successions.findIndex((succession) => parse(peekText(kind, succession), 'A key').nextKey === key);
  return at < 0 ? undefined : { firstKey, successions: successions.slice(0, at + 1) };
}

/** A lineage with one key more: `nextKey` follows `key`, which the lineage leads to. What was begun before and not used is left out. */
export function extendLineage(vmId: string, lineage: KeyLineage, nextKey: string, key: KeyObject): KeyLineage {
  const known = lineageTo(nextKey, lineage);
  if (known !== undefined) return known;
  const upTo = lineageTo(publicKeyText(key), lineage);
  if (upTo === undefined) throw new StatementNotTrusted('The lineage does not lead to the key that is to sign.');
  return { ...upTo, successions: [...upTo.successions, signSuccession(vmId, nextKey, key)] };
}

function parse(text: string, what: string): z.infer<typeof successionSchema> {
  try {
    return parseJson(successionSchema, text, what);
  } catch (error) {
    throw new StatementNotTrusted(`${what} is not told as it should be.`, { cause: error });
  }
}

function keyIn(text: string, what: string): KeyObject {
  try {
    return readPublicKey(text);
  } catch (error) {
    throw new StatementNotTrusted(`${what} is not an RSA public key of 2048 to 8192 bits.`, { cause: error });
  }
}

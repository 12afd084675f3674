/**
 * Who of the signers sealed the protected settings that came. Each seals them alone, and only here can they be opened and compared: so
 * nobody signs what they cannot read, and no hash of a secret is kept anywhere (T10, S1.7).
 */
import type { CountedOrder } from '@sallyport/local-controls';
import { canonicalJson } from '@sallyport/model/orders';
import type { MachineKey } from '../../connection/machine-key.ts';
import { openSealed } from '../run/open-sealed.ts';

/** The names of those whose sealed text holds the same as the one that came. What cannot be opened holds nothing. */
export async function signersWhoSealed(
  came: string,
  orders: readonly CountedOrder[],
  machineKey: MachineKey,
): Promise<readonly string[]> {
  const wanted = await meaningOf(came, machineKey);
  if (wanted === undefined) return [];
  const names: string[] = [];
  for (const { name, sealed } of orders)
    if (sealed !== undefined && (await meaningOf(sealed, machineKey)) === wanted) names.push(name);
  return names;
}

async function meaningOf(jwe: string, machineKey: MachineKey): Promise<string | undefined> {
  try {
    const { plaintext } = await openSealed(jwe, machineKey);
    return canonicalJson(JSON.parse(new TextDecoder().decode(plaintext)));
  } catch {
    // A parser would quote what it read, and this is secret: whoever is named sees that it is not the same.
    return undefined;
  }
}

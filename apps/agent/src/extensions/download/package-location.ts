/** Where a package may be fetched from. The bytes are proven by the catalog; this keeps the agent from being used as a probe (T24). */
import { BlockList, isIP } from 'node:net';

const never = new BlockList();
// Link-local: the metadata services of clouds, and neighbours that answer without being asked.
never.addSubnet('169.254.0.0', 16, 'ipv4');
never.addSubnet('fe80::', 10, 'ipv6');
never.addSubnet('0.0.0.0', 8, 'ipv4');
never.addSubnet('224.0.0.0', 4, 'ipv4');
never.addSubnet('ff00::', 8, 'ipv6');

export type LocationResult = { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly reason: string };

/**
 * Reads a location of a goal state: http or https, no user name or password, no address that nothing is fetched from. With `only` nothing
 * but that origin: with a private endpoint the machine does not contact storage, whatever the centre names (S1.5).
 */
export function packageLocation(text: string, only?: string): LocationResult {
  if (!URL.canParse(text)) return { ok: false, reason: 'it is not a URL' };
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return { ok: false, reason: `'${url.protocol}' is not http or https` };
  if (url.username !== '' || url.password !== '') return { ok: false, reason: 'it holds a user name or password' };
  if (only !== undefined && url.origin !== only)
    return { ok: false, reason: 'this machine is connected privately and fetches from its control plane only' };
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !mayFetchFrom(host)) return { ok: false, reason: `nothing is fetched from ${host}` };
  return { ok: true, url };
}

/** Whether packages may come from an address. IPv4 written as IPv6 counts as what it is. */
export function mayFetchFrom(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return !never.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

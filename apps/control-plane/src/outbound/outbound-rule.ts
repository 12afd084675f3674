/**
 * Where the control plane may connect to (T24). It stands in a network that those who make it ask are not in; so nothing it fetches may come
 * from an address that is not everybody's, unless its configuration names that host or network. Pure.
 */
import { BlockList, isIP } from 'node:net';

/** What is not of the public internet: this machine, neighbours, private networks, metadata services of clouds, reserved and special ones. */
const inner = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  inner.addSubnet(network, prefix, 'ipv4');
/** Of IPv6 only what is handed out is everybody's, less what stands for an IPv4 address or for nobody. */
const outer6 = new BlockList();
outer6.addSubnet('2000::', 3, 'ipv6');
const special6 = new BlockList();
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  special6.addSubnet(network, prefix, 'ipv6');

export interface OutboundRule {
  /** Whether the host of the URL may be an address that it stands for. */
  permits(url: URL, address: string): boolean;
}

/** Names a host or a network: `idp.example.org`, `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`. */
export type OutboundEntry =
  | { readonly host: string }
  | { readonly network: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' };

const hostForm = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** Reads a list, entries separated by commas or blanks. Undefined when one of them is neither a host nor a network. */
export function readOutboundEntries(text: string): readonly OutboundEntry[] | undefined {
  const entries = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .map(readEntry);
  const read = entries.filter((entry) => entry !== undefined);
  return read.length === entries.length ? read : undefined;
}

function readEntry(word: string): OutboundEntry | undefined {
  const [address = '', length, ...rest] = word.replace(/^\[(.*)\]$/, '$1').split('/');
  const family = isIP(address);
  if (family === 0) {
    // A last label of digits is an address that somebody mistyped, not a name.
    const isName = length === undefined && hostForm.test(address) && !/(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/.test(address);
    return isName ? { host: address } : undefined;
  }
  const most = family === 4 ? 32 : 128;
  const prefix = length === undefined ? most : Number(length);
  if (rest.length > 0 || (length !== undefined && !/^[0-9]{1,3}$/.test(length)) || prefix > most) return undefined;
  return { network: address, prefix, family: family === 4 ? 'ipv4' : 'ipv6' };
}

/**
 * The rule of a configuration: `allowed` is its list; `named` are the addresses of services that it says itself, which may be where they
 * are said to be, on their own port, when they are written as an address or as `localhost`.
 */
export function outboundRule(allowed: readonly OutboundEntry[], named: readonly URL[]): OutboundRule {
  const hosts = new Set(allowed.flatMap((entry) => ('host' in entry ? [entry.host] : [])));
  const networks = new BlockList();
  for (const entry of allowed) if ('network' in entry) networks.addSubnet(entry.network, entry.prefix, entry.family);
  const literal = new Set(named.filter((url) => isLiteral(hostOf(url))).map((url) => url.origin));
  return {
    permits: (url, address) => {
      const plain = unmapped(address);
      const family = isIP(plain);
      if (family === 0) return false;
      if (hosts.has(hostOf(url)) || literal.has(url.origin)) return true;
      return networks.check(plain, family === 4 ? 'ipv4' : 'ipv6') || isOuter(plain, family);
    },
  };
}

/** The host of a URL as a resolver takes it: without brackets, and without the dot that ends a full name. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

function isLiteral(host: string): boolean {
  return host === 'localhost' || isIP(host) !== 0;
}

function isOuter(address: string, family: number): boolean {
  if (family === 4) return !inner.check(address, 'ipv4');
  return outer6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
}

/** IPv4 written as IPv6 (`::ffff:10.0.0.1`) is what it stands for. */
function unmapped(address: string): string {
  const [, dotted] = /^::ffff:([0-9.]+)$/i.exec(address) ?? [];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const number = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

import { isIPv4, SocketAddress } from 'node:net';

/** The 4 or 16 bytes of an IP address, as certificates hold it. Throws for what is not an address. */
export function addressBytes(address: string): ArrayBuffer {
  if (isIPv4(address)) return new Uint8Array(address.split('.').map(Number)).buffer;
  // SocketAddress checks; what it lets through may still be abbreviated or end in dotted IPv4.
  const full = new SocketAddress({ address, family: 'ipv6' }).address.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, ...parts) => {
      const [a, b, c, d] = parts.slice(0, 4).map(Number) as [number, number, number, number];
      return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    },
  );
  const [head = '', tail] = full.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => new DataView(bytes.buffer).setUint16(i * 2, Number.parseInt(group, 16)));
  return bytes.buffer;
}

/** Whose process is at the other end of a local connection, and whose holds a port: the kernel's own table says. */
import { readFile } from 'node:fs/promises';

export interface Ends {
  /** As Node tells it: `127.0.0.1`, `::1`, `::ffff:127.0.0.1`. */
  readonly address: string;
  /** The port of the other end. */
  readonly clientPort: number;
  readonly serverPort: number;
}

/** The user at the client's end, or undefined when the table does not hold the connection (any more). */
export async function userOfConnection({ address, clientPort, serverPort }: Ends): Promise<number | undefined> {
  for (const table of address.includes(':') ? ['tcp6', 'tcp'] : ['tcp']) {
    const found = (await rows(table)).find(
      ({ localPort, remotePort, loopback }) => localPort === clientPort && remotePort === serverPort && loopback,
    );
    if (found !== undefined) return found.user;
  }
  return undefined;
}

const listening = '0A';

/** The user whose process listens on a port of this machine, or undefined when nobody does or the table cannot be read. */
export async function userListeningOn(port: number): Promise<number | undefined> {
  const all = await Promise.all(['tcp', 'tcp6'].map(rows));
  return all.flat().find(({ localPort, state }) => localPort === port && state === listening)?.user;
}

interface Row {
  readonly localPort: number;
  readonly remotePort: number;
  readonly loopback: boolean;
  readonly state: string;
  readonly user: number;
}

/** Loopback as the kernel prints it, in words of the machine's byte order: 127.0.0.1, ::1 and ::ffff:127.0.0.1. */
const loopbacks = new Set([
  '0100007F',
  '00000000000000000000000001000000',
  '0000000000000000FFFF00000100007F',
  // The same three on machines whose bytes stand the other way round.
  '7F000001',
  '00000000000000000000000000000001',
  '00000000000000000000FFFF7F000001',
]);

/** Not read synchronously: with many connections the kernel takes its time, and the agent has other things to do. */
async function rows(table: string): Promise<readonly Row[]> {
  let text: string;
  try {
    text = await readFile(`/proc/self/net/${table}`, 'latin1');
  } catch {
    // No such protocol, or no /proc: whoever asks counts as not known.
    return [];
  }
  return text
    .split('\n')
    .slice(1)
    .flatMap((line): Row[] => {
      const [, local = '', remote = '', state = '', , , , user = ''] = line.trim().split(/\s+/);
      const [address = '', localPort = ''] = local.split(':');
      const [, remotePort = ''] = remote.split(':');
      if (localPort === '' || remotePort === '' || !/^\d+$/.test(user)) return [];
      return [
        {
          localPort: Number.parseInt(localPort, 16),
          remotePort: Number.parseInt(remotePort, 16),
          loopback: loopbacks.has(address),
          state,
          user: Number(user),
        },
      ];
    });
}

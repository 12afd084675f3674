/** Programs that people sign in with. They keep no secret, so what they may do is bounded: a loopback address, PKCE, a device code. */

/** By application id, as the programs send it, with the name that people know them by. */
const publicClients: Readonly<Record<string, string>> = {
  '04b07795-8ddb-461a-bbee-02f9e1bf7b46': 'Azure CLI',
  '1950a258-227b-4e31-a9cf-717495945fc2': 'Azure PowerShell',
};

/** The name of a program, or undefined when it is none that people may sign in with. */
export function nameOfPublicClient(clientId: string): string | undefined {
  const id = clientId.toLowerCase();
  return Object.hasOwn(publicClients, id) ? publicClients[id] : undefined;
}

/**
 * Whether a code may be sent there: to a program on the person's own machine and nowhere else, so that no link makes the control
 * plane hand a code to somebody (RFC 8252 §7.3). Compared part by part, never by prefix.
 */
export function isLoopbackRedirect(address: string): boolean {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    // No address at all.
    return false;
  }
  const { protocol, hostname, username, password, hash } = url;
  return (
    protocol === 'http:' &&
    ['localhost', '127.0.0.1', '[::1]'].includes(hostname) &&
    username === '' &&
    password === '' &&
    hash === '' &&
    !address.includes('\\')
  );
}

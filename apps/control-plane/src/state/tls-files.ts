/** The CA and the server's certificate in the state directory: made on the first start, renewed when it is time. */
import { createAuthority, issueServerCertificate, serverCertificateIsCurrent } from '@sallyport/pki';
import { readIfThere } from './read-if-there.ts';
import type { StatePaths } from './state-paths.ts';
import { writeDurably } from '@sallyport/durable-files';

export interface TlsFiles {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly authorityPem: string;
}

/** Certificate and key for these names. `now` is in milliseconds since 1970. A changed name or a near end makes a new one. */
export async function tlsFiles(
  paths: StatePaths,
  names: readonly [string, ...string[]],
  now: number,
): Promise<TlsFiles> {
  let authorityPem = readIfThere(paths.authority);
  let authorityKey = readIfThere(paths.authorityKey);
  if (authorityPem === undefined || authorityKey === undefined) {
    const authority = await createAuthority('Sallyport control plane CA', now);
    // The certificate last: while it is missing nobody can have pinned it, and an interrupted start begins anew.
    writeDurably(paths.authorityKey, authority.keyPem, 0o600);
    writeDurably(paths.authority, authority.certificatePem, 0o644);
    authorityPem = authority.certificatePem;
    authorityKey = authority.keyPem;
  }
  const certificatePem = readIfThere(paths.server);
  const keyPem = readIfThere(paths.serverKey);
  if (
    certificatePem !== undefined &&
    keyPem !== undefined &&
    serverCertificateIsCurrent(certificatePem, authorityPem, names, now)
  ) {
    return { certificatePem, keyPem, authorityPem };
  }
  const fresh = await issueServerCertificate({ certificatePem: authorityPem, keyPem: authorityKey }, names, now);
  // A certificate without its key would be useless; it goes first and comes back last.
  writeDurably(paths.server, '', 0o644);
  writeDurably(paths.serverKey, fresh.keyPem, 0o600);
  writeDurably(paths.server, fresh.certificatePem, 0o644);
  return { ...fresh, authorityPem };
}

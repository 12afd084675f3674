import { join } from 'node:path';

/** The files of a state directory (0700). Everything the control plane keeps is here, so a copy of it is a backup. */
export interface StatePaths {
  readonly directory: string;
  /** Held while a control plane runs on the directory. */
  readonly lock: string;
  /** The CA's certificate, for clients. */
  readonly authority: string;
  readonly authorityKey: string;
  readonly server: string;
  readonly serverKey: string;
  /** What TLS session tickets are sealed with: there only between an end and the next start. */
  readonly ticketKeys: string;
  readonly signingKey: string;
  readonly database: string;
  /** With PostgreSQL: seals what control planes on one database have in common. */
  readonly storeKey: string;
  /** Signs checkpoints of the activity log; the other file is its public half, for whoever verifies. */
  readonly activityKey: string;
  readonly activityPublicKey: string;
  /** Checkpoints, one a line, only ever added to. */
  readonly activityCheckpoints: string;
  /** How the operator signs in: 0600. */
  readonly operator: string;
  /** The control plane's own copy of the catalog: pinned root and what was verified. */
  readonly catalog: string;
}

/** The paths of a state directory. */
export function statePaths(directory: string): StatePaths {
  const under = (name: string): string => join(directory, name);
  return {
    directory,
    lock: under('lock'),
    authority: under('ca.pem'),
    authorityKey: under('ca.key'),
    server: under('server.pem'),
    serverKey: under('server.key'),
    ticketKeys: under('tls-ticket-keys.json'),
    signingKey: under('token-signing-key.json'),
    database: under('sallyport.sqlite'),
    storeKey: under('store.key'),
    activityKey: under('activity-log-key.json'),
    activityPublicKey: under('activity-log-key.public.json'),
    activityCheckpoints: under('activity-log-checkpoints'),
    operator: under('operator.json'),
    catalog: under('catalog'),
  };
}

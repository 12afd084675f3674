/** How the files and roles of the catalog are named, and how long a file may be. Both halves, client and repository, follow it. */

/** The file that every refresh begins with: the only one whose content changes under the same name. */
export const timestampFile = 'timestamp.json';

/** `3.root.json`: with consistent snapshots every version of a role stays under its own name. */
export function versionedFile(role: string, version: number): string {
  return `${version}.${role}.json`;
}

const publisherPrefix = 'publisher.';
const publisherRoleForm = /^publisher\.[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/;

/** The delegated role of a publisher. The prefix keeps it apart from `root`, `targets` and from every name JavaScript knows. */
export function publisherRole(publisher: string): string {
  return publisherPrefix + publisher.toLowerCase();
}

/** The publisher, in lower case, whose delegated role it is. */
export function publisherOfRole(role: string): string {
  return role.slice(publisherPrefix.length);
}

/** Whether a delegated role is a publisher's. No other delegation is followed. */
export function isPublisherRole(role: string): boolean {
  return publisherRoleForm.test(role);
}

const fileForm = /^(?:timestamp|[1-9][0-9]{0,14}\.[a-z0-9][a-z0-9._-]{0,160})\.json$/;

/** Whether a text names a file of the catalog, for those who serve or read one: never a path, never a key (T32). */
export function isCatalogFile(name: string): boolean {
  return fileForm.test(name);
}

/** The most bytes that are read of a file whose length no signed role has told yet (endless data). */
export const lengthLimits = { root: 512_000, timestamp: 16_384, snapshot: 2_000_000, targets: 8_000_000 } as const;

/** The most new roots that are followed in one refresh; a longer chain goes on in the next one (T29). */
export const rootRotationLimit = 256;

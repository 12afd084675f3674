/** Letting a publisher in: its own keys, and a delegation that ends at its own names (T27). */
import { extensionNameOf } from '@sallyport/model';
import { publisherRole } from '../layout.ts';
import type { ChangedRole } from './publish-change.ts';
import { topLevelKeys } from './role-keys.ts';
import { RepositoryError } from './repository-error.ts';
import type { RepositoryState } from './repository-state.ts';
import { firstTargetsContent, nextVersion, publisherDelegation } from './role-content.ts';
import type { Json, JsonObject } from './signed-file.ts';
import type { SigningKey } from './signing-key.ts';

/** Throws `PublisherMalformed` unless the text is a publisher's name, and `PublisherExists` when it has been added, in any spelling. */
export function requireNewPublisher(state: RepositoryState, publisher: string): void {
  if (!extensionNameOf(publisher, 'x').ok || publisher.trim() !== publisher) {
    throw new RepositoryError(
      'PublisherMalformed',
      `'${publisher}' is not a publisher's name: use letters, digits, '.', '_' and '-', as in Contoso.Monitoring.`,
    );
  }
  if (state.targets.signed.delegations?.roles?.[publisherRole(publisher)] !== undefined) {
    throw new RepositoryError(
      'PublisherExists',
      `The publisher '${publisher}' has been added already: publish right away.`,
    );
  }
}

/** The two roles that change: the publisher's own, new and empty, and `targets`, which delegates to it. */
export function withPublisher(
  state: RepositoryState,
  publisher: string,
  own: readonly SigningKey[],
  threshold: number,
  time: Date,
): ChangedRole[] {
  const { role, keys } = publisherDelegation(publisher, own, threshold);
  const content = state.targets.signed.toJSON() as JsonObject;
  const delegations = content['delegations'] as { readonly keys: JsonObject; readonly roles: readonly Json[] };
  const delegating = {
    ...content,
    delegations: {
      keys: { ...delegations.keys, ...Object.fromEntries(own.map((key) => [key.identifier, { ...key.publicKey }])) },
      roles: [...delegations.roles, role],
    },
  };
  return [
    { role: publisherRole(publisher), content: firstTargetsContent('publisher', time), keys },
    { role: 'targets', content: nextVersion(delegating, 'targets', time), keys: topLevelKeys(state.root, 'targets') },
  ];
}

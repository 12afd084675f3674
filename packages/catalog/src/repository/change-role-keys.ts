/** Adding, replacing and revoking keys: one change each, that clients follow by themselves. */
import { rename } from 'node:fs/promises';
import { requireCanonical } from '../canonical-metadata.ts';
import { trustedStore } from '../client/trusted-store.ts';
import { keyFileAt, keysAt, newKeyAt, withNewKeys } from './keys-at.ts';
import { withKeys } from './keys-content.ts';
import { publicState, publishChange, type NewRoot } from './publish-change.ts';
import type { RepositoryPlace, RepositoryState } from './repository-state.ts';
import type { KeyRequest, KeysChangeReport } from './repository.ts';
import { changedKeys, requireKey, requireRole, topLevelKeys } from './role-keys.ts';
import { signFile, type JsonObject, type RoleKeys } from './signed-file.ts';

export async function changeKeys(
  place: RepositoryPlace,
  state: RepositoryState,
  asked: string,
  request: KeyRequest,
  time: Date,
): Promise<KeysChangeReport> {
  const { role, keys: before } = requireRole(state, asked);
  const remove = request.remove === undefined ? undefined : requireKey(role, before, request.remove);
  const threshold = request.threshold === undefined ? {} : { threshold: request.threshold };
  const going = remove === undefined ? {} : { remove };
  // Asked before a key is made: what is refused leaves nothing behind. The name of the new key makes no difference to that.
  const coming = request.add === undefined ? [] : ['new'];
  changedKeys(role, { ...before, keyIDs: [...before.keyIDs, ...coming] }, { ...going, ...threshold });
  const add =
    request.add === undefined
      ? undefined
      : await newKeyAt(place, role, request.add === 'new' ? undefined : request.add);
  const keys = changedKeys(role, before, { ...(add === undefined ? {} : { add }), ...going, ...threshold });
  await withNewKeys(add === undefined ? [] : [add], async () => {
    const { root, roles } = await withKeys(state, role, keys, add, time);
    const newRoot =
      root === undefined ? undefined : await signedRoot(place, state, root, role === 'root' ? keys : undefined);
    await publishChange(place, publicState(state), roles, time, newRoot);
  });
  if (remove !== undefined) await putAside(place, role, remove);
  return {
    role,
    ...(add === undefined ? {} : { added: { identifier: add.identifier, file: add.file } }),
    ...(remove === undefined ? {} : { removed: remove }),
    threshold: keys.threshold,
    keys: keys.keyIDs.length,
  };
}

/** Signed by enough keys of the root before it and, where its own change, by enough of those. Checked as a client will check it. */
async function signedRoot(
  place: RepositoryPlace,
  state: RepositoryState,
  content: JsonObject,
  own: RoleKeys | undefined,
): Promise<NewRoot> {
  const before = topLevelKeys(state.root, 'root');
  const bytes = signFile('root', content, own === undefined ? before : [before, own], await keysAt(place, 'root'));
  const store = trustedStore(state.rootBytes, new Date(0));
  store.updateRoot(requireCanonical(bytes));
  return { root: store.root, bytes };
}

/** A key that signs nothing any more is kept, out of the way: it may be evidence. */
async function putAside(place: RepositoryPlace, role: string, identifier: string): Promise<void> {
  const file = await keyFileAt(place, role, identifier);
  if (file !== undefined) await rename(file.path, `${file.path}.revoked`);
}

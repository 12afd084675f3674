/**
 * From an `Authorization` header to a machine, for the agent API. The same checks as for anybody ({@link createAuthenticator}), and in
 * the same query what the API has to know of the machine: each of many asks all the time.
 */
import { errors } from 'jose';
import type { Selectable } from 'kysely';
import type { Environment } from '../environment.ts';
import { gatherLookups } from '../store/gather-lookups.ts';
import type { MachineRow } from '../store/schema/machine-rows.ts';
import type { Store } from '../store/store.ts';
import type { VerifiedToken } from './access-token.ts';
import { bearerToken, invalidToken, keyIsOver, noBearerToken, noSuchIdentity, wrongAudience } from './refusals.ts';
import { isKeyOver } from './token-of-machine-key.ts';
import type { PresentedToken } from './presented-token.ts';
import type { TokenVerifier } from './token-verifier.ts';

/** What the agent API knows of a machine with each request. */
export type MachineState = Pick<
  Selectable<MachineRow>,
  'vm_id' | 'name' | 'generation' | 'key_since' | 'quarantined_at' | 'quarantine_reason'
>;

export type MachineAuthentication =
  | { readonly outcome: 'machine'; readonly vmId: string; readonly state: MachineState | undefined }
  | { readonly outcome: 'unknown'; readonly reason: string };

export interface MachineAuthenticator {
  authenticate(presented: PresentedToken): Promise<MachineAuthentication>;
}

const unknown = (reason: string): MachineAuthentication => ({ outcome: 'unknown', reason });

/** The authenticator of the agent API. */
export function createMachineAuthenticator(
  environment: Environment,
  store: Store,
  tokens: TokenVerifier,
): MachineAuthenticator {
  const identityOf = gatherLookups(
    store.lookup((reader, isOneOfTheKeys) =>
      reader
        .selectFrom('principals')
        .leftJoin('machines', 'machines.vm_id', 'principals.vm_id')
        .select([
          'object_id',
          'client_id',
          'kind',
          'principals.vm_id as principal_vm_id',
          'machines.vm_id',
          'machines.name',
          'generation',
          'key_since',
          'quarantined_at',
          'quarantine_reason',
        ])
        .where(isOneOfTheKeys('object_id')),
    ),
    ({ object_id }) => object_id,
  );

  return {
    authenticate: async (presented) => {
      const now = environment.now();
      let verified: VerifiedToken;
      try {
        if (presented.verified === undefined) {
          const token = bearerToken(presented.authorization);
          if (token === undefined) return unknown(noBearerToken);
          verified = await tokens.verify(token, now);
          presented.verified = verified;
        } else verified = await tokens.verifyAgain(presented.verified, now);
      } catch (error) {
        if (!(error instanceof errors.JOSEError) && !(error instanceof TypeError)) throw error;
        return unknown(invalidToken);
      }
      const found = await identityOf(verified.objectId);
      if (found === undefined || (verified.sessionId === undefined && found.client_id !== verified.clientId))
        return unknown(noSuchIdentity);
      const { principal_vm_id: vmId, vm_id, name, generation, key_since } = found;
      if (verified.audience?.kind !== 'agent' || found.kind !== 'Machine' || vmId === null)
        return unknown(wrongAudience('the agent API'));
      if (vm_id === null || name === null || generation === null || key_since === null)
        return { outcome: 'machine', vmId, state: undefined };
      if (isKeyOver(verified, key_since, vmId, now)) return unknown(keyIsOver);
      const { quarantined_at, quarantine_reason } = found;
      return {
        outcome: 'machine',
        vmId,
        state: { vm_id, name, generation, key_since, quarantined_at, quarantine_reason },
      };
    },
  };
}

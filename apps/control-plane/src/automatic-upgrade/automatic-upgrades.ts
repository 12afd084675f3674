/**
 * Upgrades what is to be upgraded by itself, a step at a time: what happened since the last look is settled, what there is to do is
 * planned anew from the database, what may begin begins. Nothing is remembered in between, so it can be killed at any moment.
 */
import { extensionKey, formatExtensionName, messageOf } from '@sallyport/model';
import type { Log } from '../http/log.ts';
import type { Services } from '../services.ts';
import { gatherRollouts, type GatheredRollout, type Subject } from './gather-rollouts.ts';
import { planRollout } from './plan-rollout.ts';
import { settleAttempts } from './settle-attempts.ts';

/** Proposes a version for an extension, as anybody who may would; throws when the proposal is refused. */
export type Propose = (subject: Subject, rollout: GatheredRollout) => Promise<void>;

/** At most so many begin in one look: the next one comes soon, and the control plane has other things to do. */
const mostAtOnce = 200;

/** One look. Throws when the catalog or the database cannot be had; what was begun until then has begun. */
export async function lookAtUpgrades(services: Services, propose: Propose, log: Log): Promise<void> {
  const { environment, store } = services;
  await settleAttempts(environment, store);
  let left = mostAtOnce;
  for (const gathered of await gatherRollouts(services, environment.now())) {
    if (gathered.isNew) await note(services, gathered);
    const plan = planRollout(gathered.rollout, environment.now());
    for (const id of plan.begin.slice(0, left)) {
      const subject = gathered.subjects.get(id);
      if (subject === undefined) continue;
      left -= 1;
      await begin(services, gathered, subject, propose, log);
    }
  }
}

async function begin(
  { environment, store }: Services,
  rollout: GatheredRollout,
  subject: Subject,
  propose: Propose,
  log: Log,
): Promise<void> {
  let refused: string | undefined;
  try {
    await propose(subject, rollout);
  } catch (error) {
    // Policy, a conflict, a machine that went meanwhile: on record as a refusal, and asked again tomorrow.
    refused = messageOf(error);
    log.warn({
      msg: 'an automatic upgrade was refused',
      machine: subject.machineName,
      extension: formatExtensionName(rollout.extension),
      version: rollout.version,
      reason: refused,
    });
  }
  const key = subject.extensionName.toLowerCase();
  await store.observe(async (writer) => {
    const now = await writer
      .selectFrom('extensions')
      .select('operation_id')
      .where('vm_id', '=', subject.vmId)
      .where('name_key', '=', key)
      .executeTakeFirst();
    await writer
      .deleteFrom('automatic_upgrades')
      .where('vm_id', '=', subject.vmId)
      .where('extension_name_key', '=', key)
      .execute();
    if (now === undefined) return { value: undefined, events: [] };
    await writer
      .insertInto('automatic_upgrades')
      .values({
        vm_id: subject.vmId,
        extension_name_key: key,
        version: rollout.version,
        operation_id: now.operation_id,
        outcome: refused === undefined ? 'running' : 'refused',
        at: environment.now(),
        reason: refused ?? '',
      })
      .execute();
    return { value: undefined, events: [] };
  });
}

/** Since when a version is known here counts from the first look at it. */
async function note(
  { store }: Services,
  { subscriptionId, extension, version, rollout }: GatheredRollout,
): Promise<void> {
  await store.observe(async (writer) => {
    await writer
      .insertInto('rollouts')
      .values({
        subscription_id: subscriptionId,
        extension_key: extensionKey(extension),
        version,
        known_since: rollout.knownSince,
        order_kind: null,
        order_at: null,
        order_by: null,
      })
      .onConflict((conflict) => conflict.columns(['subscription_id', 'extension_key', 'version']).doNothing())
      .execute();
    return { value: undefined, events: [] };
  });
}

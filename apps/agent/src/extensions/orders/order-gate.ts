/** Holds what the centre asks for against the signatures that the server's administrator wants under it (T10). */
import {
  digestOfOperation,
  digestWithinHandler,
  judgeOrders,
  signersIn,
  type ControlsReading,
  type OrderQuestion,
  type OrderVerdict,
  type RequiredSigners,
  type UsedProtectedSettings,
} from '@sallyport/local-controls';
import { extensionKey } from '@sallyport/model';
import { digestOfText, orderedOperation } from '@sallyport/model/orders';
import type { GoalExtension } from '@sallyport/model/wire';
import type { MachineKey } from '../../connection/machine-key.ts';
import { OperationRefused } from '../operation-context.ts';
import { followsHandler } from '../plan/shared-handler.ts';
import type { InstalledExtension } from '../state/installed-extension.ts';
import type { AcceptedOrders } from './accepted-orders.ts';
import { notSigned } from './not-signed.ts';
import { signersWhoSealed } from './signers-who-sealed.ts';

/** What the manager asks. */
export interface OrderGate {
  /** Whether it may be done, as far as signatures go, in a sentence for whoever reads it elsewhere. Asked again before every step. */
  readonly judge: (entry: GoalExtension) => OrderVerdict;
  /** Before the first step: verifies the protected settings too, and notes on disk that these signatures are used. Throws `OperationRefused`. */
  readonly accept: (entry: GoalExtension) => Promise<void>;
  /** It ended badly: what was signed for it is used up. */
  readonly spend: (entry: GoalExtension) => void;
}

export interface OrderGateOptions {
  /** The machine's name, for whoever reads the refusal elsewhere (S4.5). */
  readonly machine: string;
  readonly machineKey: MachineKey;
  readonly accepted: AcceptedOrders;
  readonly readControls: () => ControlsReading;
  /** What is on the machine, of all extensions. */
  readonly installed: () => readonly InstalledExtension[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The gate of a machine. */
export function orderGate({
  machine,
  machineKey,
  accepted,
  readControls,
  installed,
  now,
}: OrderGateOptions): OrderGate {
  const required = (): RequiredSigners | undefined => signersIn(readControls());

  function recordsOf({ publisher, type }: GoalExtension): readonly InstalledExtension[] {
    const key = `${publisher}/${type}`.toLowerCase();
    return installed().filter(({ name }) => extensionKey(name) === key);
  }

  function questionOf(entry: GoalExtension): OrderQuestion {
    return {
      operation: orderedOperation(machineKey.vmId, entry),
      protectedSettings: usedSettings(entry),
      isDone: entry.operationDone,
      followsHandler: followsHandler(entry, recordsOf(entry)),
      presented: entry.orders ?? [],
      accepted: accepted.find(entry),
      now: now(),
    };
  }

  const explained = ({ publisher, type }: GoalExtension, message: string): string =>
    `extensions.signers in ${readControls().file} wants what is done with ${publisher}/${type} signed. ${message} (machine '${machine}')`;

  return {
    judge(entry) {
      const signers = required();
      if (signers === undefined) return { outcome: 'signed', by: [], isNew: false };
      const verdict = judgeOrders(questionOf(entry), signers);
      return verdict.outcome === 'signed' ? verdict : { ...verdict, message: explained(entry, verdict.message) };
    },
    async accept(entry) {
      const signers = required();
      if (signers === undefined) return;
      const refuse = (message: string): never => {
        throw new OperationRefused('OperationNotSigned', notSigned(explained(entry, message)));
      };
      const question = questionOf(entry);
      const verdict = judgeOrders(question, signers);
      if (verdict.outcome !== 'signed') return refuse(verdict.message);
      // Accepted before, and begun anew: nothing else is used than then.
      if (!verdict.isNew) return;
      if (entry.protectedSettings.kind === 'sealed') {
        const sealed = await signersWhoSealed(entry.protectedSettings.jwe, verdict.by, machineKey);
        if (sealed.length < signers.needed) {
          const others = verdict.by.flatMap(({ name }) => (sealed.includes(name) ? [] : [name])).join(', ');
          return refuse(
            `The protected settings that came are not those that ${others} sealed: ${sealed.length} of the ${signers.needed} needed sealed them. Ask for it again with the same protected settings as are signed.`,
          );
        }
      }
      const { operation, protectedSettings } = question;
      accepted.keep(entry, {
        sequence: entry.sequence,
        operation: digestOfOperation(operation),
        withinHandler: digestWithinHandler(operation),
        protectedSettings,
        spent: false,
      });
    },
    spend(entry) {
      const last = accepted.find(entry);
      const operation = digestOfOperation(orderedOperation(machineKey.vmId, entry));
      if (last?.operation === operation && !last.spent) accepted.keep(entry, { ...last, spent: true });
    },
  };
}

function usedSettings({ protectedSettings }: GoalExtension): UsedProtectedSettings {
  if (protectedSettings.kind === 'sealed') return { kind: 'sealed', sealedText: digestOfText(protectedSettings.jwe) };
  return { kind: protectedSettings.kind === 'none' ? 'none' : 'kept' };
}

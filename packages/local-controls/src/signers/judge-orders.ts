/**
 * Is what the centre asks for signed by enough of those whom the server's administrator named (T10)? Pure and total: what is held
 * against the orders is what the server is about to do, never what anybody says was signed.
 */
import { canonicalJson, digestOfText, readOrder, type Order, type OrderedOperation } from '@sallyport/model/orders';
import type { RequiredSigners, Signer } from './signers.ts';

/** An order as it came. */
export interface PresentedOrder {
  /** Whose key it is to be verified with. */
  readonly signer: string;
  readonly order: string;
  /** The protected settings as this signer sealed them for the machine. */
  readonly sealed?: string | undefined;
}

/** What was accepted last for a resource. */
export interface AcceptedOrder {
  readonly sequence: number;
  /** See {@link digestOfOperation}. */
  readonly operation: string;
  /** The same without the version, for one of several resources that share a handler. */
  readonly withinHandler?: string | undefined;
  readonly protectedSettings: UsedProtectedSettings;
  /** It ended badly, and is not begun on the same signatures again. */
  readonly spent: boolean;
}

/** The protected settings that would be used: none, those that are on the machine, or, by its SHA-256, a sealed text that came. */
export type UsedProtectedSettings =
  | { readonly kind: 'none' | 'kept' }
  | { readonly kind: 'sealed'; readonly sealedText: string };

export interface OrderQuestion {
  readonly operation: OrderedOperation;
  readonly protectedSettings: UsedProtectedSettings;
  /** The centre says that it is over: then nothing that has not been accepted here is done for it. */
  readonly isDone: boolean;
  /**
   * It is over, and its handler is shared and works: then it has the handler's version, whatever the centre says of it, because the
   * resource that moved the handler was signed for.
   */
  readonly followsHandler: boolean;
  readonly presented: readonly PresentedOrder[];
  readonly accepted: AcceptedOrder | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** One whose order counts. */
export interface CountedOrder {
  readonly name: string;
  /** What they sealed, where they did. */
  readonly sealed?: string;
}

export type OrderVerdict =
  /** `isNew`: these signatures are used for the first time. */
  | { readonly outcome: 'signed'; readonly by: readonly CountedOrder[]; readonly isNew: boolean }
  /** More signatures can make it so. */
  | { readonly outcome: 'missing'; readonly message: string }
  /** No signature can: it was carried out, or something later was. */
  | { readonly outcome: 'over'; readonly message: string };

/** Tells one operation from every other. */
export function digestOfOperation(operation: OrderedOperation): string {
  return digestOfText(canonicalJson(operation));
}

/** Decides. */
export function judgeOrders(question: OrderQuestion, { needed, signers }: RequiredSigners): OrderVerdict {
  const { operation, accepted, isDone } = question;
  const isAccepted = accepted !== undefined && isTheAccepted(accepted, question);
  if (isAccepted && accepted.spent) {
    return { outcome: 'over', message: 'It was carried out on these signatures and ended; ask for it again.' };
  }
  if (isDone) {
    return isAccepted
      ? { outcome: 'signed', by: [], isNew: false }
      : { outcome: 'over', message: 'The centre says that it is over, and it was never begun here.' };
  }
  if (!isAccepted && accepted !== undefined && operation.sequence <= accepted.sequence) {
    return {
      outcome: 'over',
      message: `Its number, ${operation.sequence}, is not above ${accepted.sequence}, which was accepted before: it is not taken any more.`,
    };
  }
  const counted: CountedOrder[] = [];
  const reasons: string[] = [];
  const missing: string[] = [];
  for (const signer of signers) {
    const answer = answerOf(signer, question, isAccepted);
    if (answer.kind === 'counts') counted.push(answer.order);
    else {
      missing.push(signer.name);
      if (answer.why !== undefined) reasons.push(`The order of ${signer.name} does not count: ${answer.why}.`);
    }
  }
  if (counted.length >= needed) return { outcome: 'signed', by: counted, isNew: !isAccepted };
  const have = counted.length === 0 ? 'none is there' : `${counted.map(({ name }) => name).join(', ')} signed`;
  const left = needed - counted.length;
  const what = `It needs the signatures of ${needed} of ${signers.length} signers: ${have}, ${left} of ${missing.join(', ')} ${left === 1 ? 'is' : 'are'} missing.`;
  return { outcome: 'missing', message: [what, ...reasons].join(' ') };
}

/** Tells one resource's part of a shared handler from every other; undefined for one that has its handler to itself. */
export function digestWithinHandler(operation: OrderedOperation): string | undefined {
  return operation.extensionName === undefined ? undefined : digestOfOperation({ ...operation, version: '' });
}

function isTheAccepted(
  accepted: AcceptedOrder,
  { operation, protectedSettings, isDone, followsHandler }: OrderQuestion,
): boolean {
  const within = digestWithinHandler(operation);
  const isSame =
    accepted.operation === digestOfOperation(operation) ||
    (isDone && followsHandler && within !== undefined && accepted.withinHandler === within);
  return isSame && accepted.sequence === operation.sequence && isStill(accepted.protectedSettings, protectedSettings);
}

/** What came sealed is on the machine later. */
function isStill(accepted: UsedProtectedSettings, used: UsedProtectedSettings): boolean {
  if (accepted.kind !== 'sealed') return used.kind === accepted.kind;
  return used.kind === 'kept' || (used.kind === 'sealed' && used.sealedText === accepted.sealedText);
}

type Answer =
  | { readonly kind: 'counts'; readonly order: CountedOrder }
  | { readonly kind: 'not'; readonly why?: string };

/** The first order of a signer that counts; two of one signer are one signature. */
function answerOf(signer: Signer, question: OrderQuestion, isAccepted: boolean): Answer {
  let why: string | undefined;
  for (const presented of question.presented) {
    if (presented.signer !== signer.key) continue;
    const read = readOrder(presented.order, signer.key);
    const wrong = 'wrong' in read ? read.wrong : differenceOf(read.order, presented, question, isAccepted);
    if (wrong === undefined) {
      const { sealed } = presented;
      return { kind: 'counts', order: { name: signer.name, ...(sealed === undefined ? {} : { sealed }) } };
    }
    why ??= wrong;
  }
  return { kind: 'not', ...(why === undefined ? {} : { why }) };
}

/** The first thing in which an order is not about what would be done; undefined when it is. */
function differenceOf(
  order: Order,
  presented: PresentedOrder,
  { operation, protectedSettings, now }: OrderQuestion,
  isAccepted: boolean,
): string | undefined {
  const said = new Map<string, string | number | undefined>(Object.entries(order.operation));
  const names = Object.keys({ ...order.operation, ...operation });
  const wanted = new Map<string, string | number | undefined>(Object.entries(operation));
  const differing = names.find((name) => said.get(name) !== wanted.get(name));
  if (differing !== undefined) {
    return differing === 'settings'
      ? 'it is for other settings'
      : `it is for ${differing} '${String(said.get(differing) ?? '')}', and this is '${String(wanted.get(differing) ?? '')}'`;
  }
  // What was begun in time goes on.
  if (isAccepted) return undefined;
  if (now < Date.parse(order.notBefore)) return `it is good from ${order.notBefore} on`;
  if (!(now <= Date.parse(order.notAfter))) return `it was good until ${order.notAfter}`;
  if (order.protectedSettings.kind !== protectedSettings.kind) {
    return `it is for protected settings '${order.protectedSettings.kind}', and these are '${protectedSettings.kind}'`;
  }
  if (order.protectedSettings.kind !== 'sealed') return undefined;
  if (presented.sealed === undefined) return 'the protected settings that were sealed with it are not there';
  return digestOfText(presented.sealed) === order.protectedSettings.sealedText
    ? undefined
    : 'the protected settings that came with it are not those that were sealed with it';
}

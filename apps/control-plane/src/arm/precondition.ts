/**
 * Preconditions of a request (`If-Match`, `If-None-Match`): two administrators who read the same state cannot both write over it.
 * Pure; what a resource is at is told by an entity tag (`entity-tag.ts`).
 */
import { sameWriting } from './entity-tag.ts';
import { ArmError } from './arm-error.ts';

/** The headers as sent; undefined when they were not. */
export interface ConditionHeaders {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

/** `*`: any state at all, as long as the resource is there. */
type Tags = '*' | readonly string[];

export interface Precondition {
  readonly match: Tags | undefined;
  readonly noneMatch: Tags | undefined;
}

const longest = 4096;
const tagForm = /^(?:W\/)?"([\x21\x23-\x7e]*)"$/;

/** Reads both headers; undefined when there is none. Throws {@link ArmError} `InvalidParameter` for what is no list of entity tags. */
export function readPrecondition({ ifMatch, ifNoneMatch }: ConditionHeaders): Precondition | undefined {
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  return { match: readTags('If-Match', ifMatch), noneMatch: readTags('If-None-Match', ifNoneMatch) };
}

function readTags(header: string, text: string | undefined): Tags | undefined {
  if (text === undefined) return undefined;
  if (text.trim() === '*') return '*';
  const tags = text.length > longest ? [] : text.split(',').map((one) => tagForm.exec(one.trim())?.[1]);
  const read = tags.filter((tag) => tag !== undefined);
  if (read.length > 0 && read.length === tags.length) return read;
  throw new ArmError(
    'InvalidParameter',
    `The header ${header} is neither '*' nor an ETag in its quotes as an answer had it.`,
    header,
  );
}

/**
 * What stands against a write of a resource whose entity tag is `tag` (undefined: it is not there), or undefined. What a server or a
 * clock changed since (a status, an instance view) is no reason: nobody's write would be lost.
 */
export function writeRefusal({ match, noneMatch }: Precondition, tag: string | undefined): string | undefined {
  if (match !== undefined && tag === undefined) return 'it is not there, and If-Match asks for one that is';
  if (match !== undefined && match !== '*' && !match.some((one) => sameWriting(one, tag ?? '')))
    return 'it was changed since the state that If-Match names; read it again';
  if (noneMatch === undefined || tag === undefined) return undefined;
  if (noneMatch === '*') return 'it is there already, and If-None-Match asks for none';
  return noneMatch.some((one) => sameWriting(one, tag)) ? 'it is in the state that If-None-Match names' : undefined;
}

/** What a read of a resource is answered: in full, as unchanged, or not at all. */
export function readOutcome({ match, noneMatch }: Precondition, tag: string): 'shown' | 'unchanged' | 'refused' {
  if (match !== undefined && match !== '*' && !match.some((one) => sameWriting(one, tag))) return 'refused';
  if (noneMatch === undefined) return 'shown';
  return noneMatch === '*' || noneMatch.includes(tag) ? 'unchanged' : 'shown';
}

/** The refusal as it is answered. */
export function preconditionFailed(resourceId: string, why: string): ArmError {
  return new ArmError('PreconditionFailed', `The precondition for '${resourceId}' does not hold: ${why}.`);
}

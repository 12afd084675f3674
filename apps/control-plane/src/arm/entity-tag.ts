/**
 * The entity tag of a resource as it is shown: `WRITTEN.WHOLE`. The first half tells one writing from another and is all that a
 * precondition of a write looks at; the second tells one answer from another, so that an unchanged one need not be sent again.
 */
import { createHash } from 'node:crypto';

/** Shown by every type; written by none. */
const alwaysObserved = ['provisioningState'];

/** The tag without its quotes. `observed` are the names of properties that nobody writes. */
export function entityTag(body: unknown, observed: readonly string[] = []): string {
  return `${digest(withoutObserved(body, [...alwaysObserved, ...observed]))}.${digest(body)}`;
}

/** Whether two tags are of the same writing of a resource. */
export function sameWriting(one: string, other: string): boolean {
  return writtenHalf(one) === writtenHalf(other);
}

/** The half of a tag that is the same as long as nobody writes. */
export function writtenHalf(tag: string): string {
  return tag.split('.', 1)[0] ?? '';
}

function withoutObserved(body: unknown, observed: readonly string[]): unknown {
  if (!isObject(body) || !isObject(body['properties'])) return body;
  const written = Object.entries(body['properties']).filter(([name]) => !observed.includes(name));
  return { ...body, properties: Object.fromEntries(written) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sorted)).digest('base64url').slice(0, 22);
}

/** The order of members is nothing that somebody wrote. */
function sorted(_name: string, value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

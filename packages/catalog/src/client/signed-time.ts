/**
 * The clock of a machine can be set back to make expired metadata look fresh (T71). Each timestamp of this catalog says when it was
 * signed, and no time before the newest accepted one is believed. A clock set forward is never remembered, so it only refuses for as
 * long as it is wrong (T72).
 */
import { keysOf, type TrustedStore } from './trusted-store.ts';
import { floorHolds, type VersionFloors } from './version-floors.ts';

/** When the trusted timestamp was signed. Undefined for a catalog that does not say. */
export function issuedAt(store: Pick<TrustedStore, 'timestamp'>): Date | undefined {
  const issued = store.timestamp?.signed.unrecognizedFields['issued'];
  if (typeof issued !== 'string') return undefined;
  const time = new Date(issued);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** The time to begin a refresh with. What a replaced timestamp key signed does not count any more. */
export function acceptedTime(now: Date, floors: VersionFloors, store: TrustedStore): Date {
  if (floors.signedAt === undefined || !floorHolds(floors.timestamp, keysOf(store, 'timestamp'))) return now;
  return later(now, new Date(floors.signedAt));
}

/** The time to use a refreshed store at. */
export function timeWithin(now: Date, store: TrustedStore): Date {
  const issued = issuedAt(store);
  return issued === undefined ? now : later(now, issued);
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

import { expect, test } from 'vitest';
import type { CatalogStatus } from './catalog-status.ts';
import { catalogWarnings, describeCatalog } from './describe-catalog.ts';

const now = Date.UTC(2027, 0, 1);
const day = 24 * 60 * 60 * 1000;
const inDays = (days: number): string => new Date(now + days * day + 1000).toISOString();

function status(days: Readonly<Record<string, number>>, code = '', message = ''): CatalogStatus {
  const roles = Object.entries(days).map(([role, left]) => ({ role, expires: inDays(left) }));
  return { format: 1, checked: '2027-01-01T00:00:00.000Z', code, message, roles };
}

test.each([
  [{ root: 300, timestamp: 13 }, /^verified 2027-01-01T00:00:00.000Z; the first role to expire is timestamp, on /],
  [{ root: 89, timestamp: 13 }, /^Notice: the role 'root' of the signed catalog expires in 89 days/],
  [{ root: 29, timestamp: 13 }, /^Warning: the role 'root' .* expires in 29 days/],
  [{ root: 6, targets: 80, timestamp: 13 }, /^URGENT: the role 'root' .* \(and 1 more\)$/],
  [{ root: 300, timestamp: 3 }, /^URGENT: the role 'timestamp'/],
  [{ root: -2, timestamp: 13 }, /^EXPIRED: the role 'root' of the signed catalog expired on /],
])('T29 %j is shown as %s', (days, text) => {
  expect(describeCatalog(status(days), now)).toMatch(text);
});

test('T14 what was refused comes first, and nothing is shown before anybody has looked', () => {
  const refused = status({}, 'CatalogFrozen', 'Nobody has said lately that it is the newest.');
  expect(catalogWarnings(refused, now)).toEqual(['CatalogFrozen: Nobody has said lately that it is the newest.']);
  expect(describeCatalog(undefined, now)).toBe('not looked at yet');
  // A day later, without a look in between, the same file says that the timestamp is past its date.
  expect(describeCatalog(status({ timestamp: 1 }), now + 2 * day)).toMatch(/^EXPIRED: the role 'timestamp'/);
});

/** The operators of conditions (arm-api §7.2). Case does not count; a field that is not there compares as an empty text. */
import { isList, isObject, member, type Json, written } from '../json.ts';
import { PolicyError } from '../policy-error.ts';

type Test = (actual: Json | undefined, wanted: Json) => boolean;

function textOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? undefined : written(value).toLowerCase();
}

function same(actual: Json | undefined, wanted: Json): boolean {
  const [a, b] = [textOf(actual), textOf(wanted)];
  if (a !== undefined && b !== undefined) return a === b;
  return JSON.stringify(actual ?? null).toLowerCase() === JSON.stringify(wanted).toLowerCase();
}

/** `*` stands for anything, once. */
function like(actual: Json | undefined, wanted: Json): boolean {
  const [a, pattern] = [textOf(actual), textOf(wanted)];
  if (a === undefined || pattern === undefined) return false;
  const star = pattern.indexOf('*');
  if (star === -1) return a === pattern;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return a.length >= before.length + after.length && a.startsWith(before) && a.endsWith(after);
}

/** `#` is a digit, `?` a letter, `.` any character. */
function match(insensitive: boolean): Test {
  return (actual, wanted) => {
    if (typeof actual !== 'string' || typeof wanted !== 'string' || actual.length !== wanted.length) return false;
    return wanted.split('').every((mark, i) => {
      const character = actual[i] ?? '';
      if (mark === '#') return /[0-9]/.test(character);
      if (mark === '?') return /[A-Za-z]/.test(character);
      if (mark === '.') return true;
      return insensitive ? mark.toLowerCase() === character.toLowerCase() : mark === character;
    });
  };
}

function contains(actual: Json | undefined, wanted: Json): boolean {
  if (isList(actual)) return actual.some((item) => same(item, wanted));
  const [a, b] = [textOf(actual), textOf(wanted)];
  return a !== undefined && b !== undefined && a.includes(b);
}

function within(actual: Json | undefined, wanted: Json): boolean {
  if (!isList(wanted)) throw new PolicyError('PolicyEvaluationFailed', "The operators 'in' and 'notIn' need a list.");
  return wanted.some((one) => same(actual, one));
}

function hasKey(actual: Json | undefined, wanted: Json): boolean {
  return isObject(actual) && typeof wanted === 'string' && member(actual, wanted) !== undefined;
}

function ordered(test: (order: number) => boolean): Test {
  return (actual, wanted) => {
    if (actual === undefined || actual === null) return false;
    const numeric = (value: Json): boolean =>
      typeof value === 'number' || (typeof value === 'string' && /^-?[0-9]+(?:\.[0-9]+)?$/.test(value));
    if (numeric(actual) && numeric(wanted)) return test(Number(actual) - Number(wanted));
    const [a, b] = [textOf(actual), textOf(wanted)];
    if (a === undefined || b === undefined)
      throw new PolicyError('PolicyEvaluationFailed', 'Only texts and numbers can be compared by size.');
    return test(a < b ? -1 : a > b ? 1 : 0);
  };
}

function not(test: Test): Test {
  return (actual, wanted) => !test(actual, wanted);
}

export const operators: Readonly<Record<string, Test>> = {
  equals: same,
  notequals: not(same),
  like,
  notlike: not(like),
  match: match(false),
  matchinsensitively: match(true),
  notmatch: not(match(false)),
  notmatchinsensitively: not(match(true)),
  contains,
  notcontains: not(contains),
  in: within,
  notin: not(within),
  containskey: hasKey,
  notcontainskey: not(hasKey),
  less: ordered((order) => order < 0),
  lessorequals: ordered((order) => order <= 0),
  greater: ordered((order) => order > 0),
  greaterorequals: ordered((order) => order >= 0),
  exists: (actual, wanted) => (actual !== undefined && actual !== null) === (written(wanted).toLowerCase() === 'true'),
};

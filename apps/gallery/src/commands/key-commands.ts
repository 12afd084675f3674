/** The rows of `key`: who may sign. */
import { buildCommand, buildRouteMap } from '@stricli/core';
import { optionalText, signingFlags, type GalleryContext, type SigningFlags } from '../context.ts';
import type { ChangeKeyFlags } from './change-key.ts';
import { text, wholeNumber } from './parameters.ts';

const role = text('root, targets, snapshot, timestamp or publisher.NAME', 'ROLE');
const key = text('The key, by the first eight digits of its name or more', 'KEY');
const threshold = { ...wholeNumber('How many keys must sign from now on'), optional: true } as const;
const signer = optionalText('Describes a program that signs with a token, instead of a new key in a file', 'FILE');

const add = buildCommand<ChangeKeyFlags, [string], GalleryContext>({
  docs: { brief: 'Adds a key to a role' },
  parameters: { flags: { ...signingFlags, threshold, signer }, positional: { kind: 'tuple', parameters: [role] } },
  loader: async () => (await import('./change-key.ts')).keyAdd,
});

const rotate = buildCommand<ChangeKeyFlags, [string, string], GalleryContext>({
  docs: { brief: 'Replaces a key of a role by a new one' },
  parameters: { flags: { ...signingFlags, threshold, signer }, positional: { kind: 'tuple', parameters: [role, key] } },
  loader: async () => (await import('./change-key.ts')).keyRotate,
});

const revoke = buildCommand<Omit<ChangeKeyFlags, 'signer'>, [string, string], GalleryContext>({
  docs: { brief: 'Takes a key from a role' },
  parameters: { flags: { ...signingFlags, threshold }, positional: { kind: 'tuple', parameters: [role, key] } },
  loader: async () => (await import('./change-key.ts')).keyRevoke,
});

const list = buildCommand<SigningFlags, [], GalleryContext>({
  docs: { brief: 'Lists the roles, their keys, where those are, and until when they have signed' },
  parameters: { flags: signingFlags },
  loader: async () => (await import('./key-list.ts')).keyList,
});

export const keyCommands = buildRouteMap({
  routes: { add, rotate, revoke, list },
  docs: { brief: 'Keys: who may sign what' },
});

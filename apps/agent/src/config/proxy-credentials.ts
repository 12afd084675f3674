/** `localsecrets.json`: the credentials of `proxy.url`, 0600 beside the file that anyone may read. */
import {
  fullProxyUrl,
  hasProxyCredentials,
  inForce,
  type ControlsReading,
  type ProxyCredentials,
} from '@sallyport/local-controls';
import { CodedError } from '@sallyport/model';
import * as z from 'zod/mini';
import { removeDurably, writeDurably } from '@sallyport/durable-files';
import type { Environment } from '../platform/environment.ts';
import { agentPaths } from '../platform/paths.ts';
import { giveToAdministrator } from './configuration-directory.ts';
import { readTrusted } from './read-trusted.ts';

const knownFormat = 1;
const formatSchema = z.object({ formatVersion: z.int() });
/** Credentials by the address they are for, so that those of an old address never go to a new one. */
const secretsSchema = z.strictObject({
  formatVersion: z.literal(knownFormat),
  proxyCredentials: z.record(z.string(), z.strictObject({ user: z.string(), password: z.string() })),
});
const setAgain = 'set proxy.url again with: azcmagent config set proxy.url';

type Credentials = Readonly<Record<string, ProxyCredentials>>;

/**
 * The proxy to use, credentials included, or undefined for none. Needs the administrator when there are credentials.
 * Throws `ProxyCredentialsUnavailable` when they are wanted and cannot be had, `NewerFormat` when a newer version of the agent has them.
 */
export function proxyInForce(environment: Environment, reading: ControlsReading): string | undefined {
  if (reading.kind === 'unreadable') return undefined;
  const shown = inForce(reading.controls)['proxy.url'];
  if (shown === '') return undefined;
  if (!hasProxyCredentials(shown)) return shown;
  const credentials = readCredentials(environment)[shown];
  if (credentials !== undefined) return fullProxyUrl(shown, credentials);
  throw new CodedError(
    'ProxyCredentialsUnavailable',
    `The credentials of proxy.url are not in ${agentPaths(environment.root).localSecrets}; ${setAgain}`,
  );
}

/**
 * Throws `NewerFormat` when a newer version of the agent wrote the file: what else that holds is not ours to throw away. Called before
 * anything is changed.
 */
export function requireKnownCredentials(environment: Environment): void {
  usableCredentials(environment);
}

/**
 * Adds credentials. Those of other addresses stay until {@link keepCredentialsOf}: a crash in between loses none. A file that
 * cannot be used is replaced: what was in it is lost either way, and setting `proxy.url` is the way back.
 */
export function addCredentials(environment: Environment, shown: string, credentials: ProxyCredentials): void {
  writeCredentials(environment, { ...usableCredentials(environment), [shown]: credentials });
}

/** Forgets the credentials of every other address; all of them when the address has none. */
export function keepCredentialsOf(environment: Environment, shown: string): void {
  const stored = usableCredentials(environment);
  const kept = stored?.[shown];
  if (stored !== undefined && Object.keys(stored).every((address) => address === shown)) return;
  if (kept === undefined) removeDurably(agentPaths(environment.root).localSecrets);
  else writeCredentials(environment, { [shown]: kept });
}

function readCredentials(environment: Environment): Credentials {
  const path = agentPaths(environment.root).localSecrets;
  const read = readTrusted(environment, path, 65_536);
  if (read.kind === 'missing') return {};
  if (read.kind === 'distrusted') throw new CodedError('ProxyCredentialsUnavailable', `${read.reason}.`);
  const value = jsonOf(read.bytes);
  refuseNewerFormat(value, path);
  const parsed = secretsSchema.safeParse(value);
  if (parsed.success) return parsed.data.proxyCredentials;
  // Without the parser's own words: they quote what may be a password.
  throw new CodedError('ProxyCredentialsUnavailable', `${path} is damaged; ${setAgain}`);
}

/** A newer version's file is not damaged, and stays as it is. */
function refuseNewerFormat(value: unknown, path: string): void {
  const said = formatSchema.safeParse(value);
  if (!said.success || said.data.formatVersion <= knownFormat) return;
  const { formatVersion } = said.data;
  throw new CodedError(
    'NewerFormat',
    `${path} was written by a newer version of the agent (format ${formatVersion}; this one reads format ${knownFormat}). Install that version again, or move the file away and ${setAgain}`,
  );
}

/** The credentials of a file that can be used; undefined for one that cannot, unless that is a newer version's. */
function usableCredentials(environment: Environment): Credentials | undefined {
  try {
    return readCredentials(environment);
  } catch (error) {
    if (error instanceof CodedError && error.code === 'ProxyCredentialsUnavailable') return undefined;
    throw error;
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Its message quotes the text; undefined is no credentials file either.
    return undefined;
  }
}

function writeCredentials(environment: Environment, proxyCredentials: Credentials): void {
  const path = agentPaths(environment.root).localSecrets;
  writeDurably(path, `${JSON.stringify({ formatVersion: knownFormat, proxyCredentials }, undefined, 2)}\n`, 0o600);
  giveToAdministrator(environment, path);
}

/**
 * Protected settings on the machine (S1.7): opened once with the machine's key, encrypted at once for the handlers, kept in that
 * form only. The clear text is never written, logged or handed to a command (T51, T52).
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createTransportCertificate, sealForHandler } from '@sallyport/handler-contract';
import { messageOf, OperationFailure } from '@sallyport/model';
import type { GoalExtension } from '@sallyport/model/wire';
import * as z from 'zod/mini';
import type { MachineKey } from '../../connection/machine-key.ts';
import { ensureDirectory } from '../../platform/directory.ts';
import { writeDurably } from '@sallyport/durable-files';
import type { Environment } from '../../platform/environment.ts';
import { readJsonFile, writeJsonFile } from '../../platform/json-file.ts';
import type { AgentPaths } from '../../platform/paths.ts';
import { resourceKey } from '../plan/conclusion.ts';
import { openSealed } from './open-sealed.ts';
import { raiseSealedFloor } from './sealed-floors.ts';
import type { InstalledExtension } from '../state/installed-extension.ts';
import type { SecretWords } from './secret-words.ts';

/** As a settings file holds them: base64 of CMS, and the certificate it is for. */
export const storedProtectedSettingsSchema = z.object({
  format: z.literal(1),
  cms: z.string(),
  thumbprint: z.string(),
  /** The sealed text itself, which only the machine's key opens: to know what must not be told of a handler's output. */
  jwe: z.optional(z.string()),
});
export type StoredProtectedSettings = z.infer<typeof storedProtectedSettingsSchema>;

const certificateSchema = z.object({ format: z.literal(1), thumbprint: z.string() });

/** The handlers' form of an entry's protected settings; undefined when it has none. Throws `SettingsUnreadable`. */
export async function protectedSettingsFor(
  entry: GoalExtension,
  paths: AgentPaths,
  environment: Environment,
  machineKey: MachineKey | undefined,
  secrets: SecretWords,
): Promise<StoredProtectedSettings | undefined> {
  const path = storedPath(paths, entry);
  switch (entry.protectedSettings.kind) {
    case 'none':
      forgetProtectedSettings(entry, paths);
      return undefined;
    case 'delivered': {
      const stored = readJsonFile(path, storedProtectedSettingsSchema);
      if (stored !== undefined && hasCertificate(paths, stored.thumbprint)) return stored;
      const message = `The protected settings of '${entry.resourceName}' were delivered before and are not on this machine any more; set them again.`;
      throw new OperationFailure('SettingsUnreadable', message);
    }
    case 'sealed': {
      if (machineKey === undefined) throw unreadable(entry, 'this machine is not connected');
      const { jwe } = entry.protectedSettings;
      const clear = await open(jwe, entry, machineKey);
      raiseSealedFloor(protectedDirectory(paths), machineKey.vmId, entry);
      secrets.add(JSON.parse(clear.toString('utf8')));
      const { pem, thumbprint } = certificate(paths, environment);
      const cms = sealForHandler(pem, clear).toString('base64');
      clear.fill(0);
      const stored = { format: 1, cms, thumbprint, jwe } as const;
      ensureDirectory(protectedDirectory(paths), 0o700);
      writeJsonFile(path, stored, 0o600);
      return stored;
    }
  }
  return undefined;
}

/** Removes what is kept for a resource: it was deleted, or has none any more. */
export function forgetProtectedSettings(entry: { readonly resourceName: string }, paths: AgentPaths): void {
  rmSync(storedPath(paths, entry), { force: true });
}

/** What was kept for a resource is so again; undefined for nothing. */
export function restoreProtectedSettings(
  entry: { readonly resourceName: string },
  paths: AgentPaths,
  settings: StoredProtectedSettings | undefined,
): void {
  if (settings === undefined) {
    forgetProtectedSettings(entry, paths);
    return;
  }
  ensureDirectory(protectedDirectory(paths), 0o700);
  writeJsonFile(storedPath(paths, entry), settings, 0o600);
}

/** Takes in what is kept for a resource. What cannot be opened here counts as unknown, so that nothing is told (S1.7). */
export async function addStoredSecrets(
  entry: { readonly resourceName: string },
  paths: AgentPaths,
  machineKey: () => MachineKey | undefined,
  secrets: SecretWords,
): Promise<void> {
  const path = storedPath(paths, entry);
  if (!existsSync(path)) return;
  try {
    await addSecretsOf(readJsonFile(path, storedProtectedSettingsSchema), machineKey, secrets);
  } catch {
    secrets.addUnknown();
  }
}

/** The same for all resources that a handler was installed for: it may print what any of them was given. */
export async function addSecretsOfHandler(
  record: Pick<InstalledExtension, 'resourceName' | 'sharing'>,
  paths: AgentPaths,
  machineKey: () => MachineKey | undefined,
  secrets: SecretWords,
): Promise<void> {
  for (const resource of [record, ...(record.sharing ?? [])])
    await addStoredSecrets(resource, paths, machineKey, secrets);
}

/** The same for settings that are at hand. */
export async function addSecretsOf(
  settings: StoredProtectedSettings | undefined,
  machineKey: () => MachineKey | undefined,
  secrets: SecretWords,
): Promise<void> {
  try {
    const jwe = settings?.jwe;
    const key = machineKey();
    if (jwe === undefined || key === undefined) throw new Error('there is nothing to open it with');
    const { plaintext } = await openSealed(jwe, key);
    secrets.add(JSON.parse(new TextDecoder().decode(plaintext)));
  } catch {
    secrets.addUnknown();
  }
}

/** Opens the sealed settings and checks what they are for: those of another machine, resource or request are refused (T51). */
async function open(jwe: string, entry: GoalExtension, machineKey: MachineKey): Promise<Buffer> {
  try {
    const { plaintext, protectedHeader } = await openSealed(jwe, machineKey);
    if (!isFor(protectedHeader, entry, machineKey.vmId))
      throw new Error('they were sealed for another machine, extension or request');
    const clear = Buffer.from(plaintext);
    const value: unknown = JSON.parse(clear.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('they are not an object');
    return clear;
  } catch (error) {
    // A parser quotes what it reads, and this is secret: only our own words and the library's codes are told.
    throw unreadable(entry, error instanceof SyntaxError ? 'they are not JSON' : messageOf(error));
  }
}

/** Every field is compared: the centre could put one machine's, extension's or request's into the goal of another (T51). */
function isFor(header: Readonly<Record<string, unknown>>, entry: GoalExtension, vmId: string): boolean {
  const { machineId, resourceName, extension, operationId, sequence } = header;
  return (
    machineId === vmId &&
    typeof resourceName === 'string' &&
    resourceName.toLowerCase() === entry.resourceName.toLowerCase() &&
    extension === `${entry.publisher}/${entry.type}`.toLowerCase() &&
    operationId === entry.operationId &&
    sequence === entry.sequence
  );
}

/** The certificate that handlers open their settings with; made when it is first needed. */
function certificate(
  paths: AgentPaths,
  environment: Environment,
): { readonly pem: string; readonly thumbprint: string } {
  const pointer = join(protectedDirectory(paths), 'certificate.json');
  const known = readJsonFile(pointer, certificateSchema);
  if (known !== undefined && hasCertificate(paths, known.thumbprint)) {
    return { pem: readFileSync(certificatePath(paths, known.thumbprint), 'utf8'), thumbprint: known.thumbprint };
  }
  const made = createTransportCertificate({ now: environment.now(), random: (size) => randomBytes(size) });
  ensureDirectory(paths.handlers, 0o700);
  ensureDirectory(protectedDirectory(paths), 0o700);
  writeDurably(join(paths.handlers, `${made.thumbprint}.prv`), made.privateKeyPem, 0o400);
  writeDurably(certificatePath(paths, made.thumbprint), made.certificatePem, 0o400);
  writeJsonFile(pointer, { format: 1, thumbprint: made.thumbprint }, 0o600);
  return { pem: made.certificatePem, thumbprint: made.thumbprint };
}

function hasCertificate(paths: AgentPaths, thumbprint: string): boolean {
  return (
    /^[0-9A-F]{40}$/.test(thumbprint) &&
    existsSync(certificatePath(paths, thumbprint)) &&
    existsSync(join(paths.handlers, `${thumbprint}.prv`))
  );
}

function certificatePath(paths: AgentPaths, thumbprint: string): string {
  return join(paths.handlers, `${thumbprint}.crt`);
}

export function protectedDirectory(paths: AgentPaths): string {
  return join(paths.guestConfig, 'protected');
}

/** Named by a hash: resource names are chosen elsewhere and may hold anything. */
function storedPath(paths: AgentPaths, entry: { readonly resourceName: string }): string {
  const name = createHash('sha256').update(resourceKey(entry)).digest('hex');
  return join(protectedDirectory(paths), `${name}.json`);
}

function unreadable(entry: GoalExtension, reason: string): OperationFailure {
  const message = `The protected settings of '${entry.resourceName}' cannot be used: ${reason}.`;
  return new OperationFailure('SettingsUnreadable', message);
}

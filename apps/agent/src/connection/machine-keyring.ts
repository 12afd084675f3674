/**
 * The keys of this machine: the one it signs in with, the next one while it is being renewed, and the one before, which still
 * opens what was sealed for it on the way. Each is a file of its own that is written whole, so that whatever moment is cut, one of
 * them is the machine's (T75, T84).
 */
import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KeyObject } from 'node:crypto';
import { syncDirectory, writeDurably } from '@sallyport/durable-files';
import { extendLineage, lineageTo, type KeyLineage } from '@sallyport/machine-statement';
import { CodedError } from '@sallyport/model';
import { readLineage, writeLineage } from './key-lineage.ts';
import { createMachineKey, readMachineKey, type MachineKey } from './machine-key.ts';

/** The files of the keys in the folder of certificates. */
export function machineKeyFiles(certificates: string): {
  readonly current: string;
  readonly next: string;
  readonly former: string;
  /** How they followed one another; holds nothing secret. */
  readonly lineage: string;
} {
  const current = join(certificates, 'machine.key');
  return { current, next: `${current}.next`, former: `${current}.former`, lineage: `${current}.lineage` };
}

/** A machine's key that can be renewed while others hold it: they always see the one of the moment. */
export class MachineKeyring implements MachineKey {
  readonly vmId: string;
  readonly #files: ReturnType<typeof machineKeyFiles>;
  #current: MachineKey;
  #next: MachineKey | undefined;
  #former: MachineKey | undefined;

  private constructor(files: ReturnType<typeof machineKeyFiles>, current: MachineKey, vmId: string | undefined) {
    this.#files = files;
    this.#current = current;
    this.#next = readMachineKey(files.next);
    this.#former = readMachineKey(files.former);
    this.vmId = vmId?.toLowerCase() ?? current.vmId;
  }

  /**
   * The keys in a folder; undefined when there are none. `vmId` is the machine's id where that is known: it came from the machine's
   * first key and stays when the key is renewed. Throws when a file holds no key.
   */
  static read(certificates: string, vmId?: string): MachineKeyring | undefined {
    const files = machineKeyFiles(certificates);
    const current = readMachineKey(files.current);
    return current === undefined ? undefined : new MachineKeyring(files, current, vmId);
  }

  /** Another process may have renewed the key. */
  lookAgain(): void {
    const current = readMachineKey(this.#files.current);
    if (current !== undefined) this.#current = current;
    this.#next = readMachineKey(this.#files.next);
    this.#former = readMachineKey(this.#files.former);
  }

  get privateKey(): KeyObject {
    return this.#current.privateKey;
  }

  get clientPublicKey(): string {
    return this.#current.clientPublicKey;
  }

  get otherKeys(): readonly KeyObject[] {
    return [this.#next, this.#former].flatMap((key) => (key === undefined ? [] : [key.privateKey]));
  }

  /**
   * The keys to sign in with, in this order. The next one first: if the centre has accepted it once, it accepts no other, and
   * this process may not be the one that knows.
   */
  signingKeys(): readonly MachineKey[] {
    return this.#next === undefined ? [this.#current] : [this.#next, this.#current];
  }

  /**
   * How the first key of this machine leads to the one in use, for whoever knows the machine's id alone (T16); undefined when that is lost.
   */
  lineage(): KeyLineage | undefined {
    const { clientPublicKey, vmId } = this.#current;
    const begun = readLineage(this.#files.lineage);
    if (begun !== undefined) return lineageTo(clientPublicKey, begun);
    return vmId === this.vmId ? { firstKey: clientPublicKey, successions: [] } : undefined;
  }

  /** The next key: the one that an earlier renewal left, or a fresh one. On disk when it returns. */
  async prepareNext(): Promise<MachineKey> {
    this.#next ??= await createMachineKey(this.#files.next);
    return this.#next;
  }

  /** The centre has accepted a key. Returns whether it is another than before. */
  accepted(key: MachineKey): boolean {
    if (this.#next === undefined || key !== this.#next) return false;
    const { current, next, former } = this.#files;
    this.#extendLineage(this.#next);
    writeDurably(former, this.#current.privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    renameSync(next, current);
    syncDirectory(dirname(current));
    this.#former = this.#current;
    this.#current = this.#next;
    this.#next = undefined;
    return true;
  }

  /** On disk before the key changes: a line that leads further than to the key in use is cut where it is read. */
  #extendLineage(next: MachineKey): void {
    const lineage = this.lineage();
    if (lineage === undefined) return;
    const extended = extendLineage(this.vmId, lineage, next.clientPublicKey, this.#current.privateKey);
    writeLineage(this.#files.lineage, extended);
  }
}

/** The keys, or `MachineKeyMissing`. */
export function requireKeyring(certificates: string, vmId: string): MachineKeyring {
  const keyring = MachineKeyring.read(certificates, vmId);
  if (keyring !== undefined) return keyring;
  const message = `The machine's key in ${certificates} is missing: disconnect and connect again.`;
  throw new CodedError('MachineKeyMissing', message);
}

/**
 * Several accounts as one storage. What is new goes to the first account that takes anything; what is there is found wherever it lies.
 * Hosts change by putting a new account in front and letting the old one run dry (S1.4): content-addressed names stay the same.
 */
import type { BlobName } from './blob-name.ts';
import type { BlobStorage, StoredBlob } from './blob-storage.ts';

export interface StorageAccount {
  /** For messages. */
  readonly name: string;
  readonly storage: BlobStorage;
  /** False while the account is being emptied: it is read, and nothing is added to it. */
  readonly takesNew: boolean;
}

export class RotatingStorage implements BlobStorage {
  readonly accounts: readonly StorageAccount[];

  constructor(accounts: readonly StorageAccount[]) {
    this.accounts = accounts;
  }

  async put(name: BlobName, content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const taking = this.accounts.find((account) => account.takesNew);
    if (taking === undefined) throw new Error('No account of the package storage takes anything new: let one of them.');
    await taking.storage.put(name, content, signal);
  }

  async open(name: BlobName): Promise<StoredBlob | undefined> {
    let failure: { readonly reason: unknown } | undefined;
    for (const { storage } of this.accounts) {
      try {
        const blob = await storage.open(name);
        if (blob !== undefined) return blob;
      } catch (error) {
        // One account that is out of reach must not hide what another one has.
        failure ??= { reason: error };
      }
    }
    if (failure !== undefined) throw failure.reason;
    return undefined;
  }

  async has(name: BlobName): Promise<boolean> {
    return (await this.open(name)) !== undefined;
  }

  async *list(): AsyncIterable<BlobName> {
    const seen = new Set<BlobName>();
    for (const { storage } of this.accounts) {
      for await (const name of storage.list()) {
        if (!seen.has(name)) yield name;
        seen.add(name);
      }
    }
  }

  async remove(name: BlobName): Promise<boolean> {
    let removed = false;
    for (const { storage } of this.accounts) removed = (await storage.remove(name)) || removed;
    return removed;
  }

  async directUrl(name: BlobName, seconds: number): Promise<string | undefined> {
    return (await this.directUrls(name, seconds)).find((url) => url !== undefined);
  }

  /**
   * One for each account, in their order; undefined for one that gives none. The blob is at one of them: which one need not be known
   * here, and may change while somebody reads (S1.4).
   */
  async directUrls(name: BlobName, seconds: number): Promise<readonly (string | undefined)[]> {
    return Promise.all(this.accounts.map(({ storage }) => storage.directUrl(name, seconds)));
  }

  async sweep(before: Date): Promise<void> {
    for (const { storage } of this.accounts) await storage.sweep(before);
  }

  /**
   * Copies what only accounts hold that are being emptied to the one that takes what is new, and gives each name when it is there.
   * Afterwards those accounts may be closed. Nothing is removed from them.
   */
  async *moveOut(signal?: AbortSignal): AsyncIterable<BlobName> {
    const kept = new Set<BlobName>();
    for (const { storage } of this.accounts.filter((account) => account.takesNew)) {
      for await (const name of storage.list()) kept.add(name);
    }
    for (const { storage } of this.accounts.filter((account) => !account.takesNew)) {
      for await (const name of storage.list()) {
        if (kept.has(name)) continue;
        const blob = await storage.open(name);
        if (blob === undefined) continue;
        await this.put(name, blob.stream(), signal);
        kept.add(name);
        yield name;
      }
    }
  }
}

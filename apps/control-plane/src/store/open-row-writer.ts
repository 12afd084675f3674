/** Rows that are written over and over from a thread of their own, over a connection of its own. */
import type { RowWriter, RowWriting } from './row-writer.ts';
import type { StoreAddress } from './store-address.ts';

export interface OpenRowWriter {
  readonly write: RowWriter;
  close(): Promise<void>;
}

/** Opens the connection. The store has been opened, and brought up to date, by somebody else. */
export async function openRowWriter(address: StoreAddress, writing: RowWriting): Promise<OpenRowWriter> {
  // Either is loaded when it is asked for: a thread is small.
  if (address.kind === 'sqlite') return (await import('./sqlite/row-writer.ts')).sqliteRowWriter(address.path, writing);
  return (await import('./postgres/row-writer.ts')).postgresRowWriter(address.address, writing);
}

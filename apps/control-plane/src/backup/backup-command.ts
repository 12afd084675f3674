/** `sallyport-control-plane backup` and `restore`: everything of one installation in one file, and back. */
import { messageOf } from '@sallyport/model';
import type { PostgresAddress } from '../store/postgres/address.ts';
import type { Answered } from '../verify-command.ts';
import { restoreBackup } from './restore-backup.ts';
import { writeBackup } from './write-backup.ts';

export interface BackupOptions {
  readonly state: string;
  readonly postgres: PostgresAddress | undefined;
  /** The file that is written; one that is there is replaced once the new one is whole. */
  readonly to: string;
}

export interface RestoreOptions {
  readonly state: string;
  readonly postgres: PostgresAddress | undefined;
  readonly from: string;
}

/** Backs up and says where the activity log ended. Never throws. */
export async function backUp({ state, postgres, to }: BackupOptions): Promise<Answered> {
  try {
    const { position, hash } = await writeBackup(state, postgres, to, Date.now());
    return { code: 0, text: `Backed up to '${to}': ${position} events in the activity log.\nHead: ${hash}\n` };
  } catch (error) {
    return { code: 1, text: `Nothing was backed up: ${messageOf(error)}\n` };
  }
}

/** Restores and says where the activity log ends. Never throws. */
export async function restore({ state, postgres, from }: RestoreOptions): Promise<Answered> {
  try {
    const { time, head } = await restoreBackup(from, state, postgres);
    const text = `Restored '${from}', which was begun at ${time}: ${head.position} events in the activity log.\nHead: ${head.hash}\n`;
    return { code: 0, text };
  } catch (error) {
    return { code: 1, text: `Nothing was restored: ${messageOf(error)}\n` };
  }
}

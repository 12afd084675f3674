/** `sallyport-control-plane export-activity-log`: the activity log in files, whether a control plane runs or not. */
import { existsSync } from 'node:fs';
import { messageOf } from '@sallyport/model';
import { exportOnce } from './activity-log/keep-log.ts';
import { openExport } from './activity-log/export-log.ts';
import { statePaths } from './state/state-paths.ts';
import type { PostgresAddress } from './store/postgres/address.ts';
import type { Answered } from './verify-command.ts';

export interface ExportOptions {
  readonly state: string;
  readonly postgres: PostgresAddress | undefined;
  /** The directory; one that was exported to before is gone on with. */
  readonly to: string;
}

/** Exports and says how much that was. Never throws. */
export async function exportActivityLog({ state, postgres, to }: ExportOptions): Promise<Answered> {
  const paths = statePaths(state);
  if (postgres === undefined && !existsSync(paths.database))
    return { code: 2, text: `There is no '${paths.database}', which is what is to be exported.\n` };
  try {
    const exported = openExport(to);
    const events = await exportOnce(exported, paths, { postgres });
    return {
      code: 0,
      text: `${events} events were exported to '${to}', which now reaches position ${exported.upTo()}.\n`,
    };
  } catch (error) {
    return { code: 2, text: `The activity log could not be exported: ${messageOf(error)}.\n` };
  }
}

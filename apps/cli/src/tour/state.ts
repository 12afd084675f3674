/** Where the tour keeps everything: one folder, so that a second start continues and removing it removes all. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CodedError, messageOf, parseJson } from '@sallyport/model';
import { connectionSchema, type Connection } from '../connection/connection-file.ts';

export interface TourState {
  readonly directory: string;
  readonly controlPlane: string;
  readonly gallery: string;
  /** `AZCMAGENT_ROOT` of the server. */
  readonly agentRoot: string;
  readonly logs: string;
  readonly connectionFile: string;
}

/** Makes the folders that are missing, private to their owner. Throws a sentence when the place cannot be used. */
export function openState(directory: string): TourState {
  const base = resolve(directory);
  const state: TourState = {
    directory: base,
    controlPlane: join(base, 'control-plane'),
    gallery: join(base, 'gallery'),
    agentRoot: join(base, 'server'),
    logs: join(base, 'logs'),
    connectionFile: join(base, 'connection.json'),
  };
  try {
    mkdirSync(base, { recursive: true, mode: 0o700 });
    for (const folder of [state.controlPlane, state.gallery, state.logs])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    // The machine's root is read by its ordinary users too (config list, show).
    mkdirSync(state.agentRoot, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new CodedError(
      'NoState',
      `The state folder ${base} cannot be used: ${messageOf(error)}. Name another with --state DIR.`,
      { cause: error },
    );
  }
  return state;
}

/** The connection an earlier start left, if any. */
export function earlierConnection(state: TourState): Connection | undefined {
  if (!existsSync(state.connectionFile)) return undefined;
  return parseJson(
    connectionSchema,
    readFileSync(state.connectionFile, 'utf8'),
    `The connection file ${state.connectionFile}`,
  );
}

/** Writes `connection.json` (0600: it holds the operator's secret) for any client to go on with. */
export function writeConnection(state: TourState, connection: Connection): void {
  const fresh = `${state.connectionFile}.new`;
  writeFileSync(fresh, `${JSON.stringify(connection, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, state.connectionFile);
}

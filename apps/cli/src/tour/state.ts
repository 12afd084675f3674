/** Where the tour keeps everything: one folder, so that a second start continues and removing it removes all. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeDirectories, writeDurably } from '@sallyport/durable-files';
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
  if (directory === '') throw noState('The state folder has no name', 'give one with --state DIR');
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
    makeDirectories(base, 0o700);
    for (const folder of [state.controlPlane, state.gallery, state.logs]) makeDirectories(folder, 0o700);
    // The machine's root is read by its ordinary users too (config list, show).
    makeDirectories(state.agentRoot, 0o755);
  } catch (error) {
    throw noState(
      `The state folder ${base} cannot be used (${messageOf(error)})`,
      'name another with --state DIR',
      error,
    );
  }
  return state;
}

function noState(what: string, advice: string, cause?: unknown): CodedError {
  return new CodedError('NoState', `${what}: ${advice}.`, { cause });
}

/** The connection an earlier start left, if any. */
export function earlierConnection(state: TourState): Connection | undefined {
  if (!existsSync(state.connectionFile)) return undefined;
  return parseJson(
    connectionSchema,
    readFileSync(state.connectionFile, 'utf8'),
    `The connection file ${state.connectionFile} (remove it to have it written anew)`,
  );
}

/** Writes `connection.json` (0600: it holds the operator's secret) for any client to go on with. */
export function writeConnection(state: TourState, connection: Connection): void {
  writeDurably(state.connectionFile, `${JSON.stringify(connection, undefined, 2)}\n`, 0o600);
}

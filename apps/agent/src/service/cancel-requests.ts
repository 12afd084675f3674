/**
 * How a command on this machine asks the running agent to end an operation: a file in a folder that only the administrator may
 * write, answered by a file beside it. Nothing listens, and nothing of it outlives a reboot.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '@sallyport/durable-files';
import { messageOf } from '@sallyport/model';
import * as z from 'zod/mini';
import { ensureDirectory } from '../platform/directory.ts';
import type { Environment } from '../platform/environment.ts';
import { readJsonFile, writeJsonFile } from '../platform/json-file.ts';
import { agentPaths } from '../platform/paths.ts';
import { sleep } from '../platform/sleep.ts';

/** `wanted` undefined: every operation. A word that is not known here might narrow that: such a request is left out. */
const requestSchema = z.strictObject({ wanted: z.optional(z.string()) });
const answerSchema = z.object({ canceled: z.array(z.string()) });

/** The agent sees it at once, or half a second later. Milliseconds. */
const longestWait = 15_000;
const lookMilliseconds = 50;
/** Requests are small files of one administrator; more than these are left for the next look. */
const mostAtOnce = 32;

/** Asks, and waits for the answer: the resources whose operation is being ended. Undefined when the agent does not answer. */
export async function requestCancel(
  environment: Environment,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const folder = folderOf(environment.root);
  ensureDirectory(folder, 0o700);
  const id = environment.guid();
  const [request, answer] = [join(folder, `${id}.request`), join(folder, `${id}.answer`)];
  writeJsonFile(request, { wanted }, 0o600);
  const until = environment.monotonic() + longestWait;
  try {
    while (environment.monotonic() < until && !signal.aborted) {
      const found = readJsonFile(answer, answerSchema);
      if (found !== undefined) return found.canceled;
      await sleep(lookMilliseconds, signal);
    }
    return undefined;
  } finally {
    rmSync(request, { force: true });
    rmSync(answer, { force: true });
  }
}

/** Makes the folder where requests are left, so that it can be watched. Gives its path. */
export function prepareCancelRequests(root: string): string {
  const folder = folderOf(root);
  ensureDirectory(folder, 0o700);
  return folder;
}

/** Answers what has been asked. `cancel` ends operations and says of which resources; `complain` hears what cannot be read. */
export async function answerCancelRequests(
  root: string,
  cancel: (wanted: string | undefined) => Promise<readonly string[]>,
  complain: (text: string) => void,
): Promise<void> {
  const folder = folderOf(root);
  const requests = namesIn(folder).filter((name) => name.endsWith('.request'));
  for (const name of requests.slice(0, mostAtOnce)) {
    const path = join(folder, name);
    try {
      const request = readJsonFile(path, requestSchema);
      if (request === undefined) continue;
      const canceled = await cancel(request.wanted);
      writeJsonFile(path.replace(/request$/, 'answer'), { canceled }, 0o600);
    } catch (error) {
      complain(`A request to cancel cannot be answered and is left out: ${messageOf(error)}`);
    }
    rmSync(path, { force: true });
  }
}

function folderOf(root: string): string {
  return join(agentPaths(root).run, 'cancel');
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

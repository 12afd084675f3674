/**
 * Starts the process that verifies and unpacks. It may read its own program and write the directories it was started for, one
 * for each package; it may not start anything, connect anywhere or load native code. Hostile bytes are parsed there and its memory goes back when it ends.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { dirname, extname, join } from 'node:path';
import { messageOf, OperationFailure, parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import {
  packageDescriptor,
  unpackFailureCodes,
  unpackFlags,
  type UnpackAnswer,
  type UnpackRequest,
} from './unpack-request.ts';

/** The process has read hostile bytes: its answer is checked like any other text from outside. */
const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), manifests: z.array(z.string()) }),
  z.object({ ok: z.literal(false), code: z.enum(unpackFailureCodes), message: z.string() }),
]);

export interface Unpacker {
  /**
   * Verifies and unpacks the package in that place; throws `OperationFailure` `InternalError` when the process did not answer. One at a
   * time. The signal ends the process, and so does an answer that is not one.
   */
  unpack(place: number, wanted: Wanted, signal: AbortSignal): Promise<UnpackAnswer>;
  /** Resolves when the process has ended: nobody but the agent can touch its directories any more (T56). */
  readonly gone: Promise<void>;
  /** Whether the process is still there to be asked. */
  isThere(): boolean;
  /** Ends the process if it is still there. */
  dispose(): void;
}

/** What was signed. */
export type Wanted = Pick<UnpackRequest, 'length' | 'sha256'>;

/** Where one package is. */
export interface PackagePlace {
  /** The file for the package, open. */
  readonly descriptor: number;
  /** The directory for what is in it; it need not be there yet. */
  readonly staging: string;
}

export interface UnpackerOptions {
  /** The program that unpacks: a bundled file or the sources' entry. */
  readonly program: string;
  /** All that the process can reach. */
  readonly places: readonly PackagePlace[];
}

/** Verified and unpacked within this time, or not at all. Milliseconds. */
const timeLimit = 15 * 60 * 1000;
const mostAnswer = 64 * 1024;

/** Starts the process now, so that it is ready when a package has arrived. */
export function startUnpacker({ program, places }: UnpackerOptions): Unpacker {
  // Said of what is in it as well: a directory may not be there yet, and Node would take it for a file.
  const owned = places.flatMap(({ staging }) => [staging, join(staging, '*')]);
  const child = spawn(
    process.execPath,
    [
      '--permission',
      ...unpackFlags,
      ...[readableFor(program), ...owned].map((path) => `--allow-fs-read=${path}`),
      ...owned.map((path) => `--allow-fs-write=${path}`),
      program,
    ],
    {
      stdio: ['pipe', 'pipe', 'pipe', ...places.map(({ descriptor }) => descriptor)],
      env: {},
      cwd: '/',
    },
  );
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const answers = answersOf(child);
  const end = (): void => void child.kill('SIGKILL');
  return {
    async unpack(place, wanted, signal) {
      const there = places[place];
      if (there === undefined) throw failed(`it has no place ${place}`);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeLimit)]);
      limit.addEventListener('abort', end, { once: true });
      if (limit.aborted) end();
      const { length, sha256 } = wanted;
      const request: UnpackRequest = {
        descriptor: packageDescriptor + place,
        directory: there.staging,
        length,
        sha256,
      };
      child.stdin?.write(`${JSON.stringify(request)}\n`);
      try {
        return await answers.next();
      } catch (error) {
        end();
        throw error;
      } finally {
        limit.removeEventListener('abort', end);
      }
    },
    gone,
    isThere: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
    dispose: end,
  };
}

/** What of the disk it takes to run that program: a bundle is one file, sources are read from the folder that holds the whole workspace. */
function readableFor(program: string): string {
  return extname(program) === '.ts' ? dirname(dirname(dirname(dirname(program)))) : program;
}

/** What it answers, line by line. That it has ended is the answer to everything that is asked afterwards. */
function answersOf(child: ChildProcess): { next(): Promise<UnpackAnswer> } {
  let out = '';
  let err = '';
  let ended: { readonly failure: OperationFailure | undefined } | undefined;
  let asked: PromiseWithResolvers<UnpackAnswer> | undefined;
  const settle = (): void => {
    if (asked === undefined || (ended === undefined && !out.includes('\n'))) return;
    const { resolve, reject } = asked;
    asked = undefined;
    const text = out;
    out = '';
    if (ended?.failure !== undefined) {
      reject(ended.failure);
      return;
    }
    try {
      // More than one line is no JSON: nobody answers what was not asked.
      resolve(parseJson(answerSchema, text, 'its answer'));
    } catch (error) {
      reject(failed(messageOf(error)));
    }
  };
  const over = (failure: OperationFailure | undefined): void => {
    ended ??= { failure };
    settle();
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (out.length < mostAnswer) out += text;
    settle();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (err.length < mostAnswer) err += text;
  });
  // The process may have ended before it was asked; its end is what is told.
  child.stdin?.on('error', () => undefined);
  child.on('error', (error) => over(failed(messageOf(error))));
  child.on('close', (code, signal) => {
    over(code === 0 ? undefined : failed(`it ended with ${signal ?? String(code)}: ${err.slice(-2000)}`));
  });
  return {
    next() {
      const now = Promise.withResolvers<UnpackAnswer>();
      asked = now;
      settle();
      return now.promise;
    },
  };
}

function failed(reason: string): OperationFailure {
  return new OperationFailure('InternalError', `The process that unpacks packages failed: ${reason}`);
}

/**
 * Starts the process that verifies and unpacks. It may read its own program and write one empty directory; it may not start
 * anything, connect anywhere or load native code. Hostile bytes are parsed there and its memory goes back when it ends.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { dirname, extname, join } from 'node:path';
import { messageOf, OperationFailure, parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import { unpackFailureCodes, unpackFlags, type UnpackAnswer, type UnpackRequest } from './unpack-request.ts';

/** The process has read hostile bytes: its answer is checked like any other text from outside. */
const answerSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), manifests: z.array(z.string()) }),
  z.object({ ok: z.literal(false), code: z.enum(unpackFailureCodes), message: z.string() }),
]);

export interface Unpacker {
  /** Verifies and unpacks; throws `OperationFailure` `InternalError` when the process did not answer. The signal ends it. It is told to end by then. */
  unpack(request: UnpackRequest, signal: AbortSignal): Promise<UnpackAnswer>;
  /** Resolves when the process has ended: nobody but the agent can touch the directory any more (T56). */
  readonly gone: Promise<void>;
  /** Whether the process is still there to be asked. */
  isThere(): boolean;
  /** Ends the process if it is still there. */
  dispose(): void;
}

export interface UnpackerOptions {
  /** The program that unpacks: a bundled file or the sources' entry. */
  readonly program: string;
  /** The open package. */
  readonly descriptor: number;
  /** The one that may be written to; it need not be there yet. */
  readonly directory: string;
}

/** Verified and unpacked within this time, or not at all. Milliseconds. */
const timeLimit = 15 * 60 * 1000;
const mostAnswer = 64 * 1024;

/** Starts the process now, so that it is ready when the package has arrived. */
export function startUnpacker(options: UnpackerOptions): Unpacker {
  const { program } = options;
  // Said of what is in it as well: the directory may not be there yet, and Node would take it for a file.
  const owned = [options.directory, join(options.directory, '*')];
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
      stdio: ['pipe', 'pipe', 'pipe', options.descriptor],
      env: {},
      cwd: '/',
    },
  );
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const answered = answerOf(child);
  // Looked at only in unpack(); until then a failure must not count as unhandled.
  answered.catch(() => undefined);
  const end = (): void => void child.kill('SIGKILL');
  return {
    async unpack(request, signal) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeLimit)]);
      limit.addEventListener('abort', end, { once: true });
      if (limit.aborted) end();
      child.stdin?.end(`${JSON.stringify(request)}\n`);
      try {
        return await answered;
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

function answerOf(child: ChildProcess): Promise<UnpackAnswer> {
  return new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    const take = (): void => {
      try {
        resolve(parseJson(answerSchema, out, 'its answer'));
      } catch (error) {
        reject(failed(messageOf(error)));
      }
    };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (out.length < mostAnswer) out += text;
      if (!out.includes('\n')) return;
      // That line is all there is to come; its own way out takes Node longer.
      child.kill('SIGKILL');
      take();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (err.length < mostAnswer) err += text;
    });
    // The process may have ended before it was asked; its end is what is told.
    child.stdin?.on('error', () => undefined);
    child.on('error', (error) => reject(failed(messageOf(error))));
    child.on('close', (code, signal) => {
      if (code === 0) take();
      else reject(failed(`it ended with ${signal ?? String(code)}: ${err.slice(-2000)}`));
    });
  });
}

function failed(reason: string): OperationFailure {
  return new OperationFailure('InternalError', `The process that unpacks packages failed: ${reason}`);
}

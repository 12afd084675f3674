/** The agent's own process that verifies and unpacks, as it is shipped, with its wall time and its peak memory. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  packageDescriptor,
  unpackFlags,
  type UnpackRequest,
} from '../apps/agent/src/extensions/unpack/unpack-request.ts';
import { fileOfProgram } from '../apps/agent/src/platform/agent-programs.ts';
import { buildAgent } from '../tooling/build.ts';

export interface UnpackRun {
  readonly answer: { readonly ok: boolean; readonly code?: string; readonly message?: string };
  /** From starting the process to its end. */
  readonly milliseconds: number;
  readonly peakMegabytes: number;
}

export type RunUnpacker = (file: string, directory: string, sha256: string, length: number) => UnpackRun;

/** Builds the agent into `folder`; gives what runs its unpacking process on a package. */
export async function openUnpacker(folder: string): Promise<RunUnpacker> {
  const program = fileOfProgram('azcmagent-unpack', await buildAgent(join(folder, 'dist')));
  const probe = join(folder, 'dist/probe.cjs');
  writeFileSync(
    probe,
    // Not getrusage: its peak begins with that of the process it was forked from.
    "const fs = require('node:fs');\nprocess.on('exit', () => fs.writeSync(2, /VmHWM:\\s+(\\d+)/.exec(fs.readFileSync('/proc/self/status', 'latin1'))[1]));\n",
  );
  return (file, directory, sha256, length) => {
    mkdirSync(directory, { mode: 0o700 });
    const descriptor = openSync(file, 'r');
    const request: UnpackRequest = { descriptor: packageDescriptor, length, sha256, directory };
    const begun = performance.now();
    const run = spawnSync(
      process.execPath,
      [
        '--permission',
        ...unpackFlags,
        ...[program, probe, directory, '/proc'].map((path) => `--allow-fs-read=${path}`),
        `--allow-fs-write=${directory}`,
        `--require=${probe}`,
        program,
      ],
      {
        stdio: ['pipe', 'pipe', 'pipe', descriptor],
        input: `${JSON.stringify(request)}\n`,
        env: {},
        cwd: '/',
        encoding: 'utf8',
      },
    );
    const milliseconds = performance.now() - begun;
    closeSync(descriptor);
    const kilobytes = Number(/\d+$/.exec(run.stderr)?.[0] ?? 'NaN');
    if (run.status !== 0) throw new Error(`the unpacking process ended with ${run.status}: ${run.stderr}`);
    return {
      answer: JSON.parse(run.stdout) as UnpackRun['answer'],
      milliseconds,
      peakMegabytes: kilobytes / 1024,
    };
  };
}

/** SHA-256 of a file, without holding it. */
export function sha256Of(file: string): string {
  const hash = createHash('sha256');
  const window = Buffer.alloc(1024 * 1024);
  const descriptor = openSync(file, 'r');
  for (let at = 0, read = 1; read > 0; at += read) {
    read = readSync(descriptor, window, 0, window.length, at);
    hash.update(window.subarray(0, read));
  }
  closeSync(descriptor);
  return hash.digest('hex');
}

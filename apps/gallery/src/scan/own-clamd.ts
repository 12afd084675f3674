/**
 * A ClamAV daemon of our own, for the time of one publication, where none runs that we can believe. Its limits are those of packages, and
 * what exceeds them is objected to. It reads hostile bytes: it gets a socket and no files, and not root's rights if there is another user.
 */
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GalleryError } from '../gallery-error.ts';
import { askClamd, type Patience } from './clamd.ts';

export interface OwnClamd {
  readonly socket: string;
  readonly pid: number;
  /** Ends it and removes what it needed. */
  stop(): Promise<void>;
}

/** Debian's place and others. */
const programs = ['/usr/sbin/clamd', '/usr/bin/clamd', '/usr/local/sbin/clamd'];

/** Starts it and waits until it answers. Throws `ScannerMissing` where there is none, `ScannerFailed` or `ScannerTimedOut`. */
export async function startClamd(database: string, patience: Patience): Promise<OwnClamd> {
  const program = programs.find((path) => existsSync(path));
  if (program === undefined) {
    throw new GalleryError(
      'ScannerMissing',
      'There is no malware scanner here: install ClamAV (Debian: clamav-daemon, clamav-freshclam).',
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-clamd-'));
  const user = process.getuid?.() === 0 ? accountOf('clamav') : undefined;
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const socket = join(folder, 'socket');
  const configuration = join(folder, 'clamd.conf');
  writeFileSync(configuration, configurationOf(socket, database, folder, user !== undefined), { mode: 0o644 });
  const child = spawn(program, ['--config-file', configuration], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const listen = (chunk: Buffer): void => void (said = (said + chunk.toString('utf8')).slice(-2000));
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    const over = (): void => {
      isOver = true;
      resolve();
    };
    child.on('error', over);
    child.on('close', over);
  });
  const stop = async (): Promise<void> => {
    if (!isOver) {
      child.kill('SIGTERM');
      await Promise.race([ended, delay(3000, undefined, { ref: false })]);
      if (!isOver) child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    while (!(await answers(socket, patience))) {
      if (isOver) {
        const last = said.trim().split('\n').at(-1) ?? '';
        throw new GalleryError(
          'ScannerFailed',
          `The malware scanner did not start with the signatures in '${database}', which its user has to be able to read: ${last}`,
        );
      }
      if (patience.signal.aborted)
        throw new GalleryError('ScannerTimedOut', 'The malware scanner did not start in time.');
      await delay(50);
    }
    return { socket, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(socket: string, patience: Patience): Promise<boolean> {
  if (!existsSync(socket)) return false;
  return askClamd(socket, 'PING', patience).then(
    (answer) => answer === 'PONG',
    // It is still reading its signatures, or has ended; whoever asks finds out.
    () => false,
  );
}

function configurationOf(socket: string, database: string, folder: string, asClamav: boolean): string {
  const mostBytes = '2047M';
  const lines = [
    `LocalSocket ${socket}`,
    `DatabaseDirectory ${database}`,
    `TemporaryDirectory ${folder}`,
    'Foreground yes',
    'FixStaleSocket yes',
    'AlertExceedsMax yes',
    'AlertEncrypted yes',
    `StreamMaxLength ${mostBytes}`,
    `MaxScanSize ${mostBytes}`,
    `MaxFileSize ${mostBytes}`,
    'MaxScanTime 0',
    'MaxFiles 100000',
    'MaxRecursion 30',
    ...(asClamav ? ['User clamav'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function accountOf(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

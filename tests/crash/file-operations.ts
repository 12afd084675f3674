/**
 * Every call of this process that changes what is on the disk, seen one by one: the functions of `node:fs` are wrapped, so the
 * agent's own code runs as it is. Logs are left out; they may lose their end.
 */
import childProcess from 'node:child_process';
import fs, { constants } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

export interface FileOperation {
  /** The function, such as `renameSync`. */
  readonly call: string;
  /** What it is about: a path, or a descriptor. */
  readonly subject: string | number;
}

export interface OperationWatcher {
  /** Just before it happens. */
  before(operation: FileOperation): void;
  /** It has happened. */
  after(operation: FileOperation): void;
  /** Whether an fsync is carried out and counts; one that does not is as if it had been left out of the code. */
  syncs(where: string): boolean;
}

const changing = [
  'writeSync',
  'writeFileSync',
  'appendFileSync',
  'renameSync',
  'unlinkSync',
  'rmSync',
  'mkdirSync',
  'chmodSync',
  'fchmodSync',
  'ftruncateSync',
  'linkSync',
  'copyFileSync',
] as const;

type Call = (...args: readonly unknown[]) => unknown;

/** Wraps them for the rest of this process. */
export function watchFileOperations(watcher: OperationWatcher): void {
  const module = fs as unknown as Record<string, Call>;
  const wrap = (name: string, counts: (args: readonly unknown[]) => boolean): void => {
    const original = module[name];
    if (original === undefined) throw new Error(`node:fs has no ${name}`);
    module[name] = (...args) => {
      if (!counts(args)) return original(...args);
      const operation = { call: name, subject: subjectOf(args[0]) };
      watcher.before(operation);
      const result = original(...args);
      watcher.after(operation);
      return result;
    };
  };
  for (const name of changing) wrap(name, ([subject]) => !isLog(subject));
  wrap('openSync', ([path, flags]) => !isLog(path) && typeof flags === 'number' && (flags & constants.O_CREAT) !== 0);
  const fsync = fs.fsyncSync;
  fs.fsyncSync = (descriptor) => {
    const operation = { call: 'fsyncSync', subject: fs.readlinkSync(`/proc/self/fd/${descriptor}`) };
    if (!watcher.syncs(callerOf())) return;
    watcher.before(operation);
    fsync(descriptor);
    watcher.after(operation);
  };
  const fsyncLater = fs.fsync;
  const watchedFsync = (descriptor: number, done: fs.NoParamCallback): void => {
    const operation = { call: 'fsync', subject: fs.readlinkSync(`/proc/self/fd/${descriptor}`) };
    if (!watcher.syncs(callerOf())) {
      setImmediate(done, null);
      return;
    }
    watcher.before(operation);
    fsyncLater(descriptor, (error) => {
      if (error === null) watcher.after(operation);
      done(error);
    });
  };
  module['fsync'] = watchedFsync as Call;
  const spawn = childProcess.spawn as Call;
  (childProcess as unknown as Record<string, Call>)['spawn'] = (...args) => {
    watcher.before({ call: 'spawn', subject: String(args[0]) });
    return spawn(...args);
  };
  syncBuiltinESMExports();
}

function subjectOf(value: unknown): string | number {
  return typeof value === 'number' ? value : String(value);
}

function isLog(value: unknown): boolean {
  return typeof value === 'string' && value.endsWith('.log');
}

/** The two functions that asked for an fsync, such as `syncDirectory < place`. */
function callerOf(): string {
  const names = [...(new Error().stack ?? '').matchAll(/^ +at (?:async )?(?:Object\.|\S+\.)?([\w$#<>]+)/gm)].map(
    ([, name]) => name ?? '',
  );
  // What `writeDurably` and promises do it with would hide who asked that.
  return names
    .slice(2)
    .filter((name) => !/^(?:replace(?:\$\d+)?|new|Promise|map|cjs|syncAll)$/.test(name))
    .slice(0, 2)
    .join(' < ');
}

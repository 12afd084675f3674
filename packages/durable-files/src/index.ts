/** Small files that are the old one or the new one after a crash at any moment, never half of each (T55, T84). */
export { isMissing, readIfThere, removeDurably, syncDirectory, writeDurably, writeForNow } from './durable-file.ts';
export { DurableChanges } from './durable-changes.ts';
export { makeDirectories } from './make-directories.ts';

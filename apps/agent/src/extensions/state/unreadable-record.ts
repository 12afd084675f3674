/**
 * A record that says something which this version of the agent does not know: it is damaged, or a newer version wrote it before the agent
 * was set back. Nothing is known of how far that version has come, so nothing is done with the extension, and the file is left alone (T84).
 */
import { formatExtensionName, handlerName, type ExtensionName, type HandlerVersion } from '@sallyport/model';

export interface UnreadableRecord {
  /** `Publisher.Type`, as its folder is called. */
  readonly handler: string;
  /** Undefined when its folder is not called like one. */
  readonly version: HandlerVersion | undefined;
  /** What cannot be read, with the file's name. */
  readonly problem: string;
}

/** The first of an extension, if there is one. */
export function unreadableOf(
  name: ExtensionName,
  unreadable: readonly UnreadableRecord[] = [],
): UnreadableRecord | undefined {
  const wanted = handlerName(name).toLowerCase();
  return unreadable.find(({ handler }) => handler.toLowerCase() === wanted);
}

/** Why nothing is done with the extension, and what to do. */
export function unreadableSentence(name: ExtensionName, { version, problem }: UnreadableRecord): string {
  const what = `${formatExtensionName(name)}${version === undefined ? '' : ` ${version}`}`;
  return `The agent cannot tell how far it has come with ${what}, so nothing was done and the record was left as it is. ${ended(problem)} Where a newer version of the agent wrote it, install that again; where it is damaged, move the file away: then the extension counts as not installed.`;
}

function ended(sentence: string): string {
  return sentence.endsWith('.') ? sentence : `${sentence}.`;
}

/** What the steps of the tour share. */
import { CodedError } from '@sallyport/model';
import type { Narrator } from './narrator.ts';
import type { Programs } from './programs.ts';
import type { TourScript } from './script.ts';
import type { TourState } from './state.ts';

export interface TourOptions {
  readonly port: number | undefined;
  readonly script: TourScript;
  /** Folder with the extension packages to publish. */
  readonly packages: string;
}

/** What the earlier steps leave for the later ones. */
export interface Stage {
  readonly state: TourState;
  readonly options: TourOptions;
  readonly narrator: Narrator;
  readonly programs: Programs;
}

/** The extension of the story, and the name its resource gets. */
export const customScript = 'Microsoft.Azure.Extensions/CustomScript';
export const resourceName = 'report';
export const location = 'local';

/** The environment that points `azcmagent` to the server of the tour. */
export function serverVariables(state: TourState): Readonly<Record<string, string>> {
  return { AZCMAGENT_ROOT: state.agentRoot };
}

/** A step that ended in another way than the story tells. */
export function otherwise(message: string): CodedError {
  return new CodedError('StoryWentOtherwise', message);
}

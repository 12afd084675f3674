import type { EventOrigin } from '../activity-log/event-origin.ts';
import type { Caller } from '../identity/caller.ts';
import type { Json, JsonObject } from '../policy/json.ts';
import type { PlannedResource } from './planned-resource.ts';
import type { TemplateScope } from './template-values.ts';

export interface WantedDeployment {
  /** The id that it is to have. */
  readonly id: string;
  readonly properties: JsonObject;
  readonly location: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly origin: EventOrigin;
}

export interface PreparedDeployment {
  readonly planned: readonly PlannedResource[];
  readonly scope: TemplateScope;
  readonly outputs: (read: ReadonlyMap<string, Json>) => JsonObject;
}

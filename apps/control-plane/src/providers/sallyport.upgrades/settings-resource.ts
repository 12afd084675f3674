/** A resource named `default` that holds the settings of what it stands on; while nobody has written any, it shows those that hold then. */
import * as z from 'zod/mini';
import { requestEvents } from '../../activity-log/events-of.ts';
import type { ArmRequest } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import type { Reader, Writer } from '../../store/store.ts';
import { common, namespace, requireDefault, viewOf } from './names.ts';

/** The columns that every table of settings has, beside what they belong to. */
export interface StoredSettings {
  readonly properties: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

export interface SettingsKind<Settings extends object> {
  readonly name: string;
  readonly scopes: ResourceType['scopes'];
  readonly schema: z.ZodMiniType<Settings>;
  /** What holds while nobody has written any. */
  readonly initial: Settings;
  /** The stored text of those that a request is for. Throws `ArmError` when what they belong to is not there; so do the others. */
  find(reader: Reader, request: ArmRequest): Promise<string | undefined>;
  keep(writer: Writer, request: ArmRequest, stored: StoredSettings): Promise<void>;
  clear(writer: Writer, request: ArmRequest): Promise<void>;
}

/** The row of the registry. */
export function settingsResource<Settings extends object>(
  { store, environment }: Pick<Services, 'store' | 'environment'>,
  kind: SettingsKind<Settings>,
): ResourceType {
  const bodySchema = z.object({ properties: kind.schema });
  const change = (request: ArmRequest, work: (writer: Writer) => Promise<void>): Promise<void> =>
    store.change(async (writer) => {
      await work(writer);
      const events = requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' });
      return { value: undefined, events };
    });
  return {
    ...common,
    type: `${namespace}/${kind.name}`,
    scopes: kind.scopes,
    item: {
      GET: async (request) => {
        requireDefault(request);
        const text = await kind.find(store.read, request);
        const settings = text === undefined ? kind.initial : z.parse(kind.schema, JSON.parse(text));
        return { status: 200, body: viewOf(request, settings) };
      },
      PUT: async (request) => {
        requireDefault(request);
        const settings = parseBody(bodySchema, request.body).properties;
        await change(request, (writer) =>
          kind.keep(writer, request, {
            properties: JSON.stringify(settings),
            changed_at: environment.now(),
            changed_by: request.caller.clientId,
          }),
        );
        return { status: 200, body: viewOf(request, settings) };
      },
      DELETE: async (request) => {
        requireDefault(request);
        await change(request, (writer) => kind.clear(writer, request));
        return { status: 200 };
      },
    },
  };
}

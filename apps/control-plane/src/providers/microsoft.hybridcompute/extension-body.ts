/** What a PUT or PATCH of an extension may say. Read-only properties (`provisioningState`, `instanceView`) are ignored. */
import { extensionNameOf, parseHandlerVersion, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import { parseBody } from '../../arm/body.ts';
import { tagsSchema } from '../../arm/tags.ts';

/** Largest settings, public or protected, as JSON: 256 KiB. */
export const largestSettings = 256 * 1024;

/** A machine has few extensions. */
const mostBefore = 32;

const settingsSchema = z.nullable(z.record(z.string(), z.unknown()));
const shortText = z.string().check(z.maxLength(256));

const extensionBodySchema = z.object({
  location: z.optional(shortText),
  tags: z.optional(z.nullable(tagsSchema)),
  properties: z.optional(
    z.object({
      publisher: z.optional(shortText),
      type: z.optional(shortText),
      typeHandlerVersion: z.optional(z.nullable(shortText)),
      autoUpgradeMinorVersion: z.optional(z.nullable(z.boolean())),
      enableAutomaticUpgrade: z.optional(z.nullable(z.boolean())),
      forceUpdateTag: z.optional(z.nullable(shortText)),
      provisionAfterExtensions: z.optional(z.nullable(z.array(shortText).check(z.maxLength(mostBefore)))),
      settings: z.optional(settingsSchema),
      protectedSettings: z.optional(settingsSchema),
    }),
  ),
});

export type ExtensionProperties = NonNullable<z.infer<typeof extensionBodySchema>['properties']>;

export interface ExtensionBody {
  readonly location: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
  /** Undefined when the request says nothing about the extension itself, only about its tags. */
  readonly properties: ExtensionProperties | undefined;
}

/** Reads the body of a request. Throws {@link ArmError}. Its errors name properties and never repeat what settings hold. */
export function readExtensionBody(body: unknown): ExtensionBody {
  const parsed = parseBody(extensionBodySchema, body);
  const properties = parsed.properties;
  for (const name of ['settings', 'protectedSettings'] as const) {
    const size = Buffer.byteLength(JSON.stringify(properties?.[name] ?? null));
    if (size > largestSettings) {
      throw new ArmError(
        'SettingsTooLarge',
        `properties.${name} has ${size} bytes as JSON; at most ${largestSettings} are possible.`,
        `properties.${name}`,
      );
    }
  }
  const told = properties !== undefined && Object.values(properties).some((value) => value !== undefined);
  return { location: parsed.location, tags: parsed.tags ?? undefined, properties: told ? properties : undefined };
}

/** The extension's name. Throws {@link ArmError} when publisher or type is missing or not well-formed (T06). */
export function extensionNameFrom(properties: ExtensionProperties | undefined): ExtensionName {
  const { publisher, type } = properties ?? {};
  for (const [name, value] of Object.entries({ publisher, type })) {
    if (value === undefined || value === '') {
      throw new ArmError(
        'InvalidRequestContent',
        `The request body must contain properties.${name}.`,
        `properties.${name}`,
      );
    }
  }
  const result = extensionNameOf(publisher ?? '', type ?? '');
  if (result.ok) return result.name;
  throw new ArmError(
    'InvalidRequestContent',
    `'${result.malformed.entry}' is not the name of an extension: ${result.malformed.reason}.`,
    'properties.type',
  );
}

/** The version asked for, undefined for the newest. Throws {@link ArmError} for a text that is not a version. */
export function versionFrom(text: string): HandlerVersion | undefined {
  if (text === '') return undefined;
  const version = parseHandlerVersion(text);
  if (version !== undefined) return version;
  throw new ArmError(
    'InvalidRequestContent',
    `'${text}' is not a version: one to four numbers with dots.`,
    'properties.typeHandlerVersion',
  );
}

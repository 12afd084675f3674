/** What the signed catalog says of a package (T26). */
import * as z from 'zod/mini';

/** `linux` or `windows`; the agent here runs Linux packages only. */
export const operatingSystemSchema = z.enum(['linux', 'windows']);
/** `any` for packages without native code. Otherwise Node's words for processor architectures. */
export const architectureSchema = z.enum(['any', 'x64', 'arm64']);

/** How far a release has been let out. Unless a version is asked for exactly, only `stable` ones are chosen. */
export const releaseChannels = ['canary', 'preview', 'stable'] as const;
export type ReleaseChannel = (typeof releaseChannels)[number];

const shortText = z.string().check(z.minLength(1), z.maxLength(500));

/** What the catalog says of a package beside its length and hash. Bound by the publisher's signature. */
export const catalogTargetSchema = z.object({
  publisher: z.string(),
  type: z.string(),
  version: z.string(),
  operatingSystem: operatingSystemSchema,
  architecture: architectureSchema,
  /** Who scanned the package for malware, and when; `none` when nobody did (S1.2). Absent from packages of earlier galleries. */
  scan: z.optional(z.object({ by: shortText, at: z.optional(z.iso.datetime()) })),
  /** Whether several resources of a machine may share the handler, as its manifest says (handler contract §5). Absent: no. */
  supportsMultipleExtensions: z.optional(z.boolean()),
  /** Whether its publisher declares that it fetches something from elsewhere while it is installed (T43). Absent: no. */
  needsNetworkToInstall: z.optional(z.boolean()),
  /** Absent: `stable`. */
  channel: z.optional(z.enum(releaseChannels)),
  /** Taken back: nothing installs it any more. The entry stays, so that nobody takes the version for a new one. */
  yanked: z.optional(z.object({ reason: shortText, at: z.iso.datetime() })),
  /** Where an imported package came from, and what it was called there. */
  origin: z.optional(z.object({ from: shortText, publisher: z.string(), type: z.string(), version: z.string() })),
});
export type CatalogTarget = z.infer<typeof catalogTargetSchema>;
export type Architecture = z.infer<typeof architectureSchema>;

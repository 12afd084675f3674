/** What the signed catalog says of a package (T26). */
import * as z from 'zod/mini';

/** `linux` or `windows`; the agent here runs Linux packages only. */
export const operatingSystemSchema = z.enum(['linux', 'windows']);
/** `any` for packages without native code. Otherwise Node's words for processor architectures. */
export const architectureSchema = z.enum(['any', 'x64', 'arm64']);

/** What the catalog says of a package beside its length and hash. Bound by the publisher's signature. */
export const catalogTargetSchema = z.object({
  publisher: z.string(),
  type: z.string(),
  version: z.string(),
  operatingSystem: operatingSystemSchema,
  architecture: architectureSchema,
});
export type CatalogTarget = z.infer<typeof catalogTargetSchema>;
export type Architecture = z.infer<typeof architectureSchema>;

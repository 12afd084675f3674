/** What is asked of the process that unpacks, and what it answers. One JSON line each way. */
import { operationFailureCodes, type OperationFailureCode } from '@sallyport/model';
import * as z from 'zod/mini';

/** The descriptor the package is open at in that process. */
export const packageDescriptor = 3;

/** The word `azcmagent` is called with to be that process. */
export const unpackWord = 'unpack-package';

export const unpackRequestSchema = z.object({
  length: z.int(),
  /** Lower-case hex. */
  sha256: z.string(),
  /** Empty, private, and the only place that may be written to. */
  directory: z.string(),
});
export type UnpackRequest = z.infer<typeof unpackRequestSchema>;

const codes = Object.keys(operationFailureCodes) as [OperationFailureCode, ...OperationFailureCode[]];

export const unpackAnswerSchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    /** Where the manifest is, relative to the directory; '' when there is none. */
    manifest: z.string(),
  }),
  z.object({ ok: z.literal(false), code: z.enum(codes), message: z.string() }),
]);
export type UnpackAnswer = z.infer<typeof unpackAnswerSchema>;

/** From the text of a heartbeat to what it says: everything, or that it is as it was (decision 0245). */
import { parseJson, parseValue } from '@sallyport/model';
import {
  heartbeatRequestSchema,
  unchangedHeartbeatSchema,
  type HeartbeatRequest,
  type UnchangedHeartbeat,
} from '@sallyport/model/wire';
import * as z from 'zod/mini';
import { compiledSchema } from './compiled-schema.ts';

const wholeSchema = compiledSchema<HeartbeatRequest>(heartbeatRequestSchema);
const unchangedSchema = compiledSchema<UnchangedHeartbeat>(unchangedHeartbeatSchema);
/** Whichever it is shows in what is there. */
const anything = z.unknown();
const what = 'The heartbeat';

/** Reads a heartbeat. Throws `MalformedInput`. */
export function readHeartbeat(text: string): HeartbeatRequest | UnchangedHeartbeat {
  const value = parseJson(anything, text, what);
  const isUnchanged = typeof value === 'object' && value !== null && 'contentHash' in value;
  return isUnchanged ? parseValue(unchangedSchema, value, what) : parseValue(wholeSchema, value, what);
}

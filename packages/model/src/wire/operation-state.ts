/** The states of an operation, as reports carry them. */
import * as z from 'zod/mini';
import { operationStates } from '../operation.ts';

export const operationStateSchema = z.enum(operationStates);

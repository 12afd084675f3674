/**
 * What a machine signs about itself, so that nobody has to believe the centre about it (T16): its local controls in force, and where
 * the activity log stood when it last looked (T15). Whoever knows the machine's id can verify it, alone and offline. Pure.
 */
export * from './machine-id.ts';
export * from './statement.ts';
export * from './statement-not-trusted.ts';
export * from './succession.ts';
export * from './verify-statement.ts';

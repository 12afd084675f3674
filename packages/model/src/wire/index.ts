/** The messages that cross the network, as schemas and their types: what machines and centre tell each other, and the signed catalog. */
export * from './agent-configuration.ts';
export * from './catalog-target.ts';
export * from './goal-state.ts';
export * from './heartbeat.ts';
export * from './operation-state.ts';
export * from './report.ts';
export * from './key-renewal.ts';
export * from './machine-statement.ts';

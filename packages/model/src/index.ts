/**
 * The words of Sallyport: names, versions, resource ids, operation states, failure codes and the messages that
 * agent and control plane exchange. Pure: no I/O, no clock, no randomness, imports nothing of ours.
 *
 * Whatever crosses a process boundary is parsed here once (`unknown` in, branded or closed types out) and trusted after.
 */
export * from './extension-name.ts';
export * from './handler-version.ts';
export * from './resource-id.ts';
export * from './catalog-target.ts';
export * from './operation.ts';
export * from './failure.ts';
export * from './parse.ts';
export * from './wire/agent-configuration.ts';
export * from './wire/goal-state.ts';
export * from './wire/heartbeat.ts';
export * from './wire/report.ts';

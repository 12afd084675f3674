/**
 * The words of Sallyport: names, versions, resource ids, operation states and failure codes. Pure: no I/O, no clock, no
 * randomness, imports nothing of ours. The messages that agent and control plane exchange are apart, in
 * `@sallyport/model/wire`: their schemas load zod, and most commands have no message to read (decision 0004).
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

/**
 * The local controls of a machine: its properties, lists and modes, and the one decision that everything else asks
 * (S4). Pure: no I/O, no clock; what was read from the disk comes in as a `ControlsReading`.
 */
export * from './parsed.ts';
export type * from './value-kind.ts';
export * from './extension-list.ts';
export * from './local-controls.ts';
export * from './properties.ts';
export * from './proxy-url.ts';
export * from './managed-list.ts';
export * from './in-force.ts';
export * from './controls-reading.ts';
export * from './decide.ts';
export * from './explain-extension.ts';
export * from './stranded.ts';
export * from './agent-configuration.ts';
export * from './document.ts';
export * from './change-property.ts';
export * from './signers/index.ts';
export * from './script-capable.ts';
export * from './lockdown-advice.ts';

/**
 * The VM extension handler contract (S1.3): manifest, environment, settings, status, commands and their messages. Pure:
 * texts and bytes in, values out; no file is opened here. The host that uses it is the agent.
 */
export * from './command-failure.ts';
export * from './command-output.ts';
export * from './handler-command-environment.ts';
export * from './handler-command.ts';
export * from './handler-directory.ts';
export * from './handler-environment.ts';
export * from './handler-error-code.ts';
export * from './handler-manifest.ts';
export * from './handler-settings.ts';
export * from './handler-status.ts';
export * from './heartbeat-file.ts';
export * from './reported-status.ts';
export * from './seal-for-handler.ts';
export * from './telemetry-event.ts';
export * from './transport-certificate.ts';

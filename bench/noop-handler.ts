/** A handler that does nothing and says so. */
const manifest = [
  {
    version: 1.0,
    handlerManifest: {
      installCommand: 'install.sh',
      uninstallCommand: 'nothing.sh',
      updateCommand: 'nothing.sh',
      enableCommand: 'enable.sh',
      disableCommand: 'nothing.sh',
      rebootAfterInstall: false,
      reportHeartbeat: false,
    },
  },
];
const status = JSON.stringify([
  {
    version: 1.0,
    timestampUTC: '2026-01-01T00:00:00Z',
    status: {
      operation: 'Enable',
      status: 'success',
      code: 0,
      formattedMessage: { lang: 'en-US', message: 'Nothing done' },
    },
  },
]);

/** Its commands. */
export const noopCommands: Readonly<Record<string, string>> = {
  'install.sh': '#!/bin/sh\nexit 0\n',
  'nothing.sh': '#!/bin/sh\nexit 0\n',
  'enable.sh': `#!/bin/sh\nmkdir -p status\nprintf '%s' '${status}' > status/\${ConfigSequenceNumber:-0}.status\n`,
};

/** Its package. */
export const noopPackage: Readonly<Record<string, string>> = {
  'HandlerManifest.json': JSON.stringify(manifest),
  ...noopCommands,
};

/** Handlers in plain shell that behave, or misbehave, in one way each. */
import type { PackageFiles } from './test-package.ts';

const commands = ['install', 'enable', 'update', 'disable', 'uninstall'] as const;
type CommandName = (typeof commands)[number];

/** Shell after the preamble. `$status` is the status file, `$dir` the handler's directory, `report WORD CODE MESSAGE` writes a status. */
export type HandlerScripts = Partial<Readonly<Record<CommandName, string>>>;

const preamble = `#!/bin/sh
dir=$(CDPATH= cd "$(dirname "$0")/.." && pwd)
status="$dir/status/$ConfigSequenceNumber.status"
report() {
  printf '[{"version":1.0,"timestampUTC":"2026-01-01T00:00:00Z","status":{"name":"Sample","operation":"Enable","status":"%s","code":%s,"formattedMessage":{"lang":"en-US","message":"%s"},"substatus":[]}}]' "$1" "$2" "$3" > "$status.new"
  mv "$status.new" "$status"
}
echo "$(basename "$0" .sh) $ConfigSequenceNumber" >> "$dir/commands.log"
`;

/** A handler whose commands run the given shell and succeed otherwise. Every command adds a line to `commands.log`. */
export function shellHandler(scripts: HandlerScripts, manifest: Readonly<Record<string, unknown>> = {}): PackageFiles {
  const files: Record<string, string> = {};
  const entries: Record<string, string> = {};
  for (const command of commands) {
    files[`bin/${command}.sh`] = `${preamble}${scripts[command] ?? ''}\n`;
    entries[`${command}Command`] = `bin/${command}.sh`;
  }
  files['HandlerManifest.json'] = JSON.stringify([
    { version: 1.0, handlerManifest: { ...entries, rebootAfterInstall: false, reportHeartbeat: false, ...manifest } },
  ]);
  return files;
}

/** Does nothing and says that it succeeded. */
export const noopHandler: PackageFiles = shellHandler({ enable: "report success 0 'Done'" });

/** Its install command fails with code 7 and says why. */
export const failingInstallHandler: PackageFiles = shellHandler({ install: "echo 'no room in the shed' >&2; exit 7" });

/** Its enable command fails with code 9 after writing an error status. */
export const failingEnableHandler: PackageFiles = shellHandler({
  enable: "report error 9 'Broken on purpose'; exit 9",
});

/** Enable returns at once; a child that keeps the output open writes the final status half a second later. */
export const backgroundHandler: PackageFiles = shellHandler({
  enable: "report transitioning 0 'Working'\n(sleep 0.5; report success 0 'Done in the background') &",
});

/** Enable succeeds and leaves a status that nobody can read. */
export const nonsenseStatusHandler: PackageFiles = shellHandler({
  enable: 'printf \'[{"status": half a stat\' > "$status"',
});

/** Enable never comes to an end by itself. */
export const hangingHandler: PackageFiles = shellHandler({ enable: 'exec sleep 1000' });

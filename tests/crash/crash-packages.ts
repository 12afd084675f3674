/** The handlers whose versions the crash tests install, upgrade to, fail to upgrade to and remove. */
import { shellHandler, type PackageFiles } from '@sallyport/testkit';

const done = `echo "$ConfigSequenceNumber" > "$dir/mrseq"; report success 0 'Done'`;
const thing = (text: string, enable = done): PackageFiles => ({
  ...shellHandler({ enable }, { updateMode: 'UpdateWithInstall' }),
  'version.txt': text,
});

/** Several resources share it: each has a status of its own. */
const own = 'status="$dir/status/$ConfigExtensionName.$ConfigSequenceNumber.status"';
const shared = (text: string, enable = "report success 0 'Done'"): PackageFiles => ({
  ...shellHandler({ enable: `${own}\n${enable}` }, { supportsMultipleExtensions: true }),
  'version.txt': text,
});

/** What it leaves running is the manager's to end. Where its processes are noted nobody looks for a handler. */
const hosted: PackageFiles = shellHandler({
  enable: `sleep 86399 > /dev/null 2>&1 & echo "$!" >> "$dir/../hosted"; ${done}`,
});

export const crashHandlers = {
  Thing: {
    '1.0.0': thing('1'),
    '2.0.0': thing('2'),
    // Comes as far as an upgrade can, and says then that it does not work.
    '2.1.0': thing('2.1', "report error 9 'Broken on purpose'"),
  },
  Shared: {
    '1.0.0': shared('1'),
    '2.0.0': shared('2'),
    '2.1.0': shared('2.1', "report error 9 'Broken on purpose'"),
  },
  Hosted: { '1.0.0': hosted },
} as const satisfies Readonly<Record<string, Readonly<Record<string, PackageFiles>>>>;
export type CrashHandler = keyof typeof crashHandlers;

/** The files of a version's package; undefined for one that there is not. */
export function crashPackage(handler: CrashHandler, version: string): PackageFiles | undefined {
  const versions: Readonly<Record<string, PackageFiles>> = crashHandlers[handler];
  return versions[version];
}

/** By the name of a handler's directory: what must be in it. */
export const crashTrees: Readonly<Record<string, PackageFiles>> = Object.fromEntries(
  Object.entries(crashHandlers).flatMap(([handler, versions]) =>
    Object.entries(versions).map(([version, files]) => [`Contoso.Test.${handler}-${version}`, files]),
  ),
);

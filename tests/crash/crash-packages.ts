/** The versions that the crash tests install, upgrade to, fail to upgrade to and remove. */
import { shellHandler, type PackageFiles } from '@sallyport/testkit';

const done = `echo "$ConfigSequenceNumber" > "$dir/mrseq"; report success 0 'Done'`;
const version = (text: string, enable = done): PackageFiles => ({
  ...shellHandler({ enable }, { updateMode: 'UpdateWithInstall' }),
  'version.txt': text,
});

export const crashPackages: Readonly<Record<string, PackageFiles>> = {
  '1.0.0': version('1'),
  '2.0.0': version('2'),
  // Comes as far as an upgrade can, and says then that it does not work.
  '2.1.0': version('2.1', "report error 9 'Broken on purpose'"),
};

/** The two versions that the crash tests install, upgrade to and remove. */
import { shellHandler, type PackageFiles } from '@sallyport/testkit';

const version = (text: string): PackageFiles => ({
  ...shellHandler({ enable: "report success 0 'Done'" }),
  'version.txt': text,
});

export const crashPackages: Readonly<Record<string, PackageFiles>> = {
  '1.0.0': version('1'),
  '2.0.0': version('2'),
};

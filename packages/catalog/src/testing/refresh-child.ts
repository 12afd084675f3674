/** For tests: a client in a process of its own, to be killed. Arguments: its directory, the root, the catalog's folder, the time. */
import { readFileSync } from 'node:fs';
import { fetchFromFolder } from '../client/catalog-fetch.ts';
import { openCatalog } from '../client/open-catalog.ts';

const [directory = '', root = '', folder = '', time = ''] = process.argv.slice(2);
const catalog = openCatalog({
  directory,
  pinnedRoot: readFileSync(root),
  fetch: fetchFromFolder(folder),
  now: () => new Date(Number(time)),
});
process.stdout.write('begun\n');
await catalog.refresh();
await catalog.list();

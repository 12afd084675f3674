/**
 * For tests: a publisher in a process of its own. Arguments: metadata, keys, time, publisher, type, first version, how many. Says each
 * version on a line as soon as the catalog names it.
 */
import { openRepository } from '../repository/open-repository.ts';
import { target } from './stage.ts';

const [directory = '', keysDirectory = '', time = '', publisher = '', type = '', first = '', count = ''] =
  process.argv.slice(2);
const repository = openRepository({ directory, keysDirectory, now: () => new Date(Number(time)) });
process.stdout.write('begun\n');
for (let i = 0; i < Number(count); i += 1) {
  const version = `1.${Number(first) + i}`;
  await repository.addTarget(target(publisher, type, version));
  process.stdout.write(`${version}\n`);
}

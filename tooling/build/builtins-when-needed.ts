/**
 * Node's own modules are loaded by the part of a bundle that needs them, when it is first entered. Left to the bundler, all of
 * them are required at the top of the file: then the process that unpacks loads TLS and SQLite, which is half of its start and
 * a fifth of its memory.
 */
import { isBuiltin } from 'node:module';
import type { Plugin } from 'rolldown';

const prefix = '\0when-needed:';

/** Puts each of them behind a CommonJS module of its own: those are entered by whoever imports them, not by the file. */
export function builtinsWhenNeeded(): Plugin {
  return {
    name: 'builtins-when-needed',
    resolveId(source, importer) {
      if (!isBuiltin(source) || importer?.startsWith(prefix) === true) return null;
      return `${prefix}${source.startsWith('node:') ? source : `node:${source}`}`;
    },
    load(id) {
      if (!id.startsWith(prefix)) return null;
      return { code: `module.exports = require(${JSON.stringify(id.slice(prefix.length))});`, moduleType: 'js' };
    },
  };
}

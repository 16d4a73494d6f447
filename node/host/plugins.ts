// The protocols of plug-ins in a node process. The lab has checked these modules before it started the node; what fails here
// fails because this process is another one. What they throw later ends the process, as a mistake of the plug-in.
import { pathToFileURL } from 'node:url';
import type { AnyProtocol } from '../contract.ts';
import { guardedProtocol } from '../guard.ts';
import { EXIT, Failure, placeOf } from './failure.ts';

type PluginModule = { readonly default?: { readonly protocols?: readonly AnyProtocol[] } };

/** `files`: absolute paths. Throws a Failure that names the file. */
export async function loadProtocols(files: readonly string[], node: string): Promise<readonly AnyProtocol[]> {
  const protocols: AnyProtocol[] = [];
  for (const file of files) {
    try {
      const module = await import(pathToFileURL(file).href) as PluginModule;
      for (const protocol of module.default?.protocols ?? []) {
        protocols.push(guardedProtocol(protocol, (member, error) => (error instanceof Failure ? error : new Failure(
          EXIT.badInput, `${node}: the plug-in ${file}: protocol ${protocol.name}: ${member}() fails: ${firstLine(error)}${placeOf(error)}`, error))));
      }
    } catch (error) {
      throw new Failure(EXIT.badInput, `the plug-in ${file} cannot be loaded in this process: ${firstLine(error)}; it must load in any process on this machine`, error);
    }
  }
  return protocols;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

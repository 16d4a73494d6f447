// The protocols of plug-ins in a node process. The lab has checked these modules before it started the node; what fails here
// fails because this process is another one.
import { pathToFileURL } from 'node:url';
import type { AnyProtocol } from '../contract.ts';
import { EXIT, Failure } from './failure.ts';

type PluginModule = { readonly default?: { readonly protocols?: readonly AnyProtocol[] } };

/** `files`: absolute paths. Throws a Failure that names the file. */
export async function loadProtocols(files: readonly string[]): Promise<readonly AnyProtocol[]> {
  const protocols: AnyProtocol[] = [];
  for (const file of files) {
    try {
      const module = await import(pathToFileURL(file).href) as PluginModule;
      protocols.push(...module.default?.protocols ?? []);
    } catch (error) {
      const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
      throw new Failure(EXIT.badInput, `the plug-in ${file} cannot be loaded in this process: ${message}; it must load in any process on this machine`, error);
    }
  }
  return protocols;
}

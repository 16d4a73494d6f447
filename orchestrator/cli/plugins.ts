// Loads the modules of --plugin and makes one registry of them and the built-ins. A plug-in is a stranger's code: whatever
// is wrong with it is said in one line with its file and the remedy, before anything runs.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BUILTINS, createRegistry, type Registry } from '../builtins.ts';
import { LabError } from '../errors.ts';
import type { Plugin } from '../kinds.ts';
import { checkPlugin } from '../plugin.ts';
import './own-name.ts';
import { guardedPlugin } from './plugin-guard.ts';
import { files as filesSink } from './sinks/files.ts';
import { influx } from './sinks/influx.ts';
import { modulePath, PACKAGE_ROOT } from './tree.ts';

export type PluginModule = { readonly path: string; readonly sha256: string };

export type Plugins = {
  /** Absolute paths, for the processes that load them too. */
  readonly files: readonly string[];
  /** Each of them as it was given, and what it held: for the record. What it imports is not in it. */
  readonly modules: readonly PluginModule[];
  /** The built-ins and all of them. */
  readonly registry: Registry;
};

const OWN: Plugin = { ...BUILTINS, sinks: [filesSink, influx] };
const OWN_NAME = new URL(`own-name${extname(import.meta.url)}`, import.meta.url).href;
const KINDS = ['protocols', 'workloads', 'faults', 'checks', 'sinks', 'commands'] as const;

/** What a node process imports: as the lab does, it must know its own name before it meets a plug-in. */
export function nodeModules(files: readonly string[]): readonly string[] {
  return files.length === 0 ? [] : [modulePath('orchestrator/cli/own-name.ts'), ...files];
}

/** `paths`: as given, relative to the working folder. */
export async function loadPlugins(paths: readonly string[]): Promise<Plugins> {
  const files = paths.map((path) => resolve(path));
  const loaded: { readonly path: string; readonly plugin: Plugin; readonly sha256: string }[] = [];
  for (const [index, path] of paths.entries()) {
    if (files.indexOf(files[index] ?? '') < index) continue;
    const plugin = checkPlugin(await importDefault(path), path);
    for (const kind of KINDS) {
      for (const [index, { name }] of (plugin[kind] ?? []).entries()) {
        const here = (plugin[kind] ?? []).findIndex((item) => item.name === name);
        const other = here < index ? path : loaded.find((before) => before.plugin[kind]?.some((item) => item.name === name))?.path;
        const taken = OWN[kind]?.some((item) => item.name === name) === true ? 'the lab' : other;
        if (taken !== undefined) throw new LabError('bad-plugin', `${path}: ${kind}.${index}.name: ${JSON.stringify(name)} is taken by ${taken}`, 'give it another name');
      }
    }
    loaded.push({ path, plugin, sha256: createHash('sha256').update(readFileSync(resolve(path))).digest('hex') });
  }
  return { files: [...new Set(files)], modules: loaded.map(({ path, sha256 }) => ({ path, sha256 })), registry: createRegistry([OWN, ...loaded.map(({ path, plugin }) => guardedPlugin(plugin, path, placeOf))]) };
}

async function importDefault(path: string): Promise<unknown> {
  const file = resolve(path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new LabError('bad-plugin', `${path}: there is no such file`, 'give the path of a module, such as --plugin ./mine.ts');
  }
  refuseCommonJs(path, file);
  try {
    const module = await import(pathToFileURL(file).href) as { readonly default?: unknown };
    return module.default;
  } catch (error) {
    throw importError(path, file, error);
  }
}

/** `npm init -y` writes "type": "commonjs", and Node then takes `import` in a .ts file for a mistake. */
function refuseCommonJs(path: string, file: string): void {
  if (!['.ts', '.js'].includes(extname(file))) return;
  const found = nearestPackage(dirname(file));
  if (found?.type !== 'commonjs') return;
  throw new LabError('bad-plugin', `${path}: it is no ES module, because ${shortened(found.file)} says "type": "commonjs"`,
    `run: npm pkg set type=module${dirname(found.file) === process.cwd() ? '' : ` (in ${dirname(found.file)})`}, or rename it to end in .m${extname(file).slice(1)}`);
}

/** The package.json that says how Node reads the files of this folder. */
export function nearestPackage(folder: string): { readonly file: string; readonly type: unknown } | null {
  const file = join(folder, 'package.json');
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) {
    try {
      return { file, type: (JSON.parse(readFileSync(file, 'utf8')) as { readonly type?: unknown }).type };
    } catch {
      // Node says what is wrong with it.
      return null;
    }
  }
  return dirname(folder) === folder ? null : nearestPackage(dirname(folder));
}

function shortened(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}

/** Node's refusal in one line, and what to do about it. */
function importError(path: string, file: string, error: unknown): LabError {
  const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const at = placeOf(error);
  const refuse = (what: string, remedy: string) => new LabError('bad-plugin', `${path}: ${what}${at === null ? '' : ` (${at})`}`, remedy, error);
  if (code === 'ERR_MODULE_NOT_FOUND') {
    const [, name] = /Cannot find package '([^']+)'/.exec(message) ?? [];
    if (name === undefined) return refuse(message.replaceAll(`${dirname(file)}/`, './'), 'give the path with its ending: import … from \'./other.ts\'');
    return refuse(`it imports the package ${name}, which is not installed there`, `run in its folder: npm install ${name === 'consensus-lab' ? PACKAGE_ROOT : name}`);
  }
  if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' && message.includes(PACKAGE_ROOT)) {
    const [, name = ''] = /'\.\/([^']+)'/.exec(message) ?? [];
    return refuse(`the lab offers no consensus-lab/${name}`, `it offers: ${offered().join(', ')}`);
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return refuse(message, 'Node only strips types: write no enum, namespace or parameter property (erasableSyntaxOnly in tsconfig.json finds them)');
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') return refuse('Node strips no types under node_modules', 'move it out of node_modules, or compile it to JavaScript');
  if (/outside a module|Unexpected token 'export'/.test(message)) return refuse('a file that it imports is no ES module', 'set "type": "module" in the package.json beside that file');
  if (/does not provide an export named/.test(message)) return refuse(message, 'if that is a type, write import type { … }');
  if (error instanceof SyntaxError) return refuse(`it cannot be read: ${message}`, at === null ? `node --check ${shortened(file)} shows where` : 'correct it at this place');
  return refuse(`it throws at import: ${message}`, `node ${shortened(file)} shows where`);
}

/** What a plug-in may import of the lab. */
function offered(): readonly string[] {
  const { name, exports } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { readonly name: string; readonly exports: object };
  return Object.keys(exports).filter((path) => !path.endsWith('.json')).map((path) => name + path.slice(1));
}

/** FILE:LINE of the first place that is neither Node's nor the resolver's. */
function placeOf(error: unknown): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const [, file, line] = [...stack.matchAll(/(file:\/\/\/[^\s:()]+):(\d+)/g)].find(([, file]) => file !== OWN_NAME) ?? [];
  return file === undefined ? null : `${shortened(fileURLToPath(file))}:${line}`;
}

// The build context of the nodes' image: the modules that a node and the load generator import, followed from import to import,
// and the packages they need. Nothing else of the checkout gets in, and the same files give the same bytes.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { LabError } from '../../errors.ts';
import { modulePath, PACKAGE_ROOT } from '../tree.ts';
import { type TarEntry, writeTar } from './tar.ts';

export type Context = { readonly archive: Buffer; readonly hash: string; readonly files: readonly string[] };

/** They run; own-name is what plug-ins import first. */
const COMPOSE = 'node/host/compose.ts';
const ENTRIES = ['node/host/main.ts', COMPOSE, 'orchestrator/cli/load.ts', 'orchestrator/cli/own-name.ts'];
const PROGRAMS = ENTRIES.slice(0, 3);
const INSIDE = 'lab';
const CODE = /(?<!\.test)\.(js|cjs|mjs|json|wasm)$/;
/** Folders of a package that nobody imports from. */
const ASIDE = /^(node_modules|tests?|benchmarks?|docs|examples?|\..*)$/;
const HASH_CHARACTERS = 12;
/** A module that a thread is started on. */
const STARTED = /\bmodulePath\('([^']+)'\)/g;
const IMPORT = /^(?:import|export)(?!\s+type\b)(?:[^'";]*?\bfrom)?\s*'([^']+)'|\bimport\('([^']+)'\)/gm;

/** started: those of the modules that run by themselves. */
type Imports = { readonly modules: ReadonlySet<string>; readonly started: ReadonlySet<string>; readonly packages: ReadonlyMap<string, string> };

export function importsOf(source: string): readonly string[] {
  return [...source.matchAll(IMPORT)].map(([, stated, dynamic]) => stated ?? dynamic ?? '').filter((name) => !name.startsWith('node:'));
}

/** Of all these and what they import; of each package one module that imports it. */
function follow(entries: readonly string[]): Imports {
  const modules = new Set<string>();
  const started = new Set(PROGRAMS.map((program) => modulePath(program)));
  const packages = new Map<string, string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (modules.has(file)) continue;
    modules.add(file);
    if (file.endsWith('.json')) continue;
    const source = readFileSync(file, 'utf8');
    for (const [, module = ''] of source.matchAll(STARTED)) {
      started.add(modulePath(module));
      waiting.push(modulePath(module));
    }
    for (const name of importsOf(source)) {
      if (name.startsWith('.')) waiting.push(resolve(dirname(file), name));
      else packages.set(packageOf(name), file);
    }
  }
  return { modules, started, packages };
}

/** '@noble/hashes/sha2.js' is of '@noble/hashes'. */
function packageOf(name: string): string {
  return name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/');
}

/** What a plug-in may import of the lab. */
function offered(): readonly string[] {
  const { exports } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { readonly exports: { readonly [name: string]: { readonly checkout?: string } | string } };
  return Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : target.checkout ?? [])).flatMap((target) => {
    if (!target.includes('*')) return [modulePath(target)];
    const folder = dirname(modulePath(target));
    return readdirSync(folder).filter((name) => /\.(ts|js)$/.test(name) && !/\.(test|d)\.ts$/.test(name)).map((name) => join(folder, name));
  });
}

type Package = { readonly folder: string; readonly inside: string };

/** As Node looks for it from a folder. */
function findPackage(name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (dirname(folder) === folder) throw new LabError('machine-lacks', `the package ${name}, which the nodes' image needs, is not installed`, 'run npm ci');
  }
}

/** With what they depend on. One below another's folder stays there, the others are side by side. */
function packagesOf(wanted: ReadonlyMap<string, string>): readonly Package[] {
  const found = new Map<string, Package>();
  const add = (name: string, from: string, above: Package | null): void => {
    const folder = findPackage(name, from);
    if (found.has(folder)) return;
    const nested = above !== null && folder.startsWith(above.folder + sep);
    const added: Package = { folder, inside: `${nested ? `${above.inside}/` : ''}node_modules/${name}` };
    found.set(folder, added);
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly dependencies?: object };
    for (const dependency of Object.keys(dependencies)) add(dependency, folder, added);
  };
  for (const [name, file] of wanted) add(name, dirname(file), null);
  return [...found.values()];
}

function codeOf(folder: string, below = ''): readonly string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return ASIDE.test(entry.name) ? [] : codeOf(folder, path);
    return CODE.test(entry.name) ? [path] : [];
  });
}

function inside(file: string): string {
  return relative(PACKAGE_ROOT, file).split(sep).join('/');
}

/** Reads it all. Throws a LabError when a package is missing. */
export function readContext(): Context {
  const { modules, started, packages } = follow([...ENTRIES.map((entry) => modulePath(entry)), ...offered()]);
  const own = [...modules].map((file) => ({ path: `${INSIDE}/${inside(file)}`, file }));
  const foreign = packagesOf(packages).flatMap(({ folder, inside }) => codeOf(folder).map((path) => ({ path: `${INSIDE}/${inside}/${path}`, file: join(folder, path) })));
  // What runs by itself is not imported in the image's own check.
  const loadAll = [...modules].filter((file) => !started.has(file) && !file.endsWith('.json')).map((file) => `import './${inside(file)}';\n`).sort().join('');
  const entries: readonly TarEntry[] = [
    ...[...own, ...foreign, { path: `${INSIDE}/package.json`, file: join(PACKAGE_ROOT, 'package.json') }, { path: 'Dockerfile', file: join(PACKAGE_ROOT, 'node/host/Dockerfile') }]
      .map(({ path, file }) => ({ path, bytes: readFileSync(file) })),
    { path: `${INSIDE}/load-all.mjs`, bytes: Buffer.from(loadAll) },
    // What docker-compose.yml starts: the same in a checkout and in a package.
    { path: `${INSIDE}/compose.mjs`, bytes: Buffer.from(`import './${inside(modulePath(COMPOSE))}';\n`) },
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const archive = writeTar(entries);
  return { archive, hash: createHash('sha256').update(archive).digest('hex').slice(0, HASH_CHARACTERS), files: entries.map(({ path }) => path) };
}

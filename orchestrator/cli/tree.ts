// Where the lab itself lies. In a checkout its TypeScript runs as it is; an installed package holds the same tree as JavaScript
// under dist/, because Node.js strips no types under node_modules. Nothing else in the lab knows the difference.
import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);
/** Above orchestrator/cli: the checkout, or dist/ of the package. */
const modules = join(dirname(here), '../..');

/** The folder of package.json, experiments/ and the rest that is not code. */
export const PACKAGE_ROOT = existsSync(join(modules, 'package.json')) ? modules : dirname(modules);

/** The file of a module of the lab, named as in the checkout ('node/host/main.ts'): what a child process is started on. */
export function modulePath(module: string): string {
  return join(modules, module.replace(/\.ts$/, extname(here)));
}

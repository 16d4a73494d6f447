// `lab new protocol NAME`: the protocol of docs/write-a-protocol.md as a plug-in of its own. It conforms as it is.
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { assert } from '../../../node/assert.ts';
import { PROTOCOLS } from '../../../node/registry.ts';
import { LabError } from '../../errors.ts';
import { nearestPackage } from '../plugins.ts';
import { PACKAGE_ROOT } from '../tree.ts';
import type { Scaffold } from './scaffold.ts';

/** That no constant of the file may be called: words of the language, and what the file imports. */
const TAKEN = new Set(`await break case catch class const continue debugger default delete do else enum eval export extends false finally
for function if implements import in instanceof interface let new null package private protected public return static super switch this
throw true try typeof var void while with yield arguments protocol`.split(/\s/));

/** The example on the page for authors; a test keeps it equal to node/protocols/toy.ts. */
function example(): string {
  const page = readFileSync(join(PACKAGE_ROOT, 'docs/write-a-protocol.md'), 'utf8');
  const [, code] = /<!-- node\/protocols\/toy\.ts -->\n```ts\n([\s\S]*?)```\n/.exec(page) ?? [];
  assert(code !== undefined, 'docs/write-a-protocol.md shows a protocol');
  return code;
}

function text(name: string): string {
  if (PROTOCOLS.some((protocol) => protocol.name === name)) throw new LabError('bad-command-line', `the lab has a protocol called ${JSON.stringify(name)}`, 'choose another name');
  const camel = name.replace(/^\d/, 'p$&').replaceAll(/-+(.?)/g, (_, letter: string) => letter.toUpperCase());
  const constant = TAKEN.has(camel) ? `${camel}Protocol` : camel;
  const machine = `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Node`;
  const code = example()
    .replace(/^\/\/ The example of .*$/m, `// A plug-in: lab run ${name} --plugin ./${name}.ts`)
    .replaceAll(/'(?:\.\.\/)+(contract|kit\/[\w-]+)\.ts'/g, '\'consensus-lab/$1\'')
    .replaceAll(/\bToy\b/g, machine)
    .replace(/export const toy = /, `const ${constant} = `)
    .replace(/name: 'toy'/, `name: '${name}'`)
    .replace(/summary: '[^']*'/, 'summary: \'a log with a fixed leader\'');
  const imports = code.lastIndexOf('import ');
  const after = code.indexOf('\n', imports) + 1;
  return `${code.slice(0, after)}import type { Plugin } from 'consensus-lab/kinds';\n${code.slice(after)}\nexport default { protocols: [${constant}] } satisfies Plugin;\n`;
}

export const protocol: Scaffold = {
  kind: 'protocol',
  summary: 'a protocol as a plug-in: one file that conforms, to be made into another',
  path: (name) => `${name}.ts`,
  text,
  next: (name, path) => {
    const given = path.startsWith('/') ? path : `./${path}`;
    return [
      ...nearestPackage(dirname(resolve(path)))?.type === 'commonjs' ? ['npm pkg set type=module        # or Node takes the file for CommonJS'] : [],
      `lab conform ${name} --plugin ${given}`,
      `lab run ${name} --plugin ${given}`,
      `lab run ${name} --plugin ${given} --on local`,
    ];
  },
};

// A process whose sources have a planted error: one text in one file is replaced as it is loaded, so that no switch ships.
// The text must be there exactly once, else the process fails. Prints the scenarios of a protocol that no longer come out as recorded.
// Arguments: a protocol's name and {"file", "from", "to"} as JSON.
import { globSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';

const [name = '', json = '{}'] = process.argv.slice(2);
const { file, from, to } = JSON.parse(json) as { file: string; from: string; to: string };

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(file)) return loaded;
    const { source } = loaded;
    const pieces = (typeof source === 'string' ? source : new TextDecoder().decode(source)).split(from);
    if (pieces.length !== 2) throw new Error(`the text to replace occurs ${pieces.length - 1} times in ${file}`);
    return { ...loaded, source: pieces.join(to) };
  },
});

const { PROTOCOLS } = await import('../node/registry.ts');
const { runScenario } = await import('./scenario.ts');
const protocol = PROTOCOLS.find((item) => item.name === name);
if (protocol === undefined) throw new Error(`no protocol ${name}`);
const folder = join(import.meta.dirname, '../node/protocols/scenarios', name);
const differing = globSync('**/*.txt', { cwd: folder }).sort().filter((scenario) => {
  const recorded = readFileSync(join(folder, scenario), 'utf8');
  try {
    return runScenario(protocol, recorded) !== recorded;
  } catch {
    return true;
  }
});
console.log(JSON.stringify(differing));

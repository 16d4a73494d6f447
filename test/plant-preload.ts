// Preloaded (NODE_OPTIONS=--import) into the lab and the processes that it starts: texts of the sources are replaced as they are
// loaded, so that no switch ships. Each text must be there exactly once, else the process fails.
// LAB_PLANT: [{"file", "from", "to"}] as JSON.
import { registerHooks } from 'node:module';

type Plant = { readonly file: string; readonly from: string; readonly to: string };

const plants = JSON.parse(process.env['LAB_PLANT'] ?? '[]') as readonly Plant[];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const here = plants.filter(({ file }) => url.endsWith(file));
    if (here.length === 0) return loaded;
    let text = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
    for (const { file, from, to } of here) {
      const pieces = text.split(from);
      if (pieces.length !== 2) throw new Error(`the text to replace occurs ${pieces.length - 1} times in ${file}`);
      text = pieces.join(to);
    }
    return { ...loaded, source: text };
  },
});

// Importing this makes `consensus-lab/…` mean the lab that runs, wherever the importing file lies: a plug-in needs no
// installation to run, and never meets a second copy of the contract. An installed package would resolve the same names by
// the `exports` of package.json, which say what a plug-in may import; in a checkout they stand for the sources.
import { registerHooks } from 'node:module';

const OWN = 'consensus-lab/';
const conditions = import.meta.url.endsWith('.ts') ? ['checkout'] : [];

registerHooks({
  resolve: (specifier, context, next) => {
    if (!specifier.startsWith(OWN)) return next(specifier, context);
    return next(specifier, { ...context, conditions: [...context.conditions, ...conditions], parentURL: import.meta.url });
  },
});

// What became of the mutants of one protocol, as a table of those that live and as sums of the others.
import { cell } from '../planted-page.ts';
import { type Fate, KILLERS } from './kill.ts';
import type { Mutant } from './mutate.ts';
import { explanationOf } from './survivors.ts';

/** killers: so many of KILLERS have tried. */
export type Tried = { readonly mutant: Mutant; readonly fate: Fate; readonly killers: number };

/** Spread evenly over all. */
export function sampleOf(all: readonly Mutant[], most: number): readonly Mutant[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, index) => all[Math.floor((index * all.length) / most)] as Mutant);
}

export function verdictOf(tried: readonly Tried[]): { readonly killed: number; readonly unexplained: number } {
  const alive = tried.filter(({ fate }) => fate.killer === null);
  return { killed: tried.length - alive.length, unexplained: alive.filter(({ mutant }) => explanationOf(mutant) === null).length };
}

const short = (text: string) => {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= 100 ? line : `${line.slice(0, 97)}…`;
};

export function inWords({ mutant, fate }: Omit<Tried, 'killers'>): string {
  const change = mutant.kind === 'guard dropped' || mutant.kind === 'persist deleted' ? short(mutant.from) : `${short(mutant.from)} → ${short(mutant.to)}`;
  return `${mutant.file.replace('/node/protocols/', '')}:${mutant.line} ${mutant.kind}: ${change}: ${fate.killer === null ? 'lives' : `${fate.killer}: ${short(fate.how)}`}`;
}

function sums(tried: readonly Tried[]): readonly string[] {
  const kinds = [...new Set(tried.map(({ mutant }) => mutant.kind))].sort();
  const killers = [...new Set(tried.map(({ fate }) => fate.killer))].filter((killer) => killer !== null).sort();
  const number = (kind: Mutant['kind'], killer: Fate['killer']) => tried.filter(({ mutant, fate }) => mutant.kind === kind && fate.killer === killer).length;
  return [
    `| mutants | tried | ${killers.join(' | ')} | alive |`, `|---|---|${killers.map(() => '---|').join('')}---|`,
    ...kinds.map((kind) => `| ${kind} | ${tried.filter(({ mutant }) => mutant.kind === kind).length} | ${[...killers, null].map((killer) => number(kind, killer)).join(' | ')} |`),
  ];
}

/** Of a table that is made before all is tried. */
function missingKillers(alive: readonly Tried[]): string {
  return KILLERS.map(({ name }, index) => ({ name, count: alive.filter(({ killers }) => killers <= index).length }))
    .map(({ name, count }) => (count === 0 ? '' : ` Not yet tried on ${count} that live: ${name}.`)).join('');
}

/** all: of the protocol, tried or not. */
export function tableOf(tried: readonly Tried[], all: number): readonly string[] {
  const { killed } = verdictOf(tried);
  const alive = tried.filter(({ fate }) => fate.killer === null);
  const part = tried.length === all ? `all ${all} mutants` : `a sample of ${tried.length} of ${all} mutants`;
  return [
    `Tried: ${part}; killed: ${killed} (${((100 * killed) / tried.length).toFixed(1)} %).${missingKillers(alive)}`, '', ...sums(tried), '',
    ...(alive.length === 0 ? [] : ['| alive | line | change | why |', '|---|---|---|---|']),
    ...alive.map(({ mutant }) => {
      const { file, code, from, to, kind } = mutant;
      const change = kind === 'guard dropped' || kind === 'persist deleted' ? kind : `${kind}: \`${short(from)}\` → \`${short(to)}\``;
      return `| ${[file.replace('/node/protocols/', ''), `\`${short(code)}\``, change, explanationOf(mutant) ?? 'not explained yet'].map(cell).join(' | ')} |`;
    }),
  ];
}

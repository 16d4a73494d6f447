// Makes a failing case small: parts of it are left out or made plain, and what still violates the same check is kept. Greedy,
// in passes from coarse to fine, until a pass changes nothing or the runs are used up.
import type { HuntCase, HuntFault } from './case.ts';
import type { Hunted } from './run.ts';

type Run = (hunted: HuntCase) => Promise<Hunted>;

/** Time kept behind what was seen to go wrong. */
const MARGIN_MS = 200;

class Shrinker {
  readonly #check: string;
  readonly #run: Run;
  readonly #maxRuns: number;
  best: Hunted;
  runs = 1;

  constructor(first: Hunted, check: string, run: Run, maxRuns: number) {
    this.best = first;
    this.#check = check;
    this.#run = run;
    this.#maxRuns = maxRuns;
  }

  get isSpent(): boolean {
    return this.runs >= this.#maxRuns;
  }

  /** Keeps the candidate if the check is still violated. What cannot be run is not kept. */
  async keeps(candidate: HuntCase): Promise<boolean> {
    if (this.isSpent) return false;
    this.runs++;
    const hunted = await this.#run(candidate).catch(() => null);
    if (hunted === null || !hunted.violations.some(({ check }) => check === this.#check)) return false;
    this.best = hunted;
    return true;
  }

  /** Leaves out halves of the list, then quarters, down to single ones. */
  async thin(list: (hunted: HuntCase) => readonly HuntFault[], withList: (hunted: HuntCase, items: HuntFault[]) => HuntCase): Promise<boolean> {
    let changed = false;
    for (let size = Math.ceil(list(this.best.hunted).length / 2); size >= 1 && !this.isSpent; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < list(this.best.hunted).length && !this.isSpent;) {
        const items = list(this.best.hunted);
        if (await this.keeps(withList(this.best.hunted, [...items.slice(0, from), ...items.slice(from + size)]))) changed = true;
        else from += size;
      }
    }
    return changed;
  }
}

/** The last node is gone, and whatever names it. */
function withoutLastNode(hunted: HuntCase): HuntCase | null {
  const { nodes, spares, placesMs, clocks, faults } = hunted;
  if (nodes <= 1) return null;
  // Spares come after the members: taking one away renames them, so it is done only where there are none.
  if (spares > 0) return { ...hunted, spares: spares - 1, placesMs: placesMs.slice(0, -1), clocks: clocks.slice(0, -1), faults: faults.filter((fault) => !names(fault, `n${nodes + spares}`)) };
  return { ...hunted, nodes: nodes - 1, placesMs: placesMs.slice(0, -1), clocks: clocks.slice(0, -1), faults: faults.map((fault) => withoutName(fault, `n${nodes}`)).filter((fault) => fault !== null) };
}

function names({ params, aim }: HuntFault, node: string): boolean {
  return aim?.node === node || Object.values(params).some((value) => typeof value === 'string' && value.split(/[\s,]+/).includes(node));
}

/** The fault among the others; null: it was about this node alone. */
function withoutName(fault: HuntFault, node: string): HuntFault | null {
  if (!names(fault, node)) return fault;
  if (fault.aim?.node === node) return null;
  const params = Object.fromEntries(Object.entries(fault.params).map(([name, value]) => [name, typeof value === 'string' ? value.split(/\s+/).filter((word) => word !== node).join(' ') : value]));
  const lacksSide = Object.values(params).some((value) => typeof value === 'string' && /^$|^(\||->|-)|(\||->|-)$/.test(value.trim()));
  return lacksSide ? null : { ...fault, params };
}

/** Each makes a case plainer in one way. */
const PLAINER: readonly ((hunted: HuntCase) => HuntCase)[] = [
  (hunted) => ({ ...hunted, options: {} }),
  (hunted) => ({ ...hunted, clocks: hunted.clocks.map(() => ({ offsetMs: 0, driftPpm: 0, ntp: null })) }),
  (hunted) => ({ ...hunted, jitterMs: 0 }),
  (hunted) => ({ ...hunted, placesMs: hunted.placesMs.map(() => 5) }),
  (hunted) => ({ ...hunted, frameBytes: 1_400, maxMessageBytes: 60_000 }),
  (hunted) => ({ ...hunted, load: { ...hunted.load, workload: 'register', params: { keys: 1, reads: 30, cas: 20 } } }),
  (hunted) => ({ ...hunted, load: { ...hunted.load, ratePerSecond: Math.max(1, Math.round(hunted.load.ratePerSecond / 4)) } }),
  (hunted) => ({ ...hunted, load: { ...hunted.load, ratePerSecond: Math.max(1, Math.round(hunted.load.ratePerSecond / 2)) } }),
  (hunted) => ({ ...hunted, fsyncMs: 5 }),
  (hunted) => ({ ...hunted, writesAfterPower: false }),
];

/** So that it ends right behind what goes wrong; the phases keep their order. */
function shorter(hunted: HuntCase, toMs: number): HuntCase {
  const endMs = Math.min(hunted.endMs, Math.ceil(toMs));
  const powerMs = Math.min(hunted.powerMs, endMs - 1);
  return { ...hunted, endMs, powerMs, healMs: Math.min(hunted.healMs, powerMs - 1), faults: hunted.faults.filter(({ atMs }) => atMs < endMs) };
}

/** Liveness is judged at fixed times, so its case keeps them. */
async function shorten(shrinker: Shrinker, check: string): Promise<boolean> {
  if (check === 'liveness') return false;
  let changed = false;
  for (const share of [0.25, 0.5, 0.75, 0.9]) {
    const { endMs } = shrinker.best.hunted;
    if (endMs > 2_000 && await shrinker.keeps(shorter(shrinker.best.hunted, Math.max(1_000, endMs * share) + MARGIN_MS))) changed = true;
  }
  return changed;
}

/**
 * `check`: the one that must still be violated. Counts every run. The case is as it was where nothing can be left out; rejects
 * only where it does not fail at all.
 */
export async function shrink(hunted: HuntCase, check: string, maxRuns: number, run: Run): Promise<{ readonly hunted: Hunted; readonly runs: number }> {
  const first = await run(hunted);
  if (!first.violations.some((violation) => violation.check === check)) throw new Error(`the case of seed ${hunted.seed} does not violate ${check} when it is run again`);
  const shrinker = new Shrinker(first, check, run, maxRuns);
  for (let changed = true; changed && !shrinker.isSpent;) {
    changed = await shorten(shrinker, check);
    changed = await shrinker.thin(({ faults }) => faults, (now, faults) => ({ ...now, faults })) || changed;
    for (let smaller = withoutLastNode(shrinker.best.hunted); smaller !== null && await shrinker.keeps(smaller); smaller = withoutLastNode(shrinker.best.hunted)) changed = true;
    for (const plainer of PLAINER) {
      const candidate = plainer(shrinker.best.hunted);
      if (JSON.stringify(candidate) !== JSON.stringify(shrinker.best.hunted) && await shrinker.keeps(candidate)) changed = true;
    }
  }
  return { hunted: shrinker.best, runs: shrinker.runs };
}

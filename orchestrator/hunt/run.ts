// Runs a case in the simulator with every check on, and says what was violated.
import type { AnyProtocol, Claim, Json } from '../../node/contract.ts';
import type { Bytes } from '../../node/wire.ts';
import { BUILTINS, named } from '../builtins.ts';
import { HUNT_CHECKS } from '../checks/all.ts';
import { LabError } from '../errors.ts';
import type { Check, Fault, LabEvent, Plan, Verdict, Workload } from '../kinds.ts';
import { membersOf } from '../seats.ts';
import { createSimulator } from '../simulate.ts';
import { POWER_CYCLE, prepare } from './case.ts';
import type { HuntCase, Prepared } from './case.ts';
import { drawCase, PERIODS_TO_RECOVER } from './draw.ts';
import { Liveness } from './liveness.ts';

const ALL_CLAIMS: readonly Claim[] = ['agreement', 'validity', 'linearizability', 'durability', 'one-leader-per-epoch'];

export type Sighting = {
  /** Of a check, or 'assertion': the protocol broke the contract, or the lab its own. */
  readonly check: string;
  readonly because: string;
  readonly witness?: Json;
};

export type Hunted = {
  readonly hunted: HuntCase;
  /** Of what the protocol claims, and of what every run must keep. */
  readonly violations: readonly Sighting[];
  /** Of what it does not claim. */
  readonly findings: readonly Sighting[];
  /** Checks that could not decide, and why. */
  readonly undecided: readonly Sighting[];
  /** Faults that happened, by kind. */
  readonly faults: { readonly [name: string]: number };
  readonly events: number;
  readonly commits: number;
  readonly simulatedMs: number;
};

export type Nouns = { readonly faults: readonly Fault[]; readonly workloads: readonly Workload[]; readonly checks?: readonly Check[] };
const OWN: Nouns = BUILTINS;

/** What is wrong with the options as they stand; the message has the option and the remedy. */
export function refuseProblems({ problems }: Prepared, place: string): void {
  const error = problems.find(({ level }) => level === 'error');
  if (error !== undefined) throw new LabError('bad-command-line', `${place}: ${error.option === '' ? '' : `${error.option} `}${error.message}`, 'correct it with --set');
}

/** Draws the case of this seed and runs it. `options`: over the protocol's defaults. */
export function huntCase(bytes: Bytes, protocol: AnyProtocol, options: HuntCase['options'], seed: string, nouns: Nouns = OWN): Promise<Hunted> {
  return runCase(bytes, protocol, drawCase(protocol, options, seed, nouns.faults), { nouns });
}

/** As the totals call it; null: a phase, and no fault. */
function kindOf({ faults }: HuntCase, index: number, name: string): string | null {
  const fault = faults[index];
  if (fault?.name !== name) return name === POWER_CYCLE ? name : null;
  const disk = fault.params['disk'];
  return `${fault.aim === undefined ? '' : 'aimed '}${name}${typeof disk === 'string' ? `, ${disk}` : ''}`;
}

type Watch = { readonly nouns?: Nouns; readonly see?: (event: LabEvent, plan: Plan) => void; readonly detail?: Plan['detail'] };

export async function runCase(bytes: Bytes, protocol: AnyProtocol, hunted: HuntCase, { nouns = OWN, see, detail = 'totals' }: Watch = {}): Promise<Hunted> {
  const prepared = prepare(protocol, hunted, nouns.faults);
  refuseProblems(prepared, protocol.name);
  const plan: Plan = { ...prepared.plan, detail };
  const workload = named(nouns.workloads, plan.load.workload, 'workload');
  const checks = HUNT_CHECKS.map((check) => check.begin(plan, workload.model));
  const liveness = new Liveness({
    ...hunted, timeoutMs: hunted.load.timeoutMs, restartable: protocol.restartable !== false,
    boundMs: PERIODS_TO_RECOVER * prepared.periodMs + 2 * hunted.load.retryMs,
  }, membersOf(plan));
  const faults: { [name: string]: number } = {};
  let events = 0;
  let commits = 0;
  let nowMs = 0;
  const emit = (event: LabEvent) => {
    events++;
    nowMs = Math.max(nowMs, event.atMs);
    for (const check of checks) check.observe(event);
    liveness.observe(event);
    if (event.type === 'committed') commits++;
    else if (event.type === 'fault' && event.phase === 'begin') {
      const kind = kindOf(hunted, event.index, event.name);
      if (kind !== null) faults[kind] = (faults[kind] ?? 0) + 1;
    }
    see?.(event, plan);
  };
  const verdicts: Verdict[] = [];
  const broken: Sighting[] = [];
  try {
    const simulator = createSimulator(bytes, () => Promise.resolve(), { protocols: [protocol], workloads: nouns.workloads });
    await simulator.run(plan, { emit, stop: { requested: false }, folder: '', progress: () => undefined });
    verdicts.push(liveness.finish());
  } catch (error) {
    // A machine that breaks the contract is stopped: by an assertion, or by what it throws itself.
    broken.push({ check: 'assertion', because: error instanceof Error ? error.message.split('\n')[0] ?? '' : String(error) });
  }
  verdicts.push(...checks.map((check) => check.finish()));
  return {
    hunted, ...sorted(verdicts, protocol.claims?.(plan.options) ?? ALL_CLAIMS, broken), faults, events, commits, simulatedMs: nowMs,
  };
}

function sorted(verdicts: readonly Verdict[], claims: readonly Claim[], broken: readonly Sighting[]): Pick<Hunted, 'violations' | 'findings' | 'undecided'> {
  const words = (all: readonly Verdict[]): readonly Sighting[] => all.map(({ check, because, witness }) => ({ check, because, ...(witness === undefined ? {} : { witness }) }));
  // Who does not claim agreement need not go on either.
  const claimed = ({ claim, check }: Verdict) => (claim === null ? check !== 'liveness' || claims.includes('agreement') : claims.includes(claim));
  const violated = verdicts.filter(({ valid }) => valid === false);
  return {
    violations: [...broken, ...words(violated.filter(claimed))], findings: words(violated.filter((verdict) => !claimed(verdict))),
    undecided: words(verdicts.filter(({ valid }) => valid === 'unknown')),
  };
}

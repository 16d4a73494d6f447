// The sentence on top: what happened, in plain words and from the data alone. With a fault: how long each stopped committing,
// or how many rounds it lost; without: how fast each answered. Then whether what was claimed held.
import { doubtsOf } from '../doubts.ts';
import { isViolation } from '../../judge.ts';
import type { Outage, Plan } from '../../kinds.ts';
import { html, type Html } from './html.ts';
import type { RunGroup } from './run-group.ts';
import { formatNumber } from './scale.ts';

/** A gap that is shorter than this times the steady one is no outage. */
const NOTICEABLE = 1.5;
const ENOUGH_LABELS = 4;

export function headline(groups: readonly RunGroup[]): Html {
  const labels = [...new Set(groups.map(({ label }) => label))];
  const clauses = labels.slice(0, ENOUGH_LABELS).map((label) => groups.filter((group) => group.label === label));
  const causes = clauses.flat().map(causeOf);
  const common = causes.every((cause) => cause !== null && cause === causes[0]) ? causes[0] ?? null : null;
  const sentences = clauses.map((some) => clauseOf(some, common === null));
  const rest = labels.length > ENOUGH_LABELS ? ` ${labels.length - ENOUGH_LABELS} more below.` : '';
  return html`${common === null ? null : `${common.charAt(0).toUpperCase()}${common.slice(1)}, `}${sentences.map((clause, index) => html`${index === 0 ? null : '; '}${clause}`)}.${rest}`;
}

/** Where several runners ran it, the first one's figure, and the others' behind it. */
function clauseOf(groups: readonly RunGroup[], withCause: boolean): Html {
  const [first, ...others] = groups as [RunGroup, ...RunGroup[]];
  const cause = withCause ? causeOf(first) : null;
  const verb = verbOf(first);
  const elsewhere = others.filter((group) => verbOf(group) === verb).map((group) => `${figureOf(group)} on ${group.runner}`);
  const middle = first.runs.length > 1 && kindOf(first) !== 'void' ? ` in the middle one of ${first.runs.length} runs` : '';
  const where = elsewhere.length > 0 ? ` (${elsewhere.join(', ')})` : '';
  return html`<strong>${first.label}</strong> ${verb} ${figureOf(first)}${middle}${where}${cause === null ? null : ` ${cause}`}`;
}

type Kind = 'void' | 'rounds' | 'outage' | 'no outage' | 'latency' | 'nothing';

function kindOf({ runs, shown }: RunGroup): Kind {
  if (runs.some(({ summary }) => summary.verdicts.some(isViolation))) return 'void';
  if (shown.summary.outages.length === 0) return shown.summary.metrics['commit.p50']?.value === null ? 'nothing' : 'latency';
  if (shown.rounds !== null) return 'rounds';
  const { outageMs, steadyMs } = worst(shown.summary.outages);
  return outageMs < NOTICEABLE * (steadyMs ?? 0) ? 'no outage' : 'outage';
}

function verbOf(group: RunGroup): string {
  const words: { readonly [kind in Kind]: string } = {
    void: 'broke what it claims:', rounds: 'lost', outage: 'committed nothing for', 'no outage': 'kept committing, with no gap longer than', latency: 'answered half of all commands within', nothing: 'answered',
  };
  return words[kindOf(group)];
}

function figureOf(group: RunGroup): string {
  const { shown, runs } = group;
  switch (kindOf(group)) {
    case 'void':
      return [...new Set(runs.flatMap(({ summary }) => summary.verdicts.filter(isViolation).map(({ claim, check }) => claim ?? check)))].join(', ');
    case 'rounds':
      return `${shown.rounds?.lost === 0 ? 'none' : shown.rounds?.lost} of ${shown.rounds?.all} rounds`;
    case 'outage':
    case 'no outage':
      return `${shown.summary.metrics['outage']?.bound === '>' ? 'more than ' : ''}${milliseconds(worst(shown.summary.outages).outageMs)}`;
    case 'latency': {
      const optimum = shown.summary.metrics['optimum.p50']?.value ?? null;
      return `${milliseconds(shown.summary.metrics['commit.p50']?.value ?? 0)}${optimum === null ? '' : `, where ${milliseconds(optimum)} is the optimum`}`;
    }
    case 'nothing':
      return 'no command';
  }
}

function milliseconds(ms: number): string {
  return `${formatNumber(ms >= 10 ? Math.round(ms) : ms)} ms`;
}

function worst(outages: readonly Outage[]): Outage {
  return outages.reduce((most, each) => (each.outageMs > most.outageMs ? each : most));
}

/** 'when the leader crashed at 5.3 s', 'under 2 faults'; null without a fault, and where a violation is all there is to say. */
function causeOf(group: RunGroup): string | null {
  const { plan, outages } = group.shown.summary;
  if (outages.length === 0 || kindOf(group) === 'void') return null;
  // Of an outage the fault that it overlaps can be named; of lost rounds and of none it is all faults together.
  if (outages.length > 1 && kindOf(group) !== 'outage') return `under ${outages.length} faults`;
  const { fault, index, nodes, atMs } = worst(outages);
  const at = `at ${formatNumber((atMs - plan.warmupMs) / 1000)} s`;
  return `when ${whatHappened(plan, fault, index, nodes)} ${at}`;
}

const DONE: { readonly [action: string]: string } = { crash: 'crashed', pause: 'was paused', stop: 'was stopped', restart: 'was restarted' };

function whatHappened(plan: Plan, fault: string, index: number, nodes: readonly string[]): string {
  const begin = plan.schedule.find((entry) => entry.fault.index === index && entry.fault.phase === 'begin')?.action;
  const done = begin === undefined ? undefined : DONE[begin.type];
  if (begin === undefined || done === undefined || !('node' in begin)) return `the fault ${fault} began`;
  return `${begin.node === 'leader' ? 'the leader' : nodes.join(' and ')} ${done}`;
}

/** Whether the numbers can be trusted, in one sentence. */
export function trustLine(groups: readonly RunGroup[]): string {
  const summaries = groups.flatMap(({ runs }) => runs.map(({ summary }) => summary));
  const verdicts = summaries.flatMap((summary) => summary.verdicts);
  const violations = verdicts.filter(isViolation).length;
  const findings = verdicts.filter(({ finding }) => finding === true).length;
  const unknown = verdicts.filter(({ valid }) => valid === 'unknown').length;
  const invalid = summaries.filter((summary) => summary.invalid.length > 0).length;
  const doubtful = summaries.filter((summary) => doubtsOf(summary).length > 0).length;
  const parts = [
    violations > 0 ? `${counted(violations, 'claim')} violated: these figures are void` : verdicts.length > 0 ? 'Every claim held' : 'Nothing was checked',
    findings > 0 ? `${counted(findings, 'finding')} (violated, but not claimed)` : [],
    unknown > 0 ? `${unknown} undecided` : [],
    invalid > 0 ? `${counted(invalid, 'run')} invalid as a measurement` : [],
    doubtful > 0 ? `${counted(doubtful, 'run')} not fit as a baseline (below, under Safety)` : [],
    summaries.some(({ partial }) => partial) ? 'interrupted: figures cover a part' : [],
  ].flat();
  return `${parts.join('; ')}. ${counted(summaries.length, 'run')} of ${counted(groups.length, 'set-up')}.`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

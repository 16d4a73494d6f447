// What is compared with what: runs of several folders, or of one. Runs whose verdict is red, that are invalid or partial are left
// out and named; runs made under other conditions of measurement are refused, or compared with a warning when that is forced.
import { LabError } from '../errors.ts';
import { isViolation } from '../judge.ts';
import type { Plan, Summary } from '../kinds.ts';
import { MOST_RUNS } from './mann-whitney.ts';

/** node: the version of Node.js that it ran on. */
export type Entry = { readonly summary: Summary; readonly node: string; readonly folder: string };
/** name: of the folder, as the user gave it. */
export type Side = { readonly name: string; readonly entries: readonly Entry[] };
/** Runs that differ only in their seed. label: of the protocol, without the point of a sweep; point: that one, or ''. */
export type Subject = { readonly side: number; readonly label: string; readonly point: string; readonly entries: readonly Entry[] };
export type Pair = { readonly base: Subject; readonly other: Subject };

/** Why a run's figures are not to be used; null: they are. */
export function barOf({ summary }: Entry): string | null {
  const broken = summary.verdicts.filter(isViolation);
  if (broken.length > 0) return `it violates ${[...new Set(broken.map(({ claim, check }) => claim ?? check))].join(', ')}`;
  if (summary.invalid.length > 0) return `it is invalid: ${summary.invalid[0] ?? ''}`;
  if (summary.partial) return 'it was interrupted';
  return null;
}

/** Runs of one label and one point of a sweep; labels are the experiment's: raft, raft@scale=0.5. */
export function subjectsOf(sides: readonly Side[]): readonly Subject[] {
  return sides.flatMap(({ entries }, side) => {
    const groups = new Map<string, Entry[]>();
    for (const entry of entries) {
      const key = `${entry.summary.plan.label} ${entry.summary.plan.runner}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [entry]);
      else group.push(entry);
    }
    return [...groups.values()].map((of): Subject => {
      const { label } = (of[0] as Entry).summary.plan;
      const at = label.indexOf('@');
      return { side, label: at < 0 ? label : label.slice(0, at), point: at < 0 ? '' : label.slice(at + 1), entries: of };
    });
  });
}

/** Of several folders: the same label and point in the first and in each other one. Of one: each label with the first one at the same point. */
export function pairsOf(subjects: readonly Subject[], sides: readonly Side[]): readonly Pair[] {
  const many = subjects.find(({ entries }) => entries.length > MOST_RUNS / 2);
  if (many !== undefined) throw new LabError('bad-command-line', `${nameOf(many)} has ${many.entries.length} runs in one folder`, `compare at most ${MOST_RUNS / 2} on each side`);
  if (sides.length === 1) {
    return subjects.flatMap((other) => {
      const base = subjects.find(({ point }) => point === other.point);
      return base === undefined || base === other ? [] : [{ base, other }];
    });
  }
  const bases = subjects.filter(({ side }) => side === 0);
  const others = subjects.filter(({ side }) => side > 0);
  const pairs = others.flatMap((other) => bases.filter(({ label, point }) => label === other.label && point === other.point).slice(0, 1).map((base) => ({ base, other })));
  if (pairs.length > 0) return pairs;
  // One set-up in each folder, whatever it is called.
  if (bases.length === 1 && sides.every((_, side) => subjects.filter((subject) => subject.side === side).length <= 1)) return others.map((other) => ({ base: bases[0] as Subject, other }));
  const named = (side: number) => subjects.filter((subject) => subject.side === side).map(nameOf).join(', ') || 'nothing that counts';
  throw new LabError('bad-command-line', `nothing in common: ${sides.map(({ name }, side) => `${name} has ${named(side)}`).join('; ')}`, 'give folders of the same protocols, or of one each');
}

export function nameOf({ label, point }: Pick<Subject, 'label' | 'point'>): string {
  return point === '' ? label : `${label} at ${point}`;
}

const loopOf = ({ load: { ratePerSecond } }: Plan) => (ratePerSecond === null ? 'closed' : 'open');

/** What makes two measurements of different things, whatever they measured. */
export function obstaclesOf({ base, other }: Pair): readonly string[] {
  return obstaclesBetween(base.entries[0] as Entry, other.entries[0] as Entry);
}

/** The same of two runs. */
export function obstaclesBetween(left: Entry, right: Entry): readonly string[] {
  const [a, b] = [left.summary.plan, right.summary.plan];
  const pairs: readonly (readonly [what: string, left: string, right: string])[] = [
    ['runner', a.runner, b.runner], ['shaper', a.shaper, b.shaper], ['time', a.time ?? 'real', b.time ?? 'real'],
    // The simulator's figures do not depend on it.
    ['runtime', a.runner === 'sim' ? '' : left.node, b.runner === 'sim' ? '' : right.node], ['load', `${loopOf(a)} loop`, `${loopOf(b)} loop`],
  ];
  return pairs.filter(([, one, two]) => one !== two).map(([what, one, two]) => `${what} ${one} and ${two}`);
}

/** What else differs: it may be what the comparison is about. */
export function differencesOf({ base, other }: Pair): readonly string[] {
  const [a, b] = [(base.entries[0] as Entry).summary.plan, (other.entries[0] as Entry).summary.plan];
  const differs = (part: (plan: Plan) => unknown) => JSON.stringify(part(a)) !== JSON.stringify(part(b));
  const faults = (plan: Plan) => plan.schedule.map(({ fault, action }) => [fault.name, fault.index, action.type]);
  return [
    a.protocol !== b.protocol ? ['protocol'] : differs(({ options }) => options) ? ['options of the protocol'] : [],
    differs(({ nodes }) => nodes.map(({ region }) => region)) ? ['nodes'] : [],
    differs(({ links }) => links) ? ['network'] : [],
    differs(({ fsyncMs }) => fsyncMs) ? ['disk'] : [],
    differs(({ load }) => load) ? ['load'] : [],
    differs(faults) ? ['faults'] : [],
    differs(({ warmupMs, measureMs }) => [warmupMs, measureMs]) ? ['length of the run'] : [],
  ].flat();
}

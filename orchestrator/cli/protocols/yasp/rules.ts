// The seed document's three rules over the logs of all ranks, and the lines that its checker prints.
import type { RankLog } from './log-lines.ts';

export type Verdict = {
  /** Distinct slots that each rank committed. */
  readonly commits: readonly number[];
  /** Empty where a rule holds: what is wrong, the first only of each. */
  readonly problems: { readonly once: readonly string[]; readonly validity: readonly string[]; readonly safety: readonly string[] };
};

type Rank = { readonly rank: number; readonly commits: ReadonlyMap<number, string>; readonly maxSeq: number };

/** origin: the last slot that two ranks have in common is not compared, as the origin's loop leaves it out. */
export function judge(logs: readonly RankLog[], origin: boolean): Verdict {
  const once: string[] = [];
  const ranks = logs.map(({ rank, lines }): Rank => {
    const commits = new Map<number, string>();
    for (const { verb, key, seq } of lines) {
      if (verb !== 'commit') continue;
      if (commits.has(seq)) once.push(`node ${rank} committed ${seq} more than once`);
      commits.set(seq, key);
    }
    let maxSeq = -1;
    for (const seq of commits.keys()) maxSeq = Math.max(maxSeq, seq);
    return { rank, commits, maxSeq };
  });
  return { commits: ranks.map(({ commits }) => commits.size), problems: { once: once.slice(0, 1), validity: validity(logs, ranks), safety: safety(ranks, origin) } };
}

/** What is committed was proposed, and everybody commits something. */
function validity(logs: readonly RankLog[], ranks: readonly Rank[]): readonly string[] {
  const idle = ranks.find(({ commits }) => commits.size === 0);
  if (idle !== undefined) return [`node ${idle.rank} committed nothing`];
  const proposed = new Set(logs.flatMap(({ lines }) => lines.filter(({ verb }) => verb === 'generate').map(({ key }) => key)));
  for (const { commits } of ranks) for (const key of commits.values()) if (!proposed.has(key)) return [`commit ${key} has never been proposed!`];
  return [];
}

/** Any two ranks, up to the lesser of their last slots, have the same in each slot; a gap on one side is a difference. */
function safety(ranks: readonly Rank[], origin: boolean): readonly string[] {
  for (const [index, one] of ranks.entries()) {
    for (const other of ranks.slice(index + 1)) {
      const last = Math.min(one.maxSeq, other.maxSeq) - (origin ? 1 : 0);
      const slots = [...new Set([...one.commits.keys(), ...other.commits.keys()])].filter((seq) => seq <= last).sort((a, b) => a - b);
      const seq = slots.find((slot) => one.commits.get(slot) !== other.commits.get(slot));
      if (seq !== undefined) return [`node ${one.rank} has different commit with node ${other.rank} at position ${seq}, node ${one.rank} is ${one.commits.get(seq) ?? 'None'} while node ${other.rank} is ${other.commits.get(seq) ?? 'None'}`];
    }
  }
  return [];
}

export function holds({ problems }: Verdict): boolean {
  return problems.once.length + problems.validity.length + problems.safety.length === 0;
}

/** As the origin's checker prints it. A slot that was committed twice ends it there. */
export function summaryOf(verdict: Verdict): string {
  const { once, validity, safety } = verdict.problems;
  const rule = (problems: readonly string[]) => [...problems, problems.length === 0 ? 'pass' : 'not pass'];
  return `${[
    '----------begin to check------------',
    ...verdict.commits.map((count, rank) => `node ${rank} commits ${count} times`),
    ...once,
    '---------- check validity ------------', ...rule(validity),
    '---------- check safety --------------', ...rule(safety),
    '---------- end -----------------------',
  ].join('\n')}\n`;
}

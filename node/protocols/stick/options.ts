// When things happen in a STICK round: its options, what they must satisfy on a network, and what 'auto' makes of them.
//
//   0          P0 (slackMs)                P2 (countMs)               T (roundMs)
//   | Phase 0  | ProtoConsensus →  ← votes | Consensus →              |
import type { Facts, Json, NodeId, Problem } from '../../contract.ts';
import { fieldsOf } from '../../kit/shape.ts';

export type Delays = { readonly [from: NodeId]: { readonly [to: NodeId]: number } };
export type Variant = 'report' | 'ack' | 'literal';
const VARIANTS: readonly string[] = ['report', 'ack', 'literal'] satisfies readonly Variant[];

export type Options = {
  /** literal: as the document says, and it forks. report, ack: repaired, each in one round. */
  readonly variant: string;
  /** T. 'auto': 1,000, and for report and ack the shortest round that the plan's delays, clocks and disks allow. */
  readonly roundMs: 'auto' | number;
  /** P0, the length of Phase Zero: from here on the leader proposes. 'auto': a tenth of the round, or its bound where that is later. */
  readonly slackMs: 'auto' | number;
  /** P2, the start of Phase Two: here the leader counts. 'auto': seven tenths of the round, or its bound where that is later. */
  readonly countMs: 'auto' | number;
  /** clock: the leader counts at P2. event: as soon as a majority has voted (report and ack). */
  readonly phaseTwo: string;
  /** report: a leader that holds the ProtoConsensus of the round before waits for no reports. */
  readonly fastPath: boolean;
  /** A change of membership waits until it changes no leader of so many rounds to come; 0: it does not wait. */
  readonly keepLeaders: number;
  /** Entries of one consensus, encoded; never more than a message can hold. */
  readonly batchBytes: number;
  /** One-way, by which a node chooses the leader that a forward can still reach; 'auto': those of the plan's links. */
  readonly delaysMs: 'auto' | Delays;
};

export const DEFAULTS: Options = {
  variant: 'report', roundMs: 'auto', slackMs: 'auto', countMs: 'auto', phaseTwo: 'clock', fastPath: false, keepLeaders: 0, batchBytes: 49_152, delaysMs: 'auto',
};

export type Times = { readonly roundMs: number; readonly slackMs: number; readonly countMs: number };

const SEED_ROUND_MS = 1000;
/** Phase Zero and the start of Phase Two in the seed's round of 1,000 ms. */
const SHARES = { slack: 0.1, count: 0.7 };
/** What 'auto' adds to each part of a round, for processing and timers that fire late, beside two flushes for each that is waited for. */
const MARGIN_MS = 5;
const LEAST_BATCH_BYTES = 256;
/** The next rounds of which leaders are worked out for keepLeaders. */
const MOST_KEPT = 1000;

/** Also of what was never resolved. */
export function timesOf({ roundMs: given, slackMs, countMs }: Pick<Options, 'roundMs' | 'slackMs' | 'countMs'>): Times {
  const roundMs = given === 'auto' ? SEED_ROUND_MS : given;
  return { roundMs, slackMs: slackMs === 'auto' ? SHARES.slack * roundMs : slackMs, countMs: countMs === 'auto' ? SHARES.count * roundMs : countMs };
}

export function oneWayMs(facts: Facts, from: string, to: string): number {
  return from === to ? 0 : facts.oneWayMs[from]?.[to] ?? 0;
}

export function delayMs({ delaysMs }: Options, from: NodeId, to: NodeId): number {
  return delaysMs === 'auto' ? 0 : delaysMs[from]?.[to] ?? 0;
}

/** The longest delay that an option names; 0 where none was planned. */
export function longestDelayMs({ delaysMs }: Options): number {
  return delaysMs === 'auto' ? 0 : Math.max(0, ...Object.values(delaysMs).flatMap((row) => Object.values(row)));
}

function delaysOf(facts: Facts): Delays {
  // Spares too: they may be members one day.
  const ids = Object.keys(facts.oneWayMs).filter((place) => facts.members.includes(place) || /^n\d+$/.test(place));
  return Object.fromEntries(ids.map((from) => [from, Object.fromEntries(ids.map((to) => [to, oneWayMs(facts, from, to)]))]));
}

function isDelays(value: Json): boolean {
  const rows = fieldsOf(value);
  return rows !== null && Object.values(rows).every((row) => {
    const cells = fieldsOf(row);
    return cells !== null && Object.values(cells).every((ms) => typeof ms === 'number' && Number.isFinite(ms) && ms >= 0);
  });
}

/** Between members: the longest and the shortest delay, the skew of two clocks (twice the error of one), one flush. */
type Ground = { readonly farMs: number; readonly nearMs: number; readonly skewMs: number; readonly fsyncMs: number; readonly alone: boolean };

function groundOf(facts: Facts): Ground {
  const pairs = facts.members.flatMap((from) => facts.members.filter((to) => to !== from).map((to) => oneWayMs(facts, from, to)));
  return { farMs: Math.max(0, ...pairs), nearMs: Math.min(...pairs), skewMs: 2 * facts.clockErrorMs, fsyncMs: facts.fsyncMs, alone: pairs.length === 0 };
}

/**
 * stick.md §1.8, with margins: report T = 4 d + 2 ε + s, ack T = P0 + 2 d + max(2 d, d + ε) + s. With the fast path Phase Zero is
 * short, but the round is not: after a round without a ProtoConsensus its leader waits for reports all the same.
 */
function shortest(options: Options, { farMs, skewMs, fsyncMs }: Ground): Times {
  const reportsMs = farMs + skewMs + 2 * fsyncMs + MARGIN_MS;
  const votesMs = 2 * farMs + 4 * fsyncMs + MARGIN_MS;
  const isAck = options.variant === 'ack';
  const slackMs = Math.ceil(isAck || options.fastPath ? skewMs + MARGIN_MS : reportsMs);
  const afterMs = isAck ? Math.max(2 * farMs + 2 * fsyncMs, farMs + skewMs) : farMs + skewMs;
  return { slackMs, countMs: Math.ceil(slackMs + votesMs), roundMs: Math.ceil((isAck ? slackMs : Math.ceil(reportsMs)) + votesMs + afterMs + MARGIN_MS) };
}

function planned(options: Options, ground: Ground): Times {
  if (options.variant === 'literal') return timesOf(options);
  const least = shortest(options, ground);
  if (options.roundMs === 'auto') return timesOf({ roundMs: least.roundMs, slackMs: options.slackMs === 'auto' ? least.slackMs : options.slackMs, countMs: options.countMs === 'auto' ? least.countMs : options.countMs });
  const shares = timesOf(options);
  const slackMs = options.slackMs === 'auto' ? Math.max(shares.slackMs, least.slackMs) : shares.slackMs;
  const countMs = options.countMs === 'auto' ? Math.max(shares.countMs, slackMs + least.countMs - least.slackMs) : shares.countMs;
  // Where the bounds do not fit into the round, its shares stay: too short, and said so.
  return countMs < shares.roundMs ? { roundMs: shares.roundMs, slackMs, countMs } : shares;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function mistakes(options: Options, times: Times, facts: Facts): readonly Problem[] {
  const problems: Problem[] = [];
  const error = (option: string, message: string) => problems.push({ level: 'error', option, message });
  const { variant, phaseTwo, fastPath, keepLeaders, batchBytes, delaysMs } = options;
  const { roundMs, slackMs, countMs } = times;
  if (facts.leader !== null) error('leader', 'STICK cannot pin a leader: a hash chooses another one each round');
  if (!VARIANTS.includes(variant)) error('variant', `is ${VARIANTS.join(', ')}, not ${JSON.stringify(variant)}`);
  for (const option of ['roundMs', 'slackMs', 'countMs'] as const) {
    if (options[option] !== 'auto' && !isTime(options[option])) error(option, `is auto or a number of milliseconds, not ${JSON.stringify(options[option])}`);
  }
  if (problems.length > 0) return problems;
  if (!(roundMs >= 1)) error('roundMs', `a round lasts at least 1 ms, not ${roundMs}`);
  if (!(slackMs >= 0 && slackMs < countMs)) error('slackMs', `Phase Zero ends before Phase Two: 0 ≤ slackMs (${slackMs}) < countMs (${countMs})`);
  if (!(countMs < roundMs)) error('countMs', `Phase Two begins within the round: countMs (${countMs}) < roundMs (${roundMs})`);
  if (phaseTwo !== 'clock' && phaseTwo !== 'event') error('phaseTwo', `is clock or event, not ${JSON.stringify(phaseTwo)}`);
  else if (phaseTwo === 'event' && variant === 'literal') error('phaseTwo', 'literal counts by the clock: take variant: report or ack, or phaseTwo: clock');
  if (fastPath && variant !== 'report') error('fastPath', `only report has reports that could be left out: take variant: report, not ${variant}`);
  if (!Number.isInteger(keepLeaders) || keepLeaders < 0 || keepLeaders > MOST_KEPT) error('keepLeaders', `is a whole number of rounds from 0 to ${MOST_KEPT}, not ${keepLeaders}`);
  if (!(batchBytes >= LEAST_BATCH_BYTES)) error('batchBytes', `a consensus holds at least one entry, for which ${LEAST_BATCH_BYTES} bytes are little, not ${batchBytes}`);
  if (delaysMs !== 'auto' && !isDelays(delaysMs)) error('delaysMs', "is 'auto', or the one-way delay in ms by node and node: { n1: { n2: 40 } }");
  return problems;
}

/** Times and delays from the plan; errors for what cannot be, warnings for a round in which the messages do not fit. */
export function resolve(options: Options, facts: Facts): { readonly options: Options; readonly problems: readonly Problem[] } {
  const times = planned(options, groundOf(facts));
  const problems = mistakes(options, times, facts);
  const resolved = { ...options, ...(problems.length === 0 ? times : {}), delaysMs: options.delaysMs === 'auto' ? delaysOf(facts) : options.delaysMs };
  return { options: resolved, problems: problems.length > 0 ? problems : tooShort(resolved, facts) };
}

/** stick.md §1.8. literal flushes once, before its Consensus leaves; report before a report, a ProtoConsensus and a vote; ack before a ProtoConsensus, a vote and an ack. */
export function tooShort(options: Options, facts: Facts): readonly Problem[] {
  const { farMs, nearMs, skewMs, fsyncMs, alone } = groundOf(facts);
  if (alone) return [];
  const { roundMs, slackMs, countMs } = timesOf(options);
  const { variant } = options;
  const problems: Problem[] = [];
  const warn = (option: string, message: string) => problems.push({ level: 'warning', option, message });
  const flushesMs = variant === 'literal' ? 0 : 2 * fsyncMs;
  const roundBoundMs = slackMs + 3 * farMs + skewMs + (variant === 'literal' ? fsyncMs : flushesMs);
  if (roundMs < roundBoundMs) {
    warn('roundMs', `${roundMs} ms is shorter than the bound of ${shown(roundBoundMs)} ms: slack ${shown(slackMs)} + 3 × one-way ${shown(farMs)} + skew ${shown(skewMs)} + fsync ${shown(roundBoundMs - slackMs - 3 * farMs - skewMs)}; rounds will fail`);
  }
  if (variant === 'report' && !options.fastPath) {
    if (slackMs < farMs + skewMs + fsyncMs) warn('slackMs', `${shown(slackMs)} ms is shorter than the bound of ${shown(farMs + skewMs + fsyncMs)} ms: one-way ${shown(farMs)} + skew ${shown(skewMs)} + fsync ${shown(fsyncMs)}; reports come after Phase Zero, and rounds late`);
  } else if (slackMs < skewMs - nearMs) {
    warn('slackMs', `${shown(slackMs)} ms is shorter than the bound of ${shown(skewMs - nearMs)} ms: skew ${shown(skewMs)} − shortest one-way ${shown(nearMs)}; a ProtoConsensus can arrive before its round`);
  }
  const votesMs = slackMs + 2 * farMs + flushesMs;
  if (countMs < votesMs) warn('countMs', `${shown(countMs)} ms is before ${shown(votesMs)} ms: slack ${shown(slackMs)} + round trip ${shown(2 * farMs)}${flushesMs === 0 ? '' : ` + fsync ${shown(flushesMs)}`}; votes will miss the count`);
  if (variant === 'literal' && countMs + farMs + skewMs + fsyncMs >= roundMs) {
    warn('countMs', `${shown(countMs)} + one-way ${shown(farMs)} + skew ${shown(skewMs)} + fsync ${shown(fsyncMs)} ms reaches the end of the round (${roundMs}): a Consensus can arrive too late, and its writes are lost`);
  }
  if (variant === 'ack' && countMs + 2 * farMs + fsyncMs >= roundMs) {
    warn('countMs', `${shown(countMs)} + round trip ${shown(2 * farMs)} + fsync ${shown(fsyncMs)} ms reaches the end of the round (${roundMs}): acknowledgements come in the next one`);
  }
  return problems;
}

function shown(ms: number): string {
  return String(Math.round(ms * 100) / 100);
}

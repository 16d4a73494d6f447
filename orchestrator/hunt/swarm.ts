// Which faults a case may have: each kind draws the words of one fault. A case has a few of the kinds, each as often as its own
// intensity says (swarm testing: a fault that comes in every case hides what happens without it).
import type { Json, NodeId } from '../../node/contract.ts';
import type { HuntFault } from './case.ts';
import type { Dice } from './dice.ts';

export type Ground = {
  readonly dice: Dice;
  readonly nodes: readonly NodeId[];
  readonly periodMs: number;
  readonly fsyncMs: number;
  readonly hasLeader: boolean;
  readonly restartable: boolean;
  readonly reconfigurable: boolean;
  readonly habits: Habits;
};

/** What the faults of one case have in common: many alike, close together, reach what scattered ones never do. */
type Habits = {
  /** How long nodes are down, and how long other faults last, about. */
  readonly briefMs: number;
  readonly lastingMs: number;
  /** null: each aimed fault has its own. */
  readonly aim: Pick<NonNullable<HuntFault['aim']>, 'moments' | 'passes'> | null;
};

type Aimed = NonNullable<HuntFault['aim']>;
type Moments = Aimed['moments'];
/** afterMs: behind the time of the first; absent: with it. */
type Drawn = Omit<HuntFault, 'atMs'> & { readonly afterMs?: number };
export type Kind = {
  readonly name: string;
  /** Default: always. */
  readonly fits?: (ground: Ground) => boolean;
  /** Of one case, at most. */
  readonly most?: (ground: Ground) => number;
  readonly draw: (ground: Ground) => readonly Drawn[];
};

const duration = (ms: number) => `${Math.max(1, Math.round(ms))}ms`;
const share = (pct: number) => `${Math.round(pct * 10) / 10}%`;

function victim({ dice, nodes, hasLeader }: Ground): string {
  if (hasLeader && dice.chance(0.35)) return 'leader';
  return dice.pick(nodes) ?? 'any';
}

const lastingMs = ({ dice, habits }: Ground) => dice.scaled(habits.lastingMs / 3, habits.lastingMs * 3);
const lasting = (ground: Ground) => duration(lastingMs(ground));
const brief = ({ dice, habits }: Ground) => duration(dice.scaled(habits.briefMs / 3, habits.briefMs * 3));

function links({ dice, nodes }: Ground): string {
  if (dice.chance(0.4)) return '* - *';
  const from = dice.some(nodes);
  return `${from.join(' ')} ${dice.chance(0.5) ? '->' : '-'} *`;
}

/** Not so often together that nobody is left: what is down comes back. */
function crashes(name: string, disk: string): Kind {
  return { name, fits: ({ restartable }) => restartable, draw: (ground) => [{ name: 'crash', params: { value: victim(ground), disk, for: brief(ground) } }] };
}

const sided = ({ dice, nodes }: Ground): string => {
  const left = dice.some(nodes);
  const right = nodes.filter((node) => !left.includes(node));
  if (right.length === 0) return `${nodes[0] ?? 'n1'} | any`;
  return `${left.join(' ')} ${dice.chance(0.4) ? '->' : '|'} ${right.join(' ')}`;
};

const signed = ({ dice, periodMs }: Ground, least: number, most: number) => `${dice.chance(0.5) ? '-' : ''}${Math.round(dice.scaled(periodMs * least, periodMs * most) * 10) / 10}ms`;

/** Moments worth dying at, by what they are about, and how often each is let pass at most: elections are rare, flushes are not. */
const ELECTION: readonly Moments[] = [['epoch'], ['epoch', 'flush'], ['epoch', 'durable'], ['epoch', 'sent'], ['role'], ['role', 'sent'], ['leads'], ['leads', 'flush'], ['leads', 'durable'], ['leads', 'sent']];
const ENTRY: readonly Moments[] = [['placed'], ['placed', 'flush'], ['placed', 'durable'], ['placed', 'sent'], ['committed'], ['leads', 'placed'], ['leads', 'committed']];
const FLUSH: readonly Moments[] = [['flush'], ['durable'], ['sent'], ['started'], ['started', 'flush'], ['started', 'sent']];

function moments(dice: Dice): Pick<Aimed, 'moments' | 'passes'> {
  const [group, mostPasses] = dice.pick([[ELECTION, 4], [ELECTION, 4], [ENTRY, 40], [FLUSH, 60]] as const);
  return { moments: dice.pick(group) ?? ['flush'], passes: dice.chance(0.3) ? 0 : Math.floor(dice.scaled(1, mostPasses + 1)) };
}

export function drawHabits(dice: Dice, periodMs: number): Habits {
  const aim = dice.chance(0.6) ? { ...moments(dice), passes: 0 } : null;
  return { aim, briefMs: dice.scaled(1, periodMs * 3), lastingMs: dice.scaled(periodMs / 5, periodMs * 4) };
}

function aim({ dice, nodes, fsyncMs, habits }: Ground): Aimed {
  const at = habits.aim !== null && dice.chance(0.8) ? habits.aim : moments(dice);
  return {
    ...at, afterMs: dice.chance(0.6) ? 0 : Math.round(dice.scaled(0.05, 2 * fsyncMs + 20) * 100) / 100,
    ...(dice.chance(0.3) ? { node: dice.pick(nodes) ?? 'n1' } : {}),
  };
}

function aimedCrash(name: string, disk: string): Kind {
  return { name, fits: ({ restartable }) => restartable, draw: (ground) => [{ name: 'crash', params: { value: 'any', disk, for: brief(ground) }, aim: aim(ground) }] };
}

/** Whoever leads is gone or cut off; where nobody does, any node. */
function headless(ground: Ground): Omit<HuntFault, 'atMs'> {
  const { dice, hasLeader, restartable } = ground;
  const value = hasLeader ? 'leader' : 'any';
  if (restartable && dice.chance(0.5)) return { name: 'crash', params: { value, disk: 'lose-unsynced', for: brief(ground) } };
  return dice.chance(0.5) ? { name: 'pause', params: { value, for: lasting(ground) } } : { name: 'partition', params: { value: `${value} | ${ground.nodes.join(' ')}`, for: lasting(ground) } };
}

/** Nobody leads, and whoever then votes, or asks for votes, dies of it for a moment. */
function brokenElection(ground: Ground, moments: readonly Moments[] = ELECTION): readonly Drawn[] {
  const { dice } = ground;
  const aimed = Array.from({ length: dice.whole(1, 2) }, (): Drawn => ({
    name: 'crash', params: { value: 'any', disk: 'lose-unsynced', for: duration(dice.scaled(1, 12)) }, aim: { moments: dice.pick(moments) ?? ['epoch'], passes: dice.whole(0, 2), afterMs: 0 },
  }));
  return [headless(ground), ...aimed];
}

/** A node misses what the others commit; the moment it is back, whoever leads is gone. */
function leftBehind(ground: Ground): readonly Drawn[] {
  const forMs = lastingMs(ground);
  const node = ground.dice.pick(ground.nodes) ?? 'n1';
  const others = ground.nodes.filter((id) => id !== node);
  return [
    { name: 'partition', params: { value: `${node} | ${others.join(' ') || 'any'}`, for: duration(forMs) } },
    { ...headless(ground), afterMs: Math.max(0, forMs + ground.dice.between(-0.3, 0.3) * ground.periodMs) },
  ];
}

/** One split after another: each majority has another leader, and nobody is told in time. */
function shuffle(ground: Ground): readonly Drawn[] {
  let afterMs = 0;
  return Array.from({ length: ground.dice.whole(2, 6) }, () => {
    const forMs = lastingMs(ground);
    const fault = { name: 'partition', params: { value: sided(ground), for: duration(forMs) }, afterMs };
    afterMs += forMs;
    return fault;
  });
}

/** Each node in turn. */
function rolling(ground: Ground): readonly Drawn[] {
  const stepMs = ground.dice.scaled(1, ground.periodMs * 2);
  return ground.nodes.map((node, index) => ({ name: 'crash', params: { value: node, disk: 'lose-unsynced', for: brief(ground) }, afterMs: index * stepMs }));
}

const minority = ({ nodes }: Ground) => Math.floor((nodes.length - 1) / 2);
const member = (name: string, params: (ground: Ground) => { readonly [key: string]: Json }): Kind => (
  { name, fits: ({ reconfigurable }) => reconfigurable, most: () => 3, draw: (ground) => [{ name, params: params(ground) }] });

const KINDS: readonly Kind[] = [
  crashes('crash, disk kept', 'keep'), crashes('crash, unsynced lost', 'lose-unsynced'), crashes('crash, torn tail', 'torn-tail'),
  // Who has lost durable state refuses to start, and a majority must be left.
  { ...crashes('crash, bit flipped', 'flip-bit'), most: minority },
  aimedCrash('aimed crash, unsynced lost', 'lose-unsynced'), aimedCrash('aimed crash, disk kept', 'keep'), aimedCrash('aimed crash, torn tail', 'torn-tail'),
  { name: 'aimed pause', draw: (ground) => [{ name: 'pause', params: { value: 'any', for: lasting(ground) }, aim: aim(ground) }] },
  { name: 'aimed cut', draw: (ground) => [{ name: 'partition', params: { value: `any ${ground.dice.pick(['|', '->'])} ${ground.nodes.join(' ')}`, for: lasting(ground) }, aim: aim(ground) }] },
  { name: 'all restart', fits: ({ restartable }) => restartable, draw: (ground) => [{ name: 'crash', params: { value: 'all', disk: 'lose-unsynced', for: brief(ground) } }] },
  { name: 'never back', fits: ({ restartable }) => !restartable, most: minority, draw: (ground) => [{ name: 'crash', params: { value: ground.dice.pick(ground.nodes) ?? 'any' } }] },
  { name: 'disk error', fits: ({ restartable }) => restartable, draw: (ground) => [{ name: 'disk-error', params: { value: victim(ground), for: brief(ground) } }] },
  { name: 'disk full', fits: ({ restartable }) => restartable, draw: (ground) => [{ name: 'disk-full', params: { value: victim(ground), for: brief(ground) } }] },
  { name: 'slow disk', draw: (ground) => [{ name: 'slow-disk', params: { value: victim(ground), fsync: duration(ground.dice.scaled(10, ground.periodMs)), for: lasting(ground) } }] },
  { name: 'pause', draw: (ground) => [{ name: 'pause', params: { value: victim(ground), for: lasting(ground) } }] },
  { name: 'loss', draw: (ground) => [{ name: 'flaky-link', params: { value: links(ground), loss: share(ground.dice.scaled(1, 60)), for: lasting(ground) } }] },
  { name: 'delay', draw: (ground) => [{ name: 'flaky-link', params: {
    value: links(ground), loss: '0%', delay: duration(ground.dice.scaled(1, ground.periodMs)), jitter: duration(ground.dice.scaled(ground.periodMs / 20, ground.periodMs * 2)), for: lasting(ground),
  } }] },
  { name: 'duplicate', draw: (ground) => [{ name: 'duplicate', params: { value: share(ground.dice.scaled(1, 50)), links: links(ground), for: lasting(ground) } }] },
  { name: 'reorder', draw: (ground) => [{ name: 'reorder', params: { value: share(ground.dice.scaled(1, 50)), links: links(ground), for: lasting(ground) } }] },
  { name: 'corrupt', draw: (ground) => [{ name: 'corrupt', params: { value: share(ground.dice.scaled(0.5, 20)), links: links(ground), for: lasting(ground) } }] },
  { name: 'partition', draw: (ground) => [{ name: 'partition', params: { value: sided(ground), for: lasting(ground) } }] },
  { name: 'bridge', draw: (ground) => [{ name: 'bridge', params: { value: true, for: lasting(ground) } }] },
  { name: 'majority ring', fits: ({ nodes }) => nodes.length >= 4, draw: (ground) => [{ name: 'majority-ring', params: { value: true, for: lasting(ground) } }] },
  { name: 'isolate leader', fits: ({ hasLeader }) => hasLeader, draw: (ground) => [{ name: 'isolate-leader', params: { value: true, direction: ground.dice.pick(['in', 'out', 'both']), for: lasting(ground) } }] },
  { name: 'flapping', draw: (ground) => {
    const everyMs = ground.dice.scaled(20, ground.periodMs * 2);
    return [{ name: 'flapping', params: { value: victim(ground), every: duration(everyMs), for: duration(everyMs * ground.dice.between(1.1, 6)) } }];
  } },
  { name: 'clock offset', draw: (ground) => [{ name: 'clock-offset', params: { value: victim(ground), offset: signed(ground, 0.01, 10), for: lasting(ground) } }] },
  { name: 'clock step', draw: (ground) => [{ name: 'clock-step', params: { value: victim(ground), offset: signed(ground, 0.01, 10) } }] },
  { name: 'clock strobe', draw: (ground) => {
    const everyMs = ground.dice.scaled(10, ground.periodMs);
    return [{ name: 'clock-strobe', params: { value: victim(ground), offset: signed(ground, 0.05, 3), every: duration(everyMs), for: duration(everyMs * ground.dice.between(1.1, 10)) } }];
  } },
  { name: 'clock drift', draw: (ground) => [{ name: 'clock-drift', params: { value: victim(ground), drift: `${ground.dice.chance(0.5) ? '-' : ''}${Math.round(ground.dice.scaled(20, 50_000))}ppm`, for: lasting(ground) } }] },
  { name: 'ntp loss', draw: (ground) => [{ name: 'ntp-loss', params: { value: ground.dice.chance(0.5) ? 'all' : victim(ground), for: lasting(ground) } }] },
  { name: 'ntp asymmetry', draw: (ground) => [{ name: 'ntp-asymmetry', params: { value: victim(ground), asymmetry: signed(ground, 0.01, 0.5), for: lasting(ground) } }] },
  { name: 'overload', most: () => 2, draw: (ground) => [{ name: 'overload', params: { value: ground.dice.whole(2, 6), for: lasting(ground) } }] },
  { name: 'left behind', draw: leftBehind }, { name: 'shuffle', draw: shuffle }, { name: 'rolling restart', fits: ({ restartable }) => restartable, draw: rolling },
  { name: 'broken election', fits: ({ restartable }) => restartable, draw: (ground) => brokenElection(ground) },
  { name: 'headless', draw: (ground) => [headless(ground)], fits: ({ hasLeader }) => hasLeader },
  member('add-node', () => ({ value: true })),
  member('remove-node', (ground) => ({ value: victim(ground), 'keep-running': ground.dice.chance(0.7) })),
  member('replace-node', (ground) => ({ value: victim(ground), ...(ground.dice.chance(0.4) ? { 'dead-for': brief(ground) } : {}) })),
];

/** The kinds of one case, with how often each comes, about. */
export function swarm(ground: Ground): readonly (readonly [kind: Kind, times: number])[] {
  const { dice } = ground;
  const fitting = KINDS.filter(({ fits }) => fits?.(ground) ?? true);
  const density = dice.scaled(0.06, 0.5);
  const chosen = fitting.filter(() => dice.chance(density));
  const one = dice.pick(fitting);
  const kinds = chosen.length > 0 || one === undefined ? chosen : [one];
  return kinds.map((kind) => [kind, Math.min(kind.most?.(ground) ?? Infinity, Math.round(dice.scaled(1, 14)))]);
}

/** A drill does the same again and again: what needs several rare things in a row comes only to who has many tries. */
const DRILLS: readonly Kind[] = [
  { name: 'voters die of elections', fits: ({ restartable }) => restartable, draw: (ground) => brokenElection(ground, [['epoch', 'sent']]) },
  { name: 'voters die before their votes last', fits: ({ restartable }) => restartable, draw: (ground) => brokenElection(ground, [['epoch', 'flush']]) },
  { name: 'elections break', fits: ({ restartable }) => restartable, draw: (ground) => brokenElection(ground) },
  { name: 'leaders die of their entries', fits: ({ restartable }) => restartable, draw: (ground) => [{
    name: 'crash', params: { value: 'any', disk: 'lose-unsynced', for: brief(ground) }, aim: { moments: ground.dice.pick(ENTRY) ?? ['placed'], passes: ground.dice.whole(0, 5), afterMs: 0 },
  }] },
  { name: 'nodes are left behind', draw: leftBehind },
  { name: 'splits follow each other', draw: shuffle },
];

/** Through the whole time, every period or two. */
export function drill(ground: Ground, fromMs: number, toMs: number): readonly (readonly [atMs: number, kind: Kind])[] {
  const { dice, periodMs } = ground;
  const chosen = dice.pick(DRILLS.filter(({ fits }) => fits?.(ground) ?? true));
  if (chosen === undefined) return [];
  const tries: (readonly [number, Kind])[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += dice.between(0.8, 3) * periodMs) tries.push([atMs, chosen]);
  return tries;
}

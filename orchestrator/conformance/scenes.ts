// What every protocol must do, from its own flags: what it claims it must keep under every fault here; what it does not claim
// is run all the same, and what was found is told. No protocol's name appears. test/conformance.ts makes tests of the scenes,
// `lab conform` a report.
import type { AnyProtocol, Json } from '../../node/contract.ts';
import { changesMembers } from '../../node/options.ts';
import { explorationOf, openExplorer } from '../explore/exploration.ts';
import type { Found } from '../explore/explorer.ts';
import { amongNonsense } from './nonsense.ts';
import { findings, planOf, violations } from './trial.ts';
import type { Outcome, RunTrial, Scene } from './trial.ts';
import { clockTrouble, crashes, partitions, reconfigurations, SPARES, TROUBLE } from './trouble.ts';

/** problems: empty where the protocol conforms. found: violations of what it does not claim. */
export type Sighting = { readonly problems: readonly string[]; readonly found: readonly string[] };

export type ConformanceScene = {
  readonly title: string;
  /** Run with several seeds; the others always with '1'. */
  readonly seeded: boolean;
  readonly run: (protocol: AnyProtocol, seed: string, trial: RunTrial) => Promise<Sighting>;
};

/** After the last fault everything that is asked for is answered again, once leaders and clients have found each other. */
const RECOVERY_MS = 10_000;
/** Faults, then quiet. */
export const TROUBLED: Omit<Scene, 'seed'> = { measureMs: TROUBLE.toMs + RECOVERY_MS + 5_000, ratePerSecond: 15, fsyncMs: 8 };
const BAD_LINK = { lossPct: 5, duplicatePct: 5, corruptPct: 2, jitterMs: 15, order: 'reorder', reorderPct: 5 } as const;

const okAfter = (outcome: Outcome, fromMs: number) => outcome.calls.filter((call) => call.atMs >= fromMs && call.outcome === 'ok').length;
const notOkAfter = (outcome: Outcome, fromMs: number) => outcome.calls.filter((call) => call.atMs >= fromMs && call.outcome !== 'ok').length;
const claimsAgreement = (outcome: Outcome) => outcome.claims.includes('agreement');

/** Those whose condition does not hold. */
function broken(...conditions: readonly (readonly [holds: boolean, problem: string])[]): readonly string[] {
  return conditions.filter(([holds]) => !holds).map(([, problem]) => problem);
}

/** Everything claimed holds, and something was done: else nothing was shown. */
function claimsKept(outcome: Outcome, problems: readonly string[] = []): Sighting {
  return { problems: [...violations(outcome), ...broken([okAfter(outcome, 0) > 0, 'no command was answered']), ...problems], found: findings(outcome) };
}

function allAnswered(outcome: Outcome, fromMs: number): readonly string[] {
  const open = notOkAfter(outcome, fromMs);
  return broken([open === 0, `${open} commands asked for after ${fromMs} ms were not answered with ok`]);
}

/** Whoever claims agreement also goes on once the faults are over: nobody is stuck. */
function recovered(outcome: Outcome): Sighting {
  if (!claimsAgreement(outcome)) return claimsKept(outcome);
  const quietMs = TROUBLE.toMs + RECOVERY_MS;
  return claimsKept(outcome, [...allAnswered(outcome, quietMs), ...broken([okAfter(outcome, quietMs) > 20, `it did not recover: ${okAfter(outcome, quietMs)} commands answered after ${quietMs} ms`])]);
}

const plainData: ConformanceScene = {
  title: 'its defaults are plain data, and its flags fit together', seeded: false,
  run: (protocol, seed) => {
    const { options } = planOf(protocol, { seed });
    const claims = protocol.claims?.(options) ?? ['agreement'];
    return Promise.resolve({
      problems: broken(
        [JSON.stringify(JSON.parse(JSON.stringify(options))) === JSON.stringify(options) && isPlain(options), 'its options are not plain data: JSON changes them'],
        [!claims.includes('linearizability') || claims.includes('agreement'), 'it claims linearizability, but not agreement'],
      ),
      found: [],
    });
  },
};

function isPlain(value: unknown): boolean {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol' || (typeof value === 'number' && !Number.isFinite(value))) return false;
  return typeof value !== 'object' || value === null || Object.values(value).every(isPlain);
}

function commitsEverything(nodes: number): ConformanceScene {
  return {
    title: `commits every command on every one of ${nodes} nodes`, seeded: false,
    run: async (protocol, seed, trial) => {
      const outcome = await trial(protocol, { seed, nodes });
      const commits = [...outcome.commits.values()];
      const least = Math.min(...commits);
      const { problems, found } = claimsKept(outcome, [...allAnswered(outcome, 0), ...broken(
        [outcome.calls.length > 150, `only ${outcome.calls.length} commands were asked for and answered`],
        [commits.length === nodes, `${commits.length} of ${nodes} nodes committed anything`],
        [least >= outcome.calls.length - 20, `a node committed ${least} of ${outcome.calls.length} commands`],
      )]);
      return { problems: [...problems, ...found], found: [] };
    },
  };
}

const sameBytes: ConformanceScene = {
  title: 'the same seed gives the same bytes, another seed others', seeded: false,
  run: async (protocol, _seed, trial) => {
    const actions = protocol.restartable === false ? [] : crashes('1').filter(({ atMs }) => atMs < 10_000);
    const record = async (seed: string): Promise<string> => {
      const lines: string[] = [];
      await trial(protocol, { ...TROUBLED, measureMs: 12_000, link: BAD_LINK, actions, seed, detail: 'messages' }, (event) => lines.push(JSON.stringify(event)));
      return lines.join('\n');
    };
    const first = await record('1');
    return {
      problems: broken(
        [await record('1') === first, 'two runs with one seed differ: something in it is not decided by its inputs and env.random()'],
        [await record('2') !== first, 'two runs with different seeds are the same'],
      ),
      found: [],
    };
  },
};

const minority: ConformanceScene = {
  title: 'a minority commits nothing', seeded: false,
  run: async (protocol, seed, trial) => {
    const cutMs = 5_000;
    const few = ['n1', 'n2'];
    const cuts = [{ from: few, to: 'others' as const }, { from: ['n3', 'n4', 'n5'], to: 'others' as const }];
    const invoked = new Map<string, number>();
    const late: string[] = [];
    const outcome = await trial(protocol, { seed, actions: [{ atMs: cutMs, action: { type: 'cut', overlay: 'minority', cuts } }] }, (event) => {
      if (event.type === 'invoke') invoked.set(event.command.id, event.atMs);
      if (event.type !== 'committed' || event.command === null || !few.includes(event.node)) return;
      if ((invoked.get(event.command.id) ?? 0) > cutMs) late.push(`${event.node} ${event.command.id}`);
    });
    return claimsKept(outcome, claimsAgreement(outcome) ? broken([late.length === 0, `a minority committed: ${late.slice(0, 5).join(', ')}`]) : []);
  },
};

const badLinks: ConformanceScene = {
  title: 'keeps its claims under loss, duplication, reordering and corruption', seeded: true,
  run: async (protocol, seed, trial) => {
    const outcome = await trial(protocol, { ...TROUBLED, seed, link: BAD_LINK });
    const open = notOkAfter(outcome, 0);
    return claimsKept(outcome, claimsAgreement(outcome) ? broken([open < outcome.calls.length / 10, `${open} of ${outcome.calls.length} commands were not answered with ok`]) : []);
  },
};

const cutLinks: ConformanceScene = {
  title: 'keeps its claims under partitions, and recovers', seeded: true,
  run: async (protocol, seed, trial) => recovered(await trial(protocol, { ...TROUBLED, seed, actions: partitions(seed) })),
};

const crashing: ConformanceScene = {
  title: 'a crash inside a flush loses nothing durable, and it recovers', seeded: true,
  run: async (protocol, seed, trial) => recovered(await trial(protocol, { ...TROUBLED, seed, actions: crashes(seed) })),
};

const everything: ConformanceScene = {
  title: 'keeps its claims under everything at once', seeded: true,
  run: async (protocol, seed, trial) => {
    const actions = [...crashes(seed), ...partitions(seed), ...clockTrouble(seed)].sort((a, b) => a.atMs - b.atMs);
    return claimsKept(await trial(protocol, { ...TROUBLED, seed, link: BAD_LINK, actions }));
  },
};

/** More nodes may be down than a small configuration bears: it need not recover by itself. */
const changing: ConformanceScene = {
  title: 'keeps its claims while its members change, under crashes, partitions and loss', seeded: true,
  run: async (protocol, seed, trial) => {
    let changed = 0;
    const restarts = protocol.restartable === false ? [] : crashes(seed);
    const actions = [...reconfigurations(seed), ...restarts, ...partitions(seed)].sort((a, b) => a.atMs - b.atMs);
    const outcome = await trial(protocol, { ...TROUBLED, seed, spares: SPARES.length, link: { ...BAD_LINK, corruptPct: 0 }, actions }, (event) => {
      if (event.type === 'answered' && event.reply.outcome === 'ok') changed++;
    });
    // Where nobody leads, proposers that duel over lossy links may keep a change from its slot all the while.
    const leaderless = protocol.leadership?.(outcome.plan.options) === 'none';
    return claimsKept(outcome, broken([changed > 0 || leaderless, 'no change of membership was answered with ok']));
  },
};

const drifting: ConformanceScene = {
  title: 'commits everything with clocks that differ by 30 ms and drift by 100 ppm', seeded: false,
  run: async (protocol, seed, trial) => {
    const outcome = await trial(protocol, { seed, clockOffsetsMs: [0, 15, -15, 7, -9], driftPpm: 100 });
    return claimsKept(outcome, allAnswered(outcome, 0));
  },
};

const jumping: ConformanceScene = {
  title: 'keeps its claims with clocks that jump by seconds and processes that stand still, and recovers', seeded: true,
  run: async (protocol, seed, trial) => recovered(await trial(protocol, { ...TROUBLED, seed, actions: clockTrouble(seed) })),
};

const messageSize: ConformanceScene = {
  title: 'no message is larger than allowed, however many commands wait', seeded: false,
  run: async (protocol, seed, trial) => {
    // The simulator asserts the limit on every message.
    const actions = protocol.restartable === false ? [] : [
      { atMs: 3_000, action: { type: 'crash', node: 'n2', disk: 'keep' } as const }, { atMs: 6_000, action: { type: 'restart', node: 'n2' } as const },
    ];
    return claimsKept(await trial(protocol, { seed, maxMessageBytes: 2_048, ratePerSecond: 40, measureMs: 12_000, settleMs: 20_000, actions }));
  },
};

const nonsense: ConformanceScene = {
  title: 'nothing that arrives can break it', seeded: true,
  run: async (protocol, seed, trial) => {
    const outcome = await trial(amongNonsense(protocol, seed), { seed });
    return claimsKept(outcome, allAnswered(outcome, 0));
  },
};

/** States that are looked at: seconds, and as deep as they reach. `lab explore` goes deeper. */
const EXPLORED_STATES = 100_000;

const shortConversations: ConformanceScene = {
  title: 'keeps its claims in every short conversation of three nodes, whatever is lost, late or crashes', seeded: false,
  run: (protocol) => {
    const bounds = { commands: 2, crashes: protocol.restartable === false ? 0 : 1, timers: 1, clockMs: 1_000, slowDisks: 0, duplicates: false, atOnce: [] };
    const explorer = openExplorer(explorationOf({ protocol, options: {}, nodes: 3, leader: null, bounds, maxMessageBytes: 60_000, disks: {} }), { depth: Infinity, states: EXPLORED_STATES });
    explorer.advance(Infinity);
    const { violation, findings, progress } = explorer;
    const told = ({ claim, because, moves }: Found) => `${claim ?? 'the contract'}: ${because} (after ${moves.length} steps; lab explore --protocol ${protocol.name} tells the conversation)`;
    return Promise.resolve({
      problems: [...(violation === null ? [] : [told(violation)]), ...broken([progress.states > 100, `the explorer sees only ${progress.states} states`])],
      found: [...findings.values()].map(told),
    });
  },
};

/** Those that fit the protocol's flags. */
export function scenesOf(protocol: AnyProtocol): readonly ConformanceScene[] {
  const restartable = protocol.restartable !== false;
  return [
    plainData, ...[1, 3, 5].map(commitsEverything), sameBytes, badLinks, cutLinks, minority,
    ...(restartable ? [crashing, everything] : []), ...(changesMembers(protocol, protocol.defaults as Json) ? [changing] : []), drifting, jumping, messageSize, nonsense, shortConversations,
  ];
}

// Elections of a protocol with randomized timeouts (Raft, dissertation §3.4 and §9.6) after its leader has crashed: how long until
// another one leads. The closed form holds where timeouts are long beside delays; elsewhere votes split and candidates overtake
// each other, and a seeded Monte Carlo says it. Logs are equal (an idle cluster, or entries that all have), and nothing is lost.
import { assert } from '../../node/assert.ts';
import { EventQueue } from '../../node/kit/event-queue.ts';
import { majorityOf } from '../../node/kit/quorum.ts';
import { exponential, randomStream } from '../../node/kit/random.ts';

/** A constant, or uniformly drawn from a range for each message or election. */
export type Draw = number | readonly [number, number];

export type ElectionOptions = {
  /** Of the configuration: a majority of them elects. */
  readonly servers: number;
  /** Those that are up, by the names 0 to live − 1; the crashed leader is `live`. */
  readonly live: number;
  /** Range of the timeouts. */
  readonly timeoutMs: readonly [number, number];
  /** Of each message; or by sender and receiver. */
  readonly oneWayMs: Draw | ((from: number, to: number) => Draw);
  /** Asks before it campaigns; who heard a leader within the least timeout refuses. */
  readonly preVote: boolean;
  /** Until a candidate's and a voter's vote is durable. */
  readonly candidateWaitMs: number;
  readonly voterWaitMs: number;
  /** Of the leader's last message to all, when it crashed. */
  readonly ageMs: Draw;
  /** Each is a message to all too, at random times; absent: idle. */
  readonly commandsPerSecond?: number | null;
  /** Needed, the candidate's own among them; absent: a majority. */
  readonly votes?: number;
  /** Each candidate has numbers of its own, and a higher one takes the votes of a lower. */
  readonly ballots?: boolean;
};

/** ms: from the crash until `winner` knows that it leads. terms: how many were begun, 1 without a split vote. */
export type Election = { readonly ms: number; readonly winner: number; readonly terms: number };

/** Timeouts so many one-way delays long hardly ever split a vote. */
const CLEAR_OF_DELAYS = 20;
/** Of one election. */
const MOST_EVENTS = 20_000;

/**
 * Mean in ms without split votes: T·(1 + 1/(s + 1)) − A + 3 L (+ 2 L with pre-vote) + both waits, for timeouts in [T, 2 T]. null where
 * it does not hold: below T = 20 L, and where every vote that is left is needed, because then each second candidate splits them
 * (3 of 5 servers: 8 % off at T = 50 L still). Elsewhere within 3 % (at T = 40 L within 1.5 %).
 */
export function closedFormMs(options: ElectionOptions): number | null {
  const { servers, live, timeoutMs: [least, most], oneWayMs, preVote, candidateWaitMs, voterWaitMs, ageMs, votes, commandsPerSecond, ballots } = options;
  if (typeof oneWayMs === 'function' || least < CLEAR_OF_DELAYS * meanOf(oneWayMs) || live <= (votes ?? majorityOf(servers)) || ballots === true) return null;
  const firstMs = least + (most - least) / (live + 1);
  return firstMs - meanAgeMs(ageMs, commandsPerSecond ?? null) + (preVote ? 5 : 3) * meanOf(oneWayMs) + candidateWaitMs + voterWaitMs;
}

/** Of the younger of a heartbeat, at most `most` old, and a command's message. */
function meanAgeMs(draw: Draw, commandsPerSecond: number | null): number {
  if (commandsPerSecond === null || typeof draw === 'number' || draw[0] !== 0) return meanOf(draw);
  const [, most] = draw;
  const rate = commandsPerSecond / 1000;
  return 1 / rate - (1 - Math.exp(-rate * most)) / (rate * rate * most);
}

function meanOf(draw: Draw): number {
  return typeof draw === 'number' ? draw : (draw[0] + draw[1]) / 2;
}

/** One for each trial, the same ones for the same seed; null: it did not end, as with timeouts far below a round trip. At least 10,000 for a 99.9th percentile. */
export function elections(options: ElectionOptions, trials: number, seed: string): readonly (Election | null)[] {
  const { servers, live, timeoutMs: [least, most], votes = majorityOf(servers) } = options;
  assert(live >= votes && live <= servers, `${live} of ${servers} servers elect nobody, or are too many`);
  assert(least > 0 && most > least, `[${least}, ${most}] is no range of timeouts`);
  const random = randomStream(seed, 'elections');
  return Array.from({ length: trials }, () => new Trial(options, random).run());
}

type Role = 'follower' | 'pre-candidate' | 'candidate';
type Server = { role: Role; term: number; votedFor: number | null; heardMs: number; sinceMs: number; timeoutMs: number; readonly votes: Set<number> };

class Trial {
  readonly #options: ElectionOptions;
  readonly #random: () => number;
  readonly #votes: number;
  readonly #servers: readonly Server[];
  readonly #agenda = new EventQueue();
  #nowMs = 0;
  #terms = 0;
  #highest = 0;
  #winner: number | null = null;

  constructor(options: ElectionOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
    this.#votes = options.votes ?? majorityOf(options.servers);
    const { commandsPerSecond = null } = options;
    const ageMs = Math.min(this.#draw(options.ageMs), commandsPerSecond === null ? Infinity : exponential(random, 1000 / commandsPerSecond));
    this.#servers = Array.from({ length: options.live }, (_, index) => {
      const heardMs = this.#delay(options.live, index) - ageMs;
      return { role: 'follower', term: 0, votedFor: null, heardMs, sinceMs: heardMs, timeoutMs: this.#draw(options.timeoutMs), votes: new Set() };
    });
  }

  run(): Election | null {
    for (const self of this.#servers.keys()) this.#watch(self);
    for (let event = 0; event < MOST_EVENTS && this.#winner === null; event++) {
      this.#nowMs = this.#agenda.nextMs;
      this.#agenda.pop()?.();
    }
    return this.#winner === null ? null : { ms: this.#nowMs, winner: this.#winner, terms: this.#terms };
  }

  #draw(draw: Draw): number {
    return typeof draw === 'number' ? draw : draw[0] + this.#random() * (draw[1] - draw[0]);
  }

  #delay(from: number, to: number): number {
    const { oneWayMs } = this.#options;
    return this.#draw(typeof oneWayMs === 'function' ? oneWayMs(from, to) : oneWayMs);
  }

  #send(from: number, to: number, afterMs: number, arrive: () => void): void {
    this.#agenda.push(this.#nowMs + afterMs + this.#delay(from, to), arrive);
  }

  #others(self: number): readonly number[] {
    return [...this.#servers.keys()].filter((other) => other !== self);
  }

  /** Its timer is never moved: when it fires early it waits for the rest. */
  #watch(self: number): void {
    const server = this.#server(self);
    const dueMs = server.sinceMs + server.timeoutMs;
    this.#agenda.push(dueMs, () => {
      if (server.sinceMs + server.timeoutMs <= this.#nowMs) this.#expire(self);
      this.#watch(self);
    });
  }

  #server(index: number): Server {
    return this.#servers[index] as Server;
  }

  #begin(self: number, role: Role): Server {
    const server = this.#server(self);
    server.role = role;
    server.votes.clear();
    server.sinceMs = this.#nowMs;
    server.timeoutMs = this.#draw(this.#options.timeoutMs);
    return server;
  }

  #expire(self: number): void {
    if (!this.#options.preVote) {
      this.#campaign(self);
      return;
    }
    const server = this.#begin(self, 'pre-candidate');
    const term = server.term + 1;
    for (const other of this.#others(self)) {
      this.#send(self, other, 0, () => {
        const asked = this.#server(other);
        const granted = term > asked.term && this.#nowMs - asked.heardMs >= this.#options.timeoutMs[0];
        const { term: itsTerm } = asked;
        this.#send(other, self, 0, () => {
          if (!granted) this.#observe(self, itsTerm);
          else if (server.role === 'pre-candidate' && server.term + 1 === term && this.#counts(server, other)) this.#campaign(self);
        });
      });
    }
    if (this.#counts(server, self)) this.#campaign(self);
  }

  #campaign(self: number): void {
    const server = this.#begin(self, 'candidate');
    const { live, ballots } = this.#options;
    const term = ballots === true ? (Math.floor(server.term / live) + 1) * live + self : server.term + 1;
    server.term = term;
    if (term > this.#highest) this.#terms++;
    this.#highest = Math.max(this.#highest, term);
    server.votedFor = self;
    const { candidateWaitMs } = this.#options;
    const counted = (voter: number) => {
      if (server.role === 'candidate' && server.term === term && this.#counts(server, voter)) this.#winner ??= self;
    };
    this.#agenda.push(this.#nowMs + candidateWaitMs, () => counted(self));
    for (const other of this.#others(self)) this.#send(self, other, candidateWaitMs, () => this.#vote(self, other, term, counted));
  }

  #vote(candidate: number, voter: number, term: number, counted: (voter: number) => void): void {
    const server = this.#server(voter);
    this.#observe(voter, term);
    const granted = term === server.term && (server.votedFor === null || server.votedFor === candidate);
    if (granted) {
      server.votedFor = candidate;
      server.sinceMs = this.#nowMs;
    }
    const { term: itsTerm } = server;
    this.#send(voter, candidate, granted ? this.#options.voterWaitMs : 0, () => {
      if (granted) counted(voter);
      else this.#observe(candidate, itsTerm);
    });
  }

  /** Of a higher term: whoever learns of it is a follower in it. */
  #observe(self: number, term: number): void {
    const server = this.#server(self);
    if (term <= server.term) return;
    server.term = term;
    server.votedFor = null;
    server.role = 'follower';
  }

  #counts({ votes }: Server, voter: number): boolean {
    votes.add(voter);
    return votes.size === this.#votes;
  }
}

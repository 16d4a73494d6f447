// Single-decree Paxos with three servers and two clients, as in Stateright's example (examples/paxos.rs; it counts 16,668 states): a
// client puts a value and, once that is answered, gets it from the next server; the network is unordered, loses nothing and
// duplicates nothing. Written for the comparison of that number only, after the example's rules.
import { protocol } from '../../node/contract.ts';
import type { Env, Json, Machine, NodeId, Status } from '../../node/contract.ts';
import type { Monitor } from '../../orchestrator/explore/monitor.ts';

const SERVERS = 3;

type Ballot = readonly [round: number, proposer: number];
type Proposal = { readonly request: number; readonly client: NodeId; readonly value: string };
type Accepted = { readonly ballot: Ballot; readonly proposal: Proposal } | null;
type Message =
  | { readonly type: 'put'; readonly request: number; readonly value: string }
  | { readonly type: 'get' | 'putOk'; readonly request: number }
  | { readonly type: 'getOk'; readonly request: number; readonly value: string }
  | { readonly type: 'prepare'; readonly ballot: Ballot }
  | { readonly type: 'prepared'; readonly ballot: Ballot; readonly accepted: Accepted }
  | { readonly type: 'accept' | 'decided'; readonly ballot: Ballot; readonly proposal: Proposal }
  | { readonly type: 'accepted'; readonly ballot: Ballot };

function compare([a, b]: Ballot, [c, d]: Ballot): number {
  return a === c ? b - d : a - c;
}

abstract class Actor {
  readonly env: Env<Json, Json, Json>;
  readonly number: number;

  constructor(env: Env<Json, Json, Json>) {
    this.env = env;
    this.number = env.members.indexOf(env.self);
  }

  start(): void {}
  timer(): void {}
  commands(): void {}

  say(to: NodeId | readonly NodeId[], message: Message): void {
    this.env.send(to, message);
  }

  status(): Status {
    return { role: 'actor', leader: null, epoch: 0, lastSlot: 0, commitSlot: 0, configurations: [] };
  }
}

class Server extends Actor implements Machine<Json, Json> {
  ballot: Ballot = [0, 0];
  proposal: Proposal | null = null;
  /** By server: which of them came first makes no difference, so neither may their order. */
  prepares: (Accepted | undefined)[] = Array.from({ length: SERVERS });
  accepts: boolean[] = Array.from({ length: SERVERS }, () => false);
  accepted: Accepted = null;
  isDecided = false;

  get peers(): readonly NodeId[] {
    return this.env.members.slice(0, SERVERS).filter((id) => id !== this.env.self);
  }

  message(from: NodeId, json: Json): void {
    const message = json as Message;
    if (this.isDecided) {
      if (message.type === 'get' && this.accepted !== null) this.say(from, { type: 'getOk', request: message.request, value: this.accepted.proposal.value });
      return;
    }
    if (message.type === 'put') this.#propose({ request: message.request, client: from, value: message.value });
    else if (message.type === 'prepare' && compare(this.ballot, message.ballot) < 0) {
      this.ballot = message.ballot;
      this.say(from, { type: 'prepared', ballot: message.ballot, accepted: this.accepted });
    } else if (message.type === 'prepared' && compare(message.ballot, this.ballot) === 0) this.#prepared(this.env.members.indexOf(from), message.accepted);
    else if (message.type === 'accept' && compare(this.ballot, message.ballot) <= 0) {
      this.ballot = message.ballot;
      this.accepted = { ballot: message.ballot, proposal: message.proposal };
      this.say(from, { type: 'accepted', ballot: message.ballot });
    } else if (message.type === 'accepted' && compare(message.ballot, this.ballot) === 0) this.#counted(this.env.members.indexOf(from));
    else if (message.type === 'decided') {
      this.ballot = message.ballot;
      this.accepted = { ballot: message.ballot, proposal: message.proposal };
      this.isDecided = true;
    }
  }

  #propose(proposal: Proposal): void {
    if (this.proposal !== null) return;
    this.proposal = proposal;
    this.prepares = Array.from({ length: SERVERS });
    this.accepts = Array.from({ length: SERVERS }, () => false);
    this.ballot = [this.ballot[0] + 1, this.number];
    this.prepares[this.number] = this.accepted;
    this.say(this.peers, { type: 'prepare', ballot: this.ballot });
  }

  #prepared(from: number, accepted: Accepted): void {
    this.prepares[from] = accepted;
    const known = this.prepares.filter((answer) => answer !== undefined);
    if (known.length !== 2) return;
    const latest = known.reduce((one, other) => (one === null || (other !== null && compare(other.ballot, one.ballot) > 0) ? other : one), null);
    const proposal = latest?.proposal ?? this.proposal;
    if (proposal === null) return;
    this.proposal = proposal;
    this.accepted = { ballot: this.ballot, proposal };
    this.accepts[this.number] = true;
    this.say(this.peers, { type: 'accept', ballot: this.ballot, proposal });
  }

  #counted(from: number): void {
    this.accepts[from] = true;
    if (this.accepts.filter(Boolean).length !== 2 || this.proposal === null) return;
    this.isDecided = true;
    this.say(this.peers, { type: 'decided', ballot: this.ballot, proposal: this.proposal });
    this.say(this.proposal.client, { type: 'putOk', request: this.proposal.request });
  }
}

class Client extends Actor implements Machine<Json, Json> {
  awaiting: number | null = null;
  operations = 0;

  override start(): void {
    const value = 'AB'[this.number - SERVERS] ?? '?';
    this.awaiting = this.number;
    this.operations = 1;
    this.say(this.#server(0), { type: 'put', request: this.number, value });
  }

  message(_from: NodeId, json: Json): void {
    const message = json as Message;
    if (message.type === 'putOk' && message.request === this.awaiting) {
      this.awaiting = 2 * this.number;
      this.operations = 2;
      this.say(this.#server(1), { type: 'get', request: this.awaiting });
    } else if (message.type === 'getOk' && message.request === this.awaiting) {
      this.env.trace('got', message.value);
      this.awaiting = null;
      this.operations = 3;
    }
  }

  #server(operation: number): NodeId {
    return this.env.members[(this.number + operation) % SERVERS] ?? '';
  }
}

export const singleDecree = protocol<Json, Json, { readonly none: null }>({
  name: 'single-decree', summary: 'for a comparison of counts', defaults: { none: null },
  create: (env) => (env.members.indexOf(env.self) < SERVERS ? new Server(env) : new Client(env)),
});

/** Whoever gets a value gets the same. */
export const oneValue: Monitor = {
  initial: null,
  concerns: ({ type }) => type === 'trace',
  observe(known, node, happenings) {
    let value = known;
    for (const happening of happenings) {
      if (happening.type !== 'trace') continue;
      if (value !== null && value !== happening.detail) return { known, violation: { claim: 'agreement', because: `${node} got ${JSON.stringify(happening.detail)} after ${JSON.stringify(value)} was got` } };
      value = happening.detail ?? null;
    }
    return { known: value, violation: null };
  },
};

// A log with a fixed leader, the first member: it keeps every claim, and stands still while that member is down.
// The example of docs/write-a-protocol.md; not registered.
// Invariant: a follower's log is a prefix of the leader's durable log, because entries leave the leader only by `send`.
import { protocol } from '../contract.ts';
import type { Command, CommandId, Env, Json, Machine, NodeId, Status } from '../contract.ts';
import { commandsOf, fieldsOf, isNatural } from '../kit/shape.ts';

type Options = { readonly resendMs: number };
const ENVELOPE_BYTES = 100;

class Toy implements Machine<Json, Command> {
  readonly env: Env<Json, Command, Options>;
  readonly leader: NodeId;
  log: Command[] = [];
  known = new Set<CommandId>();
  committed = 0;
  acked = new Map<NodeId, number>(); // the leader's: how much of its log each member holds durably
  sent = new Map<NodeId, number>(); // and how much of it has left for each follower

  constructor(env: Env<Json, Command, Options>) {
    this.env = env;
    this.leader = env.members[0] ?? env.self;
  }

  start(entries: readonly Command[]): void {
    this.add(entries);
    this.env.send(this.leader, { ack: this.log.length }); // each life begins anew: the leader, too, tells itself what survived
    if (this.env.self === this.leader) this.env.setTimer('resend', this.env.options.resendMs);
  }

  commands(batch: readonly Command[]): void {
    const fresh = new Map<CommandId, Command>();
    for (const command of batch) {
      if (this.env.self !== this.leader) this.env.reject(command.id, 'not-leader', this.leader);
      else if (this.env.sizeOf(command) > this.env.maxMessageBytes - ENVELOPE_BYTES) this.env.reject(command.id, 'busy'); // no message holds it
      else if (!this.known.has(command.id)) fresh.set(command.id, command); // a command may come twice
    }
    if (fresh.size > 0) this.store([...fresh.values()]);
  }

  message(from: NodeId, message: Json): void {
    const { ack, after, entries: list, committed } = fieldsOf(message) ?? {}; // anything may arrive: read it, never trust it
    const entries = commandsOf(list);
    if (this.env.self === this.leader && isNatural(ack)) {
      this.acked.set(from, Math.max(ack, this.acked.get(from) ?? 0));
      const sizes = this.env.members.map((id) => this.acked.get(id) ?? 0).sort((a, b) => b - a);
      this.commit(sizes[Math.floor(sizes.length / 2)] ?? 0); // a majority holds so much
    } else if (from === this.leader && entries !== null && isNatural(after) && isNatural(committed) && after <= this.log.length) {
      this.store(entries.slice(this.log.length - after));
      this.commit(committed);
    }
  }

  timer(): void {
    this.sent = new Map(this.acked); // what is not acknowledged by now leaves again
    for (const to of this.env.members) if (to !== this.leader) this.replicate(to);
    this.env.setTimer('resend', this.env.options.resendMs);
  }

  turn(): void {
    if (this.env.self !== this.leader) return;
    for (const to of this.env.members) if (to !== this.leader && (this.sent.get(to) ?? 0) < this.log.length) this.replicate(to);
  }

  status(): Status {
    const { env, leader, log, committed } = this;
    const configurations = [{ slot: 0, members: env.members }];
    return { role: env.self === leader ? 'leader' : 'follower', leader, epoch: 1, lastSlot: log.length, commitSlot: committed, configurations };
  }

  add(entries: readonly Command[]): void {
    for (const command of entries) {
      this.known.add(command.id);
      this.env.place(command.id, { epoch: 1, slot: this.log.push(command) });
    }
  }

  store(entries: readonly Command[]): void {
    this.add(entries);
    this.env.persist(...entries);
    this.env.send(this.leader, { ack: this.log.length }); // leaves once all of it is durable
  }

  replicate(to: NodeId): void {
    const after = this.sent.get(to) ?? 0;
    let end = after;
    for (let bytes = ENVELOPE_BYTES; end < this.log.length; end++) {
      bytes += this.env.sizeOf(this.log[end] ?? null) + 1;
      if (bytes > this.env.maxMessageBytes) break;
    }
    this.sent.set(to, end);
    this.env.send(to, { after, committed: this.committed, entries: this.log.slice(after, end) });
  }

  commit(upTo: number): void {
    for (const command of this.log.slice(this.committed, upTo)) this.env.commit(command, { epoch: 1, slot: ++this.committed });
  }
}

export const toy = protocol<Json, Command, Options>({
  name: 'toy',
  summary: 'a log with a fixed leader, for docs/write-a-protocol.md',
  defaults: { resendMs: 500 },
  create: (env) => new Toy(env),
  epochsRiseWithSlot: true,
});

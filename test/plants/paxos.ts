// Known ways to get Paxos wrong. Those with a scenario fork there; the others in seeded runs, some only with these options.
import type { Plant } from './plant.ts';

export const PAXOS_PLANTS: readonly Plant[] = [
  { error: 'an acceptor accepts below its promise', file: '/node/protocols/paxos/acceptor.ts', options: { leader: 'any' },
    from: 'this.refuse(proposer, ballot);\n      return false;', to: '' },
  { error: 'a promise is not durable', file: '/node/protocols/paxos/acceptor.ts', scenario: 'lost-promise',
    from: "this.env.persist({ type: 'promise', ballot });", to: '' },
  { error: 'an acceptance is not durable', file: '/node/protocols/paxos/acceptor.ts',
    from: "this.env.persist({ type: 'accept', ballot, decidedTo, values: fresh });", to: '' },
  { error: 'a promise drops what was accepted', file: '/node/protocols/paxos/acceptor.ts', options: { leader: 'any' },
    from: 'decided === undefined ? this.votes.get(slot) :', to: 'decided === undefined ? undefined :' },
  { error: 'the last vote to arrive is chosen, not the highest ballot', file: '/node/protocols/paxos/promises.ts', options: { leader: 'any' },
    from: 'known === undefined || (vote.ballot ?? 0) > (known.ballot ?? 0)', to: 'true' },
  { error: 'one acceptor is counted twice', file: '/node/protocols/paxos/proposer.ts',
    from: 'flight.voters.has(from)) continue;\n        flight.voters.add(from);', to: 'flight.voters.size === this.learner.configurations.at(slot).members.length) continue;\n        flight.voters.add(this.learner.configurations.at(slot).members[flight.voters.size] ?? from);' },
  { error: 'a minority decides', file: '/node/protocols/paxos/quorums.ts',
    from: 'count(members, has) >= sizeOf(this.options.q2, members)', to: 'count(members, has) >= 1' },
  { error: 'a partly received promise counts', file: '/node/protocols/paxos/promises.ts', options: { leader: 'any' }, maxMessageBytes: 800,
    from: 'return this.pages.get(acceptor) === null;', to: 'return this.pages.has(acceptor);' },
  { error: 'phase 1 asks one acceptor too few', file: '/node/protocols/paxos/quorums.ts', options: { leader: 'any' },
    from: 'count(members, has) >= sizeOf(this.options.q1, members)', to: 'count(members, has) >= sizeOf(this.options.q1, members) - 1' },
  { error: 'a ballot is begun again after a restart', file: '/node/protocols/paxos/candidacy.ts', scenario: 'new-ballot',
    from: 'Math.max(this.seen, this.acceptor.promised);', to: 'this.proposer.ballot;' },
  { error: 'prepare leaves before the ballot is durable', file: '/node/protocols/paxos/candidacy.ts', scenario: 'durable-ballot',
    from: '    this.prepare(this.env.self);\n    this.prepareOthers();', to: '    this.prepareOthers();\n    this.prepare(this.env.self);' },
  { error: 'a proposer speaks on in a ballot that was superseded', file: '/node/protocols/paxos/learning.ts', scenario: 'superseded',
    from: 'if (!this.proposer.settle(value)) this.lose();', to: 'this.proposer.settle(value);' },
];

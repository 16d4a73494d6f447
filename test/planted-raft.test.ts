// Known ways to get Raft wrong, planted one at a time: the scenario that was written for each must notice.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

type Plant = { readonly error: string; readonly file: string; readonly from: string; readonly to: string; readonly noticed: string };

const PLANTS: readonly Plant[] = [
  { error: 'the vote is forgotten at a restart', noticed: 'restart-vote', file: 'raft/server.ts',
    from: 'this.votedFor = entry.votedFor;', to: '' },
  { error: 'a voter votes twice in a term', noticed: 'split-vote', file: 'raft/elections.ts',
    from: '(this.votedFor === null || this.votedFor === from)', to: 'true' },
  { error: 'a step-down within a term forgets the vote', noticed: 'check-quorum', file: 'raft/elections.ts',
    from: 'if (term > this.currentTerm) this.saveTerm(term, votedFor);', to: 'if (term > this.currentTerm) this.saveTerm(term, votedFor); else this.votedFor = null;' },
  { error: 'a vote goes to a log that is behind', noticed: 'log-check', file: 'raft/elections.ts',
    from: 'const voteGranted = upToDate && free;', to: 'const voteGranted = free;' },
  { error: 'an entry of an older term is committed by counting (figure 8)', noticed: 'figure-8', file: 'raft/replication.ts',
    from: 'if (this.log.termAt(index) === this.currentTerm) this.commitUpTo(index);', to: 'this.commitUpTo(index);' },
  { error: 'an acknowledgement leaves before the entry is durable', noticed: 'durability', file: 'raft/server.ts',
    from: 'this.env.send(this.leader, this.accepted(', to: 'this.env.sendBeforeDurable(this.leader, this.accepted(' },
  { error: 'a vote leaves before it is durable', noticed: 'durability', file: 'raft/elections.ts',
    from: "this.env.send(from, { type: 'requestVoteReply'", to: "this.env.sendBeforeDurable(from, { type: 'requestVoteReply'" },
  { error: 'a vote is asked for before the term is durable', noticed: 'durability', file: 'raft/elections.ts',
    from: "this.env.send(this.peers, this.voteRequest('requestVote'", to: "this.env.sendBeforeDurable(this.peers, this.voteRequest('requestVote'" },
  { error: 'the leader counts itself before its entry is durable', noticed: 'replication', file: 'raft/replication.ts',
    from: 'this.env.send(this.env.self, this.accepted(this.log.lastIndex));', to: 'this.ownMatchIndex = this.log.lastIndex;' },
  { error: 'the tail of the log is acknowledged', noticed: 'refusals', file: 'raft/replication.ts',
    from: 'Math.max(this.verifiedIndex ?? 0, verifiedIndex)', to: 'log.lastIndex' },
  { error: 'the commit index passes what the message verified', noticed: 'refusals', file: 'raft/replication.ts',
    from: 'Math.min(leaderCommit, verifiedIndex)', to: 'Math.min(leaderCommit, log.lastIndex)' },
  { error: 'entries behind a message are removed without a conflict', noticed: 'reordering', file: 'raft/replication.ts',
    from: 'while (known < entries.length && log.termAt(prevLogIndex + known + 1) === entries[known]?.term) known++;', to: '' },
  { error: 'a refusal that comes late lowers matchIndex', noticed: 'refusals', file: 'raft/progress.ts',
    from: 'if (!stale) this.probeFrom(Math.max(this.matchIndex + 1, Math.min(prevLogIndex, retryAt)));', to: 'this.matchIndex = 0; this.probeFrom(Math.min(prevLogIndex, retryAt));' },
  { error: 'a refusal counts as a match', noticed: 'figure-7', file: 'raft/replication.ts',
    from: 'if (!reply.success) progress.refused(', to: 'if (!reply.success) progress.matchIndex = reply.prevLogIndex; if (!reply.success) progress.refused(' },
  { error: 'a retry makes the log grow', noticed: 'replication', file: 'raft/server.ts',
    from: 'if (this.uncommitted.has(command.id)) continue;', to: '' },
  { error: 'a node that returns disturbs the leader', noticed: 'pre-vote', file: 'raft/elections.ts',
    from: ' && !this.hearsLeader()', to: '' },
  { error: 'a leader without a quorum goes on', noticed: 'check-quorum', file: 'raft/replication.ts',
    from: 'if (!this.configurations.hasQuorum((id) => id === this.env.self ||', to: 'if (false && !this.configurations.hasQuorum((id) => id === this.env.self ||' },
  { error: 'an election asks the newest configuration alone', noticed: 'joint-consensus', file: 'raft/elections.ts',
    from: 'return this.configurations.hasQuorum((id) => this.votes.has(id));', to: 'const { members } = this.configurations.latest.configuration; return members.filter((id) => this.votes.has(id)).length * 2 > members.length;' },
  { error: 'the newest configuration alone commits', noticed: 'joint-consensus', file: 'raft/configurations.ts',
    from: 'Math.min(...slots)', to: 'slots.at(-1)' },
  { error: 'a node that joins campaigns', noticed: 'learner', file: 'raft/elections.ts',
    from: 'if (!this.configurations.mayCampaign(this.env.self, this.commitIndex)) {', to: 'if (false) {' },
  { error: 'a configuration counts from its commit on', noticed: 'joint-consensus', file: 'raft/configurations.ts',
    from: 'this.current = this.inForceAt(this.placed.length - 1);\n  }\n\n  /** false', to: 'this.current = this.inForceAt(Math.max(0, this.placed.length - 2));\n  }\n\n  /** false' },
  { error: 'a truncated configuration stays in force', noticed: 'truncated-configuration', file: 'raft/state.ts',
    from: 'if (this.configurations.truncate(from)) this.configured();', to: '' },
  { error: 'a node counts before it has caught up', noticed: 'learner', file: 'raft/changes.ts',
    from: 'joining.nodes.some((id) => this.progressOf(id).matchIndex < joining.upTo)', to: 'false' },
  { error: 'a second change begins before the first is committed', noticed: 'learner', file: 'raft/changes.ts',
    from: 'if (this.joining !== null || latest.slot > this.commitIndex || latest.configuration.old !== undefined) {', to: 'if (false) {' },
  { error: 'a leader that was removed goes on', noticed: 'removed-leader', file: 'raft/changes.ts',
    from: 'this.becomeFollower(this.currentTerm, null);', to: '' },
  { error: 'a leader that is leaving counts itself', noticed: 'removed-leader', file: 'raft/configurations.ts',
    from: 'members.map(heldBy), majorityOf(members.length)', to: "[...members, 'n1'].map(heldBy), majorityOf(members.length)" },
  { error: 'a new leader does not end the change it finds', noticed: 'restart-in-change', file: 'raft/changes.ts',
    from: 'if (latest.configuration.old !== undefined) this.finish();', to: 'if (latest.configuration.old !== undefined) return;' },
  { error: 'who was removed is voted for while there is a leader', noticed: 'restart-in-change', file: 'raft/elections.ts',
    from: 'if (this.hearsLeader() && !this.configurations.includes(from)) return;', to: '' },
];

test.each(PLANTS)('$error: noticed by $noticed', ({ file, from, to, noticed }) => {
  const plant = JSON.stringify({ file: `/node/protocols/${file}`, from, to });
  const output = execFileSync(process.execPath, [join(import.meta.dirname, 'plant.ts'), 'raft', plant], { encoding: 'utf8' });
  expect(JSON.parse(output)).toContain(`${noticed}.txt`);
});

test('without a planted error nothing is noticed, and a text that is not there fails', () => {
  const run = (from: string) => execFileSync(process.execPath, [join(import.meta.dirname, 'plant.ts'), 'raft', JSON.stringify({ file: '/raft/server.ts', from, to: from })], { encoding: 'utf8', stdio: 'pipe' });
  expect(JSON.parse(run('this.votedFor = entry.votedFor;'))).toEqual([]);
  expect(() => run('no such text')).toThrow(/occurs 0 times/);
});

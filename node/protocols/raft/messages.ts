// What Raft's servers say to each other and write to disk, in the paper's names. `from` of the envelope is the paper's
// candidateId and leaderId. Nothing reaches the machine unless its shape is right; what is not reads as null and is dropped.
import { commandOf, membersOf } from '../../clients.ts';
import type { Command, Json } from '../../contract.ts';
import { fieldsOf, isNatural } from '../../kit/shape.ts';
import type { Fields } from '../../kit/shape.ts';
import type { Configuration } from './configurations.ts';

/** A null command: the no-op that begins a term, or C_old,new. */
export type LogEntry = { readonly term: number; readonly command: Command | null; readonly configuration?: Configuration };

/** term of a preVote: the one that the sender would campaign in. */
export type RequestVote = { readonly type: 'preVote' | 'requestVote'; readonly term: number; readonly lastLogIndex: number; readonly lastLogTerm: number };
/** term: of the request when granted, else the voter's own. */
export type RequestVoteReply = { readonly type: 'preVoteReply' | 'requestVoteReply'; readonly term: number; readonly voteGranted: boolean };
export type AppendEntries = {
  readonly type: 'appendEntries'; readonly term: number; readonly prevLogIndex: number; readonly prevLogTerm: number;
  readonly entries: readonly LogEntry[]; readonly leaderCommit: number;
};
/** The log is durable and the same as the leader's up to matchIndex. */
export type Accepted = { readonly type: 'appendEntriesReply'; readonly term: number; readonly success: true; readonly matchIndex: number };
/**
 * The entry at prevLogIndex is not the leader's. conflictTerm: the term that stands there (0: the log is shorter);
 * conflictIndex: where that term begins (or the log ends).
 */
export type Refused = {
  readonly type: 'appendEntriesReply'; readonly term: number; readonly success: false;
  readonly prevLogIndex: number; readonly conflictTerm: number; readonly conflictIndex: number;
};
export type Message = RequestVote | RequestVoteReply | AppendEntries | Accepted | Refused;

/** One record of the durable log. The index of an entry is its place; a truncation removes the entries from an index on. */
export type DiskEntry = LogEntry | { readonly term: number; readonly votedFor: string | null } | { readonly truncateFrom: number };

export function readMessage(json: Json): Message | null {
  const fields = fieldsOf(json);
  if (fields === null || !isNatural(fields['term'])) return null;
  switch (fields['type']) {
    case 'appendEntries':
      return isAppendEntries(fields) ? (fields as unknown as AppendEntries) : null;
    case 'appendEntriesReply':
      return isAppendEntriesReply(fields) ? (fields as unknown as Accepted | Refused) : null;
    case 'preVote':
    case 'requestVote':
      return isNatural(fields['lastLogIndex']) && isNatural(fields['lastLogTerm']) ? (fields as unknown as RequestVote) : null;
    case 'preVoteReply':
    case 'requestVoteReply':
      return typeof fields['voteGranted'] === 'boolean' ? (fields as unknown as RequestVoteReply) : null;
    default:
      return null;
  }
}

function isAppendEntriesReply(fields: Fields): boolean {
  return fields['success'] === true ? isNatural(fields['matchIndex'])
    : fields['success'] === false && isNatural(fields['prevLogIndex']) && isNatural(fields['conflictTerm']) && isNatural(fields['conflictIndex']);
}

/** Terms count from 1, never fall along a log, and none is above the leader's. */
function isAppendEntries(fields: Fields): boolean {
  const { term, prevLogIndex, prevLogTerm, leaderCommit, entries } = fields;
  if (!isNatural(prevLogIndex) || !isNatural(prevLogTerm) || !isNatural(leaderCommit) || !Array.isArray(entries)) return false;
  let lastTerm = Math.max(1, prevLogTerm);
  for (const entry of entries as readonly Json[]) {
    const read = fieldsOf(entry);
    if (read === null || !isNatural(read['term']) || read['term'] < lastTerm) return false;
    if (read['command'] !== null && (read['command'] === undefined || commandOf(read['command']) === null)) return false;
    if (read['configuration'] !== undefined && !isConfiguration(read['configuration'])) return false;
    lastTerm = read['term'];
  }
  return entries.length === 0 || lastTerm <= (term as number);
}

function isConfiguration(value: Json): boolean {
  const fields = fieldsOf(value);
  if (fields === null || !isMembers(fields['members'])) return false;
  const { old, change } = fields;
  return old === undefined ? change === undefined : isMembers(old) && change !== undefined && commandOf(change) !== null;
}

function isMembers(value: Json | undefined): boolean {
  const members = membersOf(value);
  return members !== null && members.length > 0;
}

// The messages of the repaired variants, in the seed's form: one key names the message. What has another shape reads as null.
import type { Command, Json } from '../../contract.ts';
import { commandsOf, fieldsOf, isNatural, listOf } from '../../kit/shape.ts';
import { proposalOf, refOf } from './chain.ts';
import type { Consensus, Ref } from './chain.ts';

/** A round and who leads it: what is promised, and what a ProtoConsensus is ranked by. */
export type Ballot = { readonly round: number; readonly leader: string };
/** The end of a chain. */
export type Head = Ballot & { readonly hash: string };

export const NO_BALLOT: Ballot = { round: 0, leader: '' };

/** By round; two leaders of one round, which only a change of membership can bring, by address. */
export function isBelow(a: Ballot, b: Ballot): boolean {
  return a.round < b.round || (a.round === b.round && a.leader < b.leader);
}

export function ballotOf({ round, leader }: Ballot): Ballot {
  return { round, leader };
}

export type Message =
  | { readonly hello: { readonly round: number; readonly confirmed: Ref } }
  | { readonly report: { readonly round: number; readonly accepted: Head } }
  | { readonly forward: { readonly round: number; readonly last_consensus: Ref; readonly log_entries: readonly Command[] } }
  | { readonly protoconsensus: Consensus }
  | { readonly vote: { readonly round: number; readonly voter: string; readonly hash: string } }
  | { readonly refusal: { readonly round: number; readonly accepted: Head } }
  | { readonly consensus: Consensus }
  | { readonly ack: { readonly round: number; readonly voter: string; readonly hash: string } }
  | { readonly confirmation: Ref }
  | { readonly fetch: { readonly round: number; readonly from: readonly Ref[]; readonly to: Ref | null } }
  | { readonly catchup: { readonly round: number; readonly to: Ref | null; readonly consensuses: readonly Consensus[]; readonly confirmed: Ref; readonly left: number } };

/** The named message as this reads it, or null. */
function readerOf<T>(name: string, read: (fields: { readonly [key: string]: Json | undefined }, value: Json) => T | null): (message: Json) => T | null {
  return (message) => {
    const value = fieldsOf(message)?.[name];
    const fields = fieldsOf(value);
    return fields === null || value === undefined ? null : read(fields, value);
  };
}

function headOf(value: Json | undefined): Head | null {
  const ref = refOf(value);
  const leader = fieldsOf(value)?.['leader'];
  return ref === null || typeof leader !== 'string' ? null : { round: ref.round, leader, hash: ref.hash };
}

export const helloOf = readerOf('hello', ({ round, confirmed }) => {
  const ref = refOf(confirmed);
  return isNatural(round) && ref !== null ? { round, confirmed: ref } : null;
});

/** Also of a refusal: both say what their sender has accepted. */
const acceptedOf = ({ round, accepted }: { readonly [key: string]: Json | undefined }) => {
  const head = headOf(accepted);
  return isNatural(round) && head !== null ? { round, accepted: head } : null;
};
export const reportOf = readerOf('report', acceptedOf);
export const refusalOf = readerOf('refusal', acceptedOf);

export const forwardOf = readerOf('forward', ({ round, log_entries: entries }) => {
  const commands = commandsOf(entries);
  return isNatural(round) && commands !== null ? { round, commands } : null;
});

export const protoOf = readerOf('protoconsensus', (_, value) => proposalOf(value));
export const publishedOf = readerOf('consensus', (_, value) => proposalOf(value));

const answerOf = ({ round, voter, hash }: { readonly [key: string]: Json | undefined }) => (
  isNatural(round) && typeof voter === 'string' && typeof hash === 'string' ? { round, voter, hash } : null);
export const voteOf = readerOf('vote', answerOf);
export const ackOf = readerOf('ack', answerOf);

export const confirmationOf = readerOf('confirmation', (_, value) => refOf(value));

export const fetchOf = readerOf('fetch', ({ from, to }) => {
  const known = listOf(from, refOf);
  const wanted = to === null || to === undefined ? null : refOf(to);
  return known === null || (wanted === null && to !== null) ? null : { from: known, to: wanted };
});

export const catchupOf = readerOf('catchup', ({ to, consensuses, confirmed, left }) => {
  const list = listOf(consensuses, proposalOf);
  const ref = refOf(confirmed);
  return list === null || ref === null || !isNatural(left) ? null : { to: refOf(to), consensuses: list, confirmed: ref, left };
});

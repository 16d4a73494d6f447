// What must hold in every state, over what the machines say. What happened is part of a state as far as it matters for what may
// happen: the value that was first committed at each slot, by whichever node and life, and who led each epoch. So a fork is seen
// also when nobody remembers the other side of it.
import type { Claim, Json } from '../../node/contract.ts';
import type { Happening } from './life.ts';

export type Violation = {
  /** null: the contract itself is broken. */
  readonly claim: Claim | null;
  readonly because: string;
};

export interface Monitor {
  readonly initial: Json;
  /** Whether this can change what it knows. */
  concerns(happening: Happening): boolean;
  /** What is known after this happened at a node. Pure. */
  observe(known: Json, node: string, happenings: readonly Happening[]): { readonly known: Json; readonly violation: Violation | null };
}

type Known = { readonly decided: { readonly [slot: number]: string }; readonly leaders: { readonly [epoch: number]: string } };

const NOTHING: Known = { decided: {}, leaders: {} };

/** Agreement, validity and one leader per epoch; an acknowledged command that is lost is a disagreement with what was committed. */
export function safetyMonitor(commands: readonly string[]): Monitor {
  return {
    initial: NOTHING,
    concerns: (happening) => happening.type === 'committed' || (happening.type === 'status' && happening.status.role === 'leader'),
    observe(json, node, happenings) {
      let known = json as Known;
      for (const happening of happenings) {
        if (happening.type === 'committed') {
          const { command, at: { slot, epoch } } = happening;
          const value = `${command?.id ?? 'no command'} of epoch ${epoch}`;
          const before = known.decided[slot];
          if (command !== null && !commands.includes(command.id)) return { known, violation: { claim: 'validity', because: `${node} commits ${value} at slot ${slot}, which no client asked for` } };
          if (before === undefined) known = { ...known, decided: { ...known.decided, [slot]: value } };
          else if (before !== value) return { known, violation: { claim: 'agreement', because: `slot ${slot}: ${node} commits ${value}, after ${before} was committed there` } };
        } else if (happening.type === 'status') {
          const { epoch } = happening.status;
          const before = known.leaders[epoch];
          if (before === undefined) known = { ...known, leaders: { ...known.leaders, [epoch]: node } };
          else if (before !== node) return { known, violation: { claim: 'one-leader-per-epoch', because: `epoch ${epoch}: ${node} leads, after ${before} did` } };
        }
      }
      return { known, violation: null };
    },
  };
}

// What was chosen, as data that can be kept in a file and done again (conversation.ts).
import type { CommandId, Json, NodeId } from '../../node/contract.ts';
import type { Locals } from './locals.ts';
import type { Move } from './successors.ts';

/** flush: at the how many-th flush that follows from the input, from 0 on; keep: so many of the writes that were pending then. */
export type CrashPoint = { readonly flush: number; readonly keep: number };

/** disk: stays behind from here on. crash: inside what follows from the input. */
type How = { readonly disk?: 'slow'; readonly crash?: CrashPoint };

export type Choice = { readonly node: NodeId } & (
  | { readonly do: 'deliver'; readonly from: NodeId; readonly message: Json } & How
  | { readonly do: 'fire'; readonly timer: string } & How
  | { readonly do: 'submit'; readonly command: CommandId } & How
  | { readonly do: 'flush'; readonly crash?: CrashPoint }
  | { readonly do: 'restart'; readonly keep: number });

export function choiceOf(move: Move, locals: Locals): Choice {
  const node = locals.setting.nodes[move.node] ?? '';
  const how: How = {
    ...(move.how === 'slow' ? { disk: 'slow' } : {}),
    ...(move.how === 'crash' ? { crash: { flush: move.crash.flush, keep: move.crash.keep } } : {}),
  };
  const input = locals.inputs[move.input];
  if (input === undefined) return { node, do: 'restart', keep: how.crash?.keep ?? 0 };
  switch (input.type) {
    case 'message':
      return { node, do: 'deliver', from: input.from, message: JSON.parse(input.text) as Json, ...how };
    case 'timer':
      return { node, do: 'fire', timer: input.name, ...how };
    case 'command':
      return { node, do: 'submit', command: input.command.id, ...how };
    case 'flush':
      return { node, do: 'flush', ...(how.crash === undefined ? {} : { crash: how.crash }) };
  }
}

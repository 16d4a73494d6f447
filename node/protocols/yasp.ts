// Yet Another Simple Paxos: rounds are led in turn (round mod N), a leader first reads what a quorum holds and imposes it,
// then proposes. Each process has four processors, in files of their own: message handler (machine.ts), consensus handler,
// leader handler, follower handler; what one waits for is a field of it and has a timer. `safe` keeps every claim; `literal` is the origin's
// algorithm, which can fork. docs/protocols/yasp.md says what differs.
import { protocol } from '../contract.ts';
import type { Json } from '../contract.ts';
import { LiteralMachine } from './yasp/literal/machine.ts';
import { claims, DEFAULTS, expected, leadership, resolve } from './yasp/options.ts';
import type { Options } from './yasp/options.ts';
import { SafeMachine } from './yasp/safe/machine.ts';
import type { Entry } from './yasp/safe/messages.ts';

export const yasp = protocol<Json, Entry, Options>({
  name: 'yasp',
  summary: 'Yet Another Simple Paxos: leaders in turn, each reads and imposes before it proposes; variant: safe | literal (can fork)',
  defaults: DEFAULTS,
  create: (env) => (env.options.variant === 'literal' ? new LiteralMachine(env) : new SafeMachine(env)),
  claims,
  resolve,
  leadership,
  expected,
  advice: () => [{ options: { interval: 0 }, because: 'a leader that stays until it fails' }],
});

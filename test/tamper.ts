// Protocols with something wrong around them: a network that speaks nonsense, an author who broke a rule of the contract.
// The protocol itself is not touched, so every test here fits every protocol.
import { jsonValue, sample } from 'fast-check';
import type { AnyProtocol, Env, Json, Machine } from '../node/contract.ts';
import { randomStream } from '../node/kit/random.ts';

type AnyEnv = Env<Json, Json, Json>;
type AnyMachine = Machine<Json, Json>;

function around(protocol: AnyProtocol, create: (env: AnyEnv) => AnyMachine): AnyProtocol {
  return { ...protocol, create };
}

/** The same machine with some of its handlers replaced. */
function wrapped(machine: AnyMachine, handlers: Partial<AnyMachine>): AnyMachine {
  return {
    start: (entries) => machine.start(entries),
    message: (from, message) => machine.message(from, message),
    timer: (name) => machine.timer(name),
    commands: (batch) => machine.commands(batch),
    turn: () => machine.turn?.(),
    status: () => machine.status(),
    ...(machine.routes === undefined ? {} : { routes: machine.routes }),
    ...handlers,
  };
}

/** Before every message that arrives come a copy of it in which one part has the wrong type, and some JSON at random. */
export function amongNonsense(protocol: AnyProtocol, seed: string): AnyProtocol {
  const anything = sample(jsonValue(), { numRuns: 500, seed: 1 }) as Json[];
  const random = randomStream(seed, 'nonsense');
  const drawn = () => anything[Math.floor(random() * anything.length)] ?? null;
  return around(protocol, (env) => {
    const machine = protocol.create(env) as AnyMachine;
    return wrapped(machine, {
      message: (from, message) => {
        if (from !== env.self) {
          machine.message(from, damaged(message, random));
          machine.message(from, drawn());
        }
        machine.message(from, message);
      },
    });
  });
}

/** One part, chosen at random, replaced by a value of another type or left out. */
export function damaged(value: Json, random: () => number): Json {
  if (typeof value !== 'object' || value === null || random() < 0.2) return ofAnotherType(value, random);
  const keys = Object.keys(value);
  const chosen = keys[Math.floor(random() * keys.length)];
  if (chosen === undefined) return ofAnotherType(value, random);
  const part = (value as { readonly [key: string]: Json })[chosen] ?? null;
  if (Array.isArray(value)) return (value as readonly Json[]).map((element, index) => (String(index) === chosen ? damaged(part, random) : element));
  const { [chosen]: _, ...rest } = value as { readonly [key: string]: Json };
  return random() < 0.3 ? rest : { ...rest, [chosen]: damaged(part, random) };
}

function ofAnotherType(value: Json, random: () => number): Json {
  // Where null may stand, a text may be meant: the part would be a lie and not nonsense.
  const others: readonly Json[] = [true, -1.5, ...(value === null ? [] : ['nonsense']), ['nonsense'], { nonsense: 1 }];
  const kind = (json: Json) => (Array.isArray(json) ? 'list' : typeof json);
  const fitting = others.filter((other) => kind(other) !== kind(value) || value === null);
  return fitting[Math.floor(random() * fitting.length)] ?? null;
}

/** A broken rule of the contract: everything leaves at once, as if every entry were durable when it is persisted. */
export function answeringBeforeDurable(protocol: AnyProtocol): AnyProtocol {
  return around(protocol, (env) => {
    let entries: Json[] = [];
    const machine = protocol.create({ ...env, persist: (...more: Json[]) => entries.push(...more) }) as AnyMachine;
    return wrapped(machine, {
      turn: () => {
        machine.turn?.();
        env.persist(...entries);
        entries = [];
      },
    });
  });
}

/** A broken rule of the contract: this node counts entries that it never persisted. */
export function persistingNothingAt(protocol: AnyProtocol, node: string): AnyProtocol {
  return around(protocol, (env) => protocol.create(env.self === node ? { ...env, persist: () => undefined } : env) as AnyMachine);
}

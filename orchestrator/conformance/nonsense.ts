// A network that speaks nonsense around a protocol that is not touched: before every message that arrives come a copy of it in
// which one part has the wrong type, and some JSON at random. It fits every protocol.
import type { AnyProtocol, Env, Json, Machine } from '../../node/contract.ts';
import { randomStream } from '../../node/kit/random.ts';

type AnyMachine = Machine<Json, Json>;

const MAX_DEPTH = 4;
const TEXTS = ['', 'n1', 'c1:1', '__proto__', 'nonsense', '\u0000', '0', 'true'];
const NUMBERS = [0, 1, -1, 2, 1.5, 1e9, -1e9, Number.MAX_SAFE_INTEGER, 1e308];

export function amongNonsense(protocol: AnyProtocol, seed: string): AnyProtocol {
  const random = randomStream(seed, 'nonsense');
  return {
    ...protocol,
    create: (env: Env<Json, Json, Json>) => {
      const machine = protocol.create(env) as AnyMachine;
      return {
        start: (entries) => machine.start(entries),
        timer: (name) => machine.timer(name),
        commands: (batch) => machine.commands(batch),
        turn: () => machine.turn?.(),
        status: () => machine.status(),
        ...(machine.routes === undefined ? {} : { routes: machine.routes }),
        message: (from, message) => {
          if (from !== env.self) {
            machine.message(from, damaged(message, random));
            machine.message(from, anything(random, MAX_DEPTH));
          }
          machine.message(from, message);
        },
      } satisfies AnyMachine;
    },
  };
}

function oneOf<T extends Json>(items: readonly T[], random: () => number): T | null {
  return items[Math.floor(random() * items.length)] ?? null;
}

function anything(random: () => number, depth: number): Json {
  const draw = random();
  if (depth === 0 || draw < 0.6) return oneOf<Json>([null, true, false, oneOf(TEXTS, random), oneOf(NUMBERS, random), random()], random);
  const parts = Array.from({ length: Math.floor(random() * 5) }, () => anything(random, depth - 1));
  return draw < 0.8 ? parts : Object.fromEntries(parts.map((part, index) => [oneOf(TEXTS, random) ?? `key${index}`, part]));
}

/** One part, chosen at random, replaced by a value of another type or left out. */
export function damaged(value: Json, random: () => number): Json {
  if (typeof value !== 'object' || value === null || random() < 0.2) return ofAnotherType(value, random);
  const keys = Object.keys(value);
  const chosen = oneOf(keys, random);
  if (chosen === null) return ofAnotherType(value, random);
  const part = (value as { readonly [key: string]: Json })[chosen] ?? null;
  if (Array.isArray(value)) return (value as readonly Json[]).map((element, index) => (String(index) === chosen ? damaged(part, random) : element));
  const { [chosen]: _, ...rest } = value as { readonly [key: string]: Json };
  return random() < 0.3 ? rest : { ...rest, [chosen]: damaged(part, random) };
}

function ofAnotherType(value: Json, random: () => number): Json {
  // Where null may stand, a text may be meant: the part would be a lie and not nonsense.
  const others: readonly Json[] = [true, -1.5, ...(value === null ? [] : ['nonsense']), ['nonsense'], { nonsense: 1 }];
  const kind = (json: Json) => (Array.isArray(json) ? 'list' : typeof json);
  return oneOf(others.filter((other) => kind(other) !== kind(value) || value === null), random);
}

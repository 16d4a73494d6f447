// Protocols whose author broke a rule of the contract. The protocol itself is not touched, so each fits every protocol.
import type { AnyProtocol, Env, Json, Machine, NodeId } from '../node/contract.ts';

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

/** The same rule broken by what it tells others alone; the machine is the protocol's own, and an explorer sees its state. */
export function tellingBeforeDurable(protocol: AnyProtocol): AnyProtocol {
  return around(protocol, (env) => {
    const send = env.send.bind(env);
    const sendBeforeDurable = env.sendBeforeDurable.bind(env);
    return protocol.create(Object.assign(env, { send: (to: NodeId | readonly NodeId[], message: Json) => (to === env.self ? send(to, message) : sendBeforeDurable(to, message)) })) as AnyMachine;
  });
}

// Calls of code that is not the lab's own. What a plug-in throws is no bug of the lab: it is thrown on as an error that names
// the plug-in. The lab's own protocols are called without: what they throw is a bug.
import type { AnyProtocol } from './contract.ts';

/** What is thrown instead of the error of a member ('create'). */
export type Blame = (member: string, error: unknown) => unknown;
type Method = (...args: readonly unknown[]) => unknown;

/** `object[member]`, called on the object itself. result: sees what it returned, gives what is returned instead, may throw. */
export function guardedMethod(object: object, member: string, blame: Blame, result: (returned: unknown) => unknown = (returned) => returned): Method {
  const method = (object as { readonly [name: string]: Method })[member] as Method;
  return (...args) => {
    try {
      return result(method.apply(object, [...args]));
    } catch (error) {
      throw blame(member, error);
    }
  };
}

/** A copy of the object with those of these members guarded that it has; they are called on the object itself. */
export function guardedObject<T extends object>(object: T, members: readonly string[], blame: Blame, results: { readonly [member: string]: (returned: unknown) => unknown } = {}): T {
  const there = members.filter((member) => typeof (object as { readonly [name: string]: unknown })[member] === 'function');
  const guarded = there.map((member) => [member, { value: guardedMethod(object, member, blame, results[member]), enumerable: true }]);
  return Object.create(Object.getPrototypeOf(object) as object, { ...Object.getOwnPropertyDescriptors(object), ...Object.fromEntries(guarded) as PropertyDescriptorMap }) as T;
}

/** Throws when a member is no function: `what` it would be with all of them. */
export function withMethods(value: unknown, members: readonly string[], what: string): object {
  if (typeof value !== 'object' || value === null) throw new Error(`it returns ${value === null ? 'null' : typeof value}, which is no ${what}`);
  const missing = members.find((member) => typeof (value as { readonly [name: string]: unknown })[member] !== 'function');
  if (missing !== undefined) throw new Error(`what it returns is no ${what}: it has no ${missing}()`);
  return value;
}

const HANDLERS = ['start', 'message', 'timer', 'commands', 'status'];

/** What a machine calls of the lab may fail for want of a disk: that is not its fault. */
function isOfTheSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** The protocol of a plug-in, with all that the lab calls of it and of its machines. */
export function guardedProtocol(protocol: AnyProtocol, blame: Blame): AnyProtocol {
  const running: Blame = (member, error) => (isOfTheSystem(error) ? error : blame(member, error));
  // In place: a machine stays what its author made, with all its fields.
  const machine = (created: unknown): unknown => {
    const made = withMethods(created, HANDLERS, 'machine');
    const handlers = [...HANDLERS, ...('turn' in made ? ['turn'] : [])];
    for (const member of handlers) Object.defineProperty(made, member, { value: guardedMethod(made, member, running), writable: true, configurable: true });
    return made;
  };
  return guardedObject(protocol, ['create', 'claims', 'resolve', 'leadership', 'expected', 'longestPeriodMs', 'tick'], running, { create: machine });
}

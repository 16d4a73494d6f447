// Assertions state bugs of the lab or of a protocol, and stay on.

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion: ${message}`);
}

// Finds a command that is in the log already, so that a retry does not make the log grow. It covers what is stored and not
// yet applied: an applied command is answered from the client's session and never reaches a machine again.
import type { Command, CommandId } from '../contract.ts';

export class CommandIndex {
  slots = new Map<CommandId, number>();

  /** A null command is a no-op, which nobody repeats. */
  add(command: Command | null, slot: number): void {
    if (command !== null) this.slots.set(command.id, slot);
  }

  has(id: CommandId): boolean {
    return this.slots.has(id);
  }

  /** It is applied at this slot, or the slot was overwritten. Where the same command stands at another slot, it stays known. */
  remove(command: Command | null, slot: number): void {
    if (command !== null && this.slots.get(command.id) === slot) this.slots.delete(command.id);
  }

  clear(): void {
    this.slots.clear();
  }
}

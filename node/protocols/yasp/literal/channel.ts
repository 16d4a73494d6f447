// What waits for a processor, in order of arrival. A read is checked against the processor's round and seq, as the origin's is.
import type { NodeId } from '../../../contract.ts';
import type { Message } from './messages.ts';

export type Letter = { readonly from: NodeId; readonly message: Message };

/** No write blocks: beyond it a message is lost. */
const CAPACITY = 64;

export class Channel {
  letters: Letter[] = [];

  write(letter: Letter): void {
    if (this.letters.length < CAPACITY) this.letters.push(letter);
  }

  /**
   * Passes over older rounds. 'mismatch': another seq, or a newer round, whose message is put back; it ends the work of the reader's round.
   * null: nothing is there.
   */
  read(round: number, seq: number): Letter | 'mismatch' | null {
    for (let letter = this.letters.shift(); letter !== undefined; letter = this.letters.shift()) {
      const { message } = letter;
      if (message.round < round) continue;
      if (message.round > round) this.letters.push(letter);
      return message.round === round && message.seq === seq ? letter : 'mismatch';
    }
    return null;
  }
}

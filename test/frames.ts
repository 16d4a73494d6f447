// Frames for fuzzing: those that a simulated cluster really sent, and what may become of one on its way or in bad hands.
import type { AnyProtocol, Json } from '../node/contract.ts';
import { decodeFrame, encodeFrames } from '../node/wire.ts';
import type { Bytes, Part } from '../node/wire.ts';
import { register } from '../orchestrator/workloads/register.ts';
import { createSimulator } from '../orchestrator/simulate.ts';
import { nodeBytes } from './bytes.ts';
import { damaged } from '../orchestrator/conformance/nonsense.ts';
import { planOf } from '../orchestrator/conformance/trial.ts';
import type { Scene } from '../orchestrator/conformance/trial.ts';

export type Sent = { readonly frame: Uint8Array; readonly part: Part };

/** Every frame that arrived in a run of this protocol, in order, with links that lose some and an election or two. */
export async function sentFrames(protocol: AnyProtocol, scene: Scene): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  const recording: Bytes = {
    ...nodeBytes,
    // Whoever decodes a frame asks for the checksum of all that follows its own.
    crc32: (bytes) => {
      const frame = new Uint8Array(bytes.buffer, bytes.byteOffset - 8, bytes.length + 8).slice();
      const part = decodeFrame(frame, nodeBytes);
      if (typeof part !== 'string') sent.push({ frame, part });
      return nodeBytes.crc32(bytes);
    },
  };
  const simulator = createSimulator(recording, () => Promise.resolve(), { protocols: [protocol], workloads: [register] });
  await simulator.run(planOf(protocol, scene), { emit: () => undefined, stop: { requested: false }, folder: '', progress: () => undefined });
  return sent;
}

/** Some bits flipped, bytes cut off or added: its checksum tells. */
export function damagedFrame(frame: Uint8Array, random: () => number): Uint8Array {
  const below = (end: number) => Math.floor(random() * end);
  const copy = random() < 0.2 ? frame.slice(0, below(frame.length)) : random() < 0.1 ? new Uint8Array([...frame, ...frame.subarray(0, below(40))]) : frame.slice();
  for (let flips = 1 + below(4); flips > 0 && copy.length > 0; flips--) {
    const bit = below(copy.length * 8);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  // Two flips of one bit undo each other.
  return copy.length === frame.length && copy.every((byte, index) => byte === frame[index]) ? frame.slice(1) : copy;
}

/** A frame in which everything is right but the JSON: a part of it has another type, or is missing; and it may be cut into parts. */
export function forgedFrame({ part }: Sent, to: Pick<Part, 'run' | 'from' | 'to'>, random: () => number): Uint8Array {
  const text = new TextDecoder().decode(part.chunk);
  let json: Json | null = null;
  try {
    json = damaged(JSON.parse(text) as Json, random);
  } catch {
    // A part of a larger message is forged as it is.
  }
  const body = nodeBytes.encode(json === null ? text : JSON.stringify(json));
  const header = { ...to, kind: random() < 0.9 ? part.kind : 'command', life: part.life } as const;
  const frames = encodeFrames(header, Math.floor(random() * 2 ** 32), body, random() < 0.1 ? 256 : 1_400, nodeBytes);
  return frames[Math.floor(random() * frames.length)] as Uint8Array;
}

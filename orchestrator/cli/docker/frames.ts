// What a container or an exec without a terminal writes comes over one connection in frames: 8 bytes of header (stream number,
// three zeros, length as big-endian u32), then the bytes. A frame may arrive in pieces.

export type Frames = (chunk: Buffer) => void;

const HEADER_BYTES = 8;
const STDERR = 2;

/** Calls back with the bytes of each stream as they come. Throws for what is no frame. */
export function openFrames(stdout: (bytes: Buffer) => void, stderr: (bytes: Buffer) => void): Frames {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const stream = rest.readUInt8(0);
      if (stream > STDERR || rest.readUIntBE(1, 3) !== 0) throw new Error('assertion: no frame of a container');
      const end = HEADER_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) return;
      (stream === STDERR ? stderr : stdout)(rest.subarray(HEADER_BYTES, end));
      rest = rest.subarray(end);
    }
  };
}

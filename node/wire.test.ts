// The frame codec: what is sent arrives whole, what was damaged is told apart, memory is bounded.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeBytes } from '../test/bytes.ts';
import { bytesUnder } from './host/bytes.ts';
import { decodeBody, decodeFrame, encodeFrames, MAC_BYTES, Reassembler, utf8Bytes } from './wire.ts';
import type { Header, Part } from './wire.ts';

const header: Header = { run: 'r1', from: 'n1', to: 'n2', life: 3, kind: 'message' };

function framesOf(text: string, frameBytes = 200): readonly Uint8Array[] {
  return encodeFrames(header, 7, nodeBytes.encode(JSON.stringify(text)), frameBytes, nodeBytes);
}

function partOf(frame: Uint8Array): Part {
  const part = decodeFrame(frame, nodeBytes);
  if (typeof part === 'string') throw new Error(part);
  return part;
}

describe('frames', () => {
  test('a message of any size and text arrives whole, whatever the order of its frames', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), fc.infiniteStream(fc.nat()), (text, order) => {
      const frames = [...framesOf(text)].sort(() => ((order.next().value as number) % 3) - 1);
      const reassembler = new Reassembler(60_000);
      const bodies = frames.map((frame) => reassembler.add(partOf(frame), 0)).filter((body) => body !== null);
      expect(bodies).toHaveLength(1);
      expect(decodeBody(bodies[0] as Uint8Array, nodeBytes)).toBe(text);
      expect(reassembler.begun.size).toBe(0);
    }));
  });

  test('the header comes back, and no frame is longer than it may be', () => {
    const frames = framesOf('x'.repeat(5000));
    expect(frames.length).toBeGreaterThan(20);
    expect(Math.max(...frames.map((frame) => frame.length))).toBe(200);
    expect(partOf(frames[2] as Uint8Array)).toMatchObject({ ...header, frame: 9, part: 2, parts: frames.length });
  });

  test('every single flipped bit is found', () => {
    const [frame] = framesOf('a vote');
    for (let bit = 0; bit < (frame as Uint8Array).length * 8; bit++) {
      const damaged = (frame as Uint8Array).slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(typeof decodeFrame(damaged, nodeBytes), `bit ${bit}`).toBe('string');
    }
  });

  test('a frame that was changed anywhere is never taken for another one', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 150 }), fc.array(fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }), { maxLength: 5 }), fc.integer({ min: -12, max: 12 }), (text, changes, longer) => {
      const [frame] = framesOf(text) as readonly [Uint8Array];
      const changed = new Uint8Array(Math.max(0, frame.length + longer));
      changed.set(frame.subarray(0, changed.length));
      for (const { at, byte } of changes) changed[at % Math.max(1, changed.length)] = byte;
      const part = decodeFrame(changed, nodeBytes);
      if (typeof part !== 'string') expect(Buffer.from(changed).equals(Buffer.from(frame))).toBe(true);
    }), { seed: 8, numRuns: 3_000 });
  });

  test('of frames that are lost, doubled and mixed, only whole messages come out, each as it was sent', () => {
    let whole = 0;
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary', minLength: 200, maxLength: 400 }), { minLength: 1, maxLength: 3 }), fc.array(fc.nat(), { minLength: 20, maxLength: 80 }), (texts, draws) => {
      const frames = texts.flatMap((text, index) => encodeFrames(header, index * 1_000, nodeBytes.encode(JSON.stringify(text)), 200, nodeBytes));
      const reassembler = new Reassembler(60_000);
      for (const draw of draws) {
        const body = reassembler.add(partOf(frames[draw % frames.length] as Uint8Array), 0);
        if (body === null) continue;
        whole++;
        expect(texts).toContain(body === 'oversized' ? body : decodeBody(body, nodeBytes));
      }
    }), { seed: 9, numRuns: 300 });
    expect(whole).toBeGreaterThan(100);
  });

  test('random bytes are never a message', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(typeof decodeFrame(bytes, nodeBytes)).toBe('string');
    }));
  });

  test('a truncated frame is corrupt', () => {
    const [frame] = framesOf('a vote');
    for (let length = 20; length < (frame as Uint8Array).length; length++) expect(decodeFrame((frame as Uint8Array).subarray(0, length), nodeBytes)).toBe('corrupt');
  });
});

describe('a run with a secret', () => {
  const signed = bytesUnder('the secret of this run');
  const [plain] = framesOf('a vote');
  const own = encodeFrames(header, 7, nodeBytes.encode('"a vote"'), 200, signed)[0] as Uint8Array;

  test('signed frames come back whole, and none is longer than it may be', () => {
    const frames = encodeFrames(header, 7, nodeBytes.encode(JSON.stringify('x'.repeat(5000))), 200, signed);
    expect(Math.max(...frames.map((frame) => frame.length))).toBe(200);
    const reassembler = new Reassembler(60_000);
    const bodies = frames.map((frame) => reassembler.add(decodeFrame(frame, signed) as Part, 0));
    expect(decodeBody(bodies.at(-1) as Uint8Array, signed)).toBe('x'.repeat(5000));
  });

  test('a frame without a MAC, or under another secret, is foreign', () => {
    expect(decodeFrame(plain as Uint8Array, signed)).toBe('foreign');
    expect(decodeFrame(encodeFrames(header, 7, nodeBytes.encode('1'), 200, bytesUnder('the secret of another run'))[0] as Uint8Array, signed)).toBe('foreign');
    expect(decodeFrame(own, nodeBytes)).toBe('foreign');
  });

  test('no change of a signed frame is taken, even with its checksum made right again', () => {
    for (let bit = 0; bit < own.length * 8; bit++) {
      const changed = own.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(typeof decodeFrame(changed, signed), `bit ${bit}`).toBe('string');
      const kind = changed[3] as number;
      const crc = (nodeBytes.crc32(changed.subarray(8, changed.length - MAC_BYTES)) ^ kind) >>> 0;
      new DataView(changed.buffer).setUint32(4, crc);
      if (bit >> 3 < 4 || bit >> 3 >= 8) expect(typeof decodeFrame(changed, signed), `bit ${bit}`).toBe('string');
    }
  });

  test('a frame cut short is never taken', () => {
    for (let length = 0; length < own.length; length++) expect(typeof decodeFrame(own.subarray(0, length), signed)).toBe('string');
  });
});

describe('reassembly', () => {
  test('a lost frame loses the message, and its memory is bounded', () => {
    const reassembler = new Reassembler(60_000);
    for (let message = 0; message < 100; message++) {
      const frames = encodeFrames(header, message * 100, nodeBytes.encode('y'.repeat(500)), 200, nodeBytes);
      for (const frame of frames.slice(1)) expect(reassembler.add(partOf(frame), message)).toBeNull();
    }
    expect(reassembler.begun.size).toBe(reassembler.maxMessages);
  });

  test('a begun message is given up after its time', () => {
    const reassembler = new Reassembler(60_000);
    const frames = framesOf('z'.repeat(500));
    reassembler.add(partOf(frames[0] as Uint8Array), 0);
    reassembler.add(partOf(encodeFrames(header, 900, nodeBytes.encode('w'.repeat(500)), 200, nodeBytes)[0] as Uint8Array), reassembler.maxAgeMs + 1);
    expect(reassembler.begun.size).toBe(1);
  });

  test('a duplicated frame counts once', () => {
    const reassembler = new Reassembler(60_000);
    const [first, ...rest] = framesOf('v'.repeat(300)).map(partOf);
    expect(reassembler.add(first as Part, 0)).toBeNull();
    expect(reassembler.add(first as Part, 0)).toBeNull();
    expect(rest.map((part) => reassembler.add(part, 0)).at(-1)).not.toBeNull();
  });

  test('a message above the limit is refused', () => {
    const reassembler = new Reassembler(1000);
    const results = framesOf('u'.repeat(3000)).map((frame) => reassembler.add(partOf(frame), 0));
    expect(results).toContain('oversized');
    expect(results.every((result) => result === null || result === 'oversized')).toBe(true);
  });
});

describe('bodies', () => {
  const nested = (depth: number) => nodeBytes.encode(`${'[{"a":'.repeat(depth / 2)}"${'['.repeat(3000)}"${'}]'.repeat(depth / 2)}`);

  test('one so deep that it could not be written again is none', () => {
    expect(decodeBody(nested(2_002), nodeBytes)).toBeUndefined();
    expect(decodeBody(nodeBytes.encode(`[${'[],'.repeat(100)}${'['.repeat(9_000)}${']'.repeat(9_001)}`), nodeBytes)).toBeUndefined();
  });

  test('a deep one that can be written again is taken, and so is a long flat one', () => {
    expect(JSON.stringify(decodeBody(nested(2_000), nodeBytes))).toHaveLength(nested(2_000).length);
    const flat = JSON.stringify(Array.from({ length: 5_000 }, (_, index) => ({ [`"\\[${index}`]: [] })));
    expect(JSON.stringify(decodeBody(nodeBytes.encode(flat), nodeBytes))).toBe(flat);
  });
});

test('utf8Bytes agrees with the encoder', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    expect(utf8Bytes(text)).toBe(nodeBytes.encode(text).length);
  }));
});

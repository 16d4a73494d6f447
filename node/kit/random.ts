// Seeded randomness: every stream is named, so that one more draw in one place does not change another.

/** FNV-1a over UTF-16 code units, with a final avalanche (MurmurHash3's fmix32). */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A generator of [0, 1) with 32 bits of resolution (sfc32), fixed by the seed and the stream's name. */
export function randomStream(seed: string, ...name: readonly (string | number)[]): () => number {
  const text = [seed, ...name].join('\u0000');
  let a = hash32(`${text}\u0001`);
  let b = hash32(`${text}\u0002`);
  let c = hash32(`${text}\u0003`);
  let counter = 1;
  const next = () => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + result | 0;
    return (result >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 12; round++) next();
  return next;
}

/** Exponential with the given mean, > 0. */
export function exponential(random: () => number, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

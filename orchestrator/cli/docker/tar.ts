// Writes tar archives (POSIX ustar): files in the order given, the same bytes for the same entries, on any machine
// and day.

export type TarEntry = {
  /** Relative, with slashes. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable?: boolean;
};

const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

function padding(length: number): number {
  return (BLOCK_BYTES - length % BLOCK_BYTES) % BLOCK_BYTES;
}

/** A long path is split at a slash into two fields. */
function split(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(name) <= NAME_BYTES && Buffer.byteLength(prefix) <= PREFIX_BYTES) return { name, prefix };
  }
  throw new Error(`assertion: the path ${path} is too long for tar`);
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, '0')}\0`;
}

/** What comes before the bytes of a file. */
export function tarHeader(path: string, size: number, executable: boolean): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const { name, prefix } = split(path);
  header.write(name, 0);
  header.write(octal(executable ? 0o755 : 0o644, 7), 100);
  // Owner and group are root, the time is zero.
  for (const at of [108, 116]) header.write(octal(0, 7), at);
  header.write(octal(size, 11), 124);
  header.write(octal(0, 11), 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)} `, 148);
  return header;
}

/** What comes after the bytes of a file. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc(padding(size));
}

export function writeTar(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap(({ path, bytes, executable = false }) => [tarHeader(path, bytes.length, executable), Buffer.from(bytes), tarPadding(bytes.length)]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}

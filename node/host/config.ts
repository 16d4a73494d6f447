// The configuration of a node process, checked by hand: one clear line for whatever is wrong with it.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import type { ClockSpec } from '../clock.ts';
import type { HostConfig } from '../seat.ts';
import { isFields } from './commands.ts';
import { codeOf, EXIT, Failure } from './failure.ts';
import { isLoopback } from './loopback.ts';

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
const RUN = /^[\x21-\x7e]{1,200}$/;
const MAX_NODES = 64;
const MAX_PLUGINS = 100;
const MIN_TOKEN_CHARACTERS = 16;
const HOST_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/;
const MAX_HOST_NAMES = 64;
/** What every kernel takes as the address of a UNIX socket. */
const MAX_SOCKET_PATH_BYTES = 103;

type Test = (value: unknown) => boolean;
type Fields = { readonly [name: string]: unknown };

const isText: Test = (value) => typeof value === 'string' && value.length > 0;
const isFlag: Test = (value) => typeof value === 'boolean';
const isFinite: Test = (value) => typeof value === 'number' && Number.isFinite(value);
const isName: Test = (value) => typeof value === 'string' && NAME.test(value);
const oneOf = (...values: readonly string[]): Test => (value) => typeof value === 'string' && values.includes(value);
const between = (low: number, high: number): Test => (value) => isFinite(value) && (value as number) >= low && (value as number) <= high;
const whole = (low: number, high: number): Test => (value) => Number.isInteger(value) && between(low, high)(value);
const isNames: Test = (value) => Array.isArray(value) && value.length > 0 && value.length <= MAX_NODES && value.every(isName) && new Set(value).size === value.length;
const isAddress: Test = (value) => isFields(value) && isIP(String(value['host'])) !== 0 && whole(1, 65_535)(value['port']);
const isHostName: Test = (value) => typeof value === 'string' && HOST_NAME.test(value);
const isSecret: Test = (value) => typeof value === 'string' && value.length >= MIN_TOKEN_CHARACTERS;
const mapOf = (test: Test): Test => (value) => isFields(value) && Object.values(value).every(test);

type Rule = readonly [path: string, test: Test, wanted: string];

const RULES: readonly Rule[] = [
  ['protocol', isText, 'the name of a protocol'],
  ['plugins', (value) => Array.isArray(value) && value.length <= MAX_PLUGINS && value.every((path) => typeof path === 'string' && isAbsolute(path)), `at most ${MAX_PLUGINS} absolute paths`],
  ['seed', isText, 'a text'],
  ['seat.self', isName, "a node id like 'n1'"],
  ['seat.members', isNames, `1 to ${MAX_NODES} distinct node ids`],
  ['seat.joining', isFlag, 'true or false'],
  ['seat.addresses', mapOf(isText), 'a logical address for each node'],
  ['seat.options', (value) => value !== undefined, "the protocol's options"],
  ['seat.maxMessageBytes', whole(256, 16 << 20), 'a whole number of bytes from 256 to 16 MiB'],
  ['seat.frameBytes', whole(256, 65_507), 'a whole number of bytes from 256 to 65,507'],
  ['seat.atFollower', oneOf('forward', 'redirect'), "'forward' or 'redirect'"],
  ['seat.run', (value) => typeof value === 'string' && RUN.test(value), 'at most 200 printable ASCII characters'],
  ['seat.life', whole(1, 0xffff_ffff), 'a whole number from 1'],
  ['sockets', mapOf(isAddress), 'a {host, port} for each node, host an IP address'],
  ['http', isAddress, 'a {host, port}, host an IP address'],
  ['http.names', (value) => value === undefined || (Array.isArray(value) && value.length <= MAX_HOST_NAMES && value.every(isHostName)), `at most ${MAX_HOST_NAMES} host names`],
  ['http.path', (value) => value === undefined || (typeof value === 'string' && isAbsolute(value) && Buffer.byteLength(value) <= MAX_SOCKET_PATH_BYTES), `an absolute path of at most ${MAX_SOCKET_PATH_BYTES} bytes`],
  ['token', isSecret, `a text of at least ${MIN_TOKEN_CHARACTERS} characters`],
  ['secret', (value) => value === null || isSecret(value), `null or a text of at least ${MIN_TOKEN_CHARACTERS} characters`],
  ['dataDir', isText, 'a path'],
  ['diskKept', oneOf('keep', 'lose-unsynced', 'torn-tail', 'flip-bit', 'wipe'), "'keep', 'lose-unsynced', 'torn-tail', 'flip-bit' or 'wipe'"],
  ['eventsFile', isText, 'a path'],
  ['epochMs', isFinite, 'Unix time in ms'],
  ['originNs', (value) => typeof value === 'string' && /^\d{1,20}$/.test(value), 'decimal digits'],
  ['clock', (value) => isClock(value), 'a {offsetMs, driftPpm, ntp}'],
  ['fsyncMs', (value) => value === 'real' || between(0, 10_000)(value), "'real' or ms from 0 to 10,000"],
  ['detail', oneOf('messages', 'sampled', 'totals'), "'messages', 'sampled' or 'totals'"],
  ['maxPending', whole(1, 1_000_000), 'a whole number from 1 to 1,000,000'],
  ['requestTimeoutMs', between(1, 3_600_000), 'ms from 1 to 3,600,000'],
  ['held', isFlag, 'true or false'],
];

function isClock(value: unknown): value is ClockSpec {
  if (!isFields(value) || !isFinite(value['offsetMs']) || !between(-500_000, 500_000)(value['driftPpm'])) return false;
  return value['ntp'] === null || isNtp(value['ntp']);
}

/** As `ntp` of a ClockSpec. */
export function isNtp(value: unknown): boolean {
  return isFields(value) && between(1, 1e9)(value['pollMs']) && between(0, 1e9)(value['errorMs'])
    && between(0, 500_000)(value['slewPpm']) && between(0, 1e12)(value['stepMs']);
}

/** Reads and checks the file. Throws a Failure that names the field and what it must be. */
export function readConfig(path: string): HostConfig {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : `cannot be read (${codeOf(error)})`;
    throw new Failure(EXIT.badInput, `${path} ${why}; name the JSON configuration of a node`, error);
  }
  return checkConfig(value, path);
}

/** The same for a value; `path` is where it comes from. */
export function checkConfig(value: unknown, path: string): HostConfig {
  const refuse = (field: string, wanted: string): never => {
    throw new Failure(EXIT.badInput, `${path}: ${field} must be ${wanted}`);
  };
  if (!isFields(value)) return refuse('the configuration', 'a JSON object (HostConfig in node/seat.ts)');
  for (const [field, test, wanted] of RULES) if (!test(at(value, field))) refuse(field, wanted);
  const config = value as unknown as HostConfig;
  const { self, members, addresses, frameBytes, run } = config.seat;
  const outside = Object.values(config.sockets).find(({ host }) => !isLoopback(host));
  if (outside !== undefined && config.secret === null) refuse('secret', `given, because ${outside.host} is not on loopback: frames are signed there`);
  for (const id of new Set([self, ...members])) {
    if (config.sockets[id] === undefined) refuse(`sockets.${id}`, 'given, because it is a member');
    if (addresses[id] === undefined) refuse(`seat.addresses.${id}`, 'given, because it is a member');
  }
  if (frameBytes < 200 + run.length) refuse('seat.frameBytes', `at least ${200 + run.length}, to hold the header of this run`);
  return config;
}

function at(value: Fields, path: string): unknown {
  let found: unknown = value;
  for (const name of path.split('.')) found = isFields(found) ? found[name] : undefined;
  return found;
}

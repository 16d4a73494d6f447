// Quantities as people write them in experiment files: 20s, 100/s, 1%, ±15ms. Inside the code all is numbers in the unit
// that the name ends in. A bare number where a unit belongs is refused with the spelling that was probably meant.
import { z } from 'zod';

/** For plug-ins: the schema of their parameters, without a copy of their own. */
export { z };

export type Quantity<T> = { readonly value: T } | { readonly problem: string; readonly remedy: string };
/** Drawn per node, uniformly; equal bounds are a fixed value. */
export type Range = { readonly from: number; readonly to: number };

type Kind = {
  readonly noun: string;
  /** Factor of each spelling to the unit of the result. */
  readonly units: { readonly [unit: string]: number };
  /** What a bare number probably meant, likeliest first. */
  readonly usual: readonly string[];
  readonly signed?: boolean;
  /** Beyond it nobody means it; as a text too. */
  readonly most?: { readonly value: number; readonly text: string };
};

/** Of wall clocks and durations: beyond it dates lose their meaning. */
const TEN_YEARS = { value: 10 * 8766 * 3_600_000, text: '87660h (ten years)' };
const TIME_UNITS = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION: Kind = { noun: 'a duration', units: TIME_UNITS, usual: ['s', 'ms'], most: TEN_YEARS };
const OFFSET: Kind = { ...DURATION, noun: 'a time offset', usual: ['ms', 's'], signed: true };
const PERCENT: Kind = { noun: 'a percentage', units: { '%': 1 }, usual: ['%'] };
const PPM: Kind = { noun: 'a rate error', units: { ppm: 1 }, usual: ['ppm'], signed: true };
const RATE: Kind = { noun: 'a rate', units: { '/s': 1, '/m': 1 / 60 }, usual: ['/s'] };
const BITRATE: Kind = { noun: 'a bit rate', units: { kbit: 1, mbit: 1000, gbit: 1_000_000 }, usual: ['mbit', 'kbit'] };
const BYTES: Kind = { noun: 'a size', units: { B: 1, kB: 1000, KiB: 1024, MiB: 1 << 20, GiB: 1 << 30 }, usual: ['B'] };

const NUMBER_AND_UNIT = /^([+-]?\d+(?:\.\d+)?)(\s*)([^\s\d].*)?$/;

/** The value as the file shows it. */
export function shown(input: unknown): string {
  if (typeof input === 'number' && !Number.isFinite(input)) return String(input);
  if (typeof input === 'string') return JSON.stringify(input);
  return input === undefined ? 'nothing' : JSON.stringify(input);
}

function refused(kind: Kind, input: unknown, remedy: string): { readonly problem: string; readonly remedy: string } {
  return { problem: `${shown(input)} is not ${kind.noun}`, remedy };
}

function examples(kind: Kind): string {
  const [unit = ''] = kind.usual;
  return `write it as a number with a unit, such as ${kind.signed ? `15${unit}` : `20${unit}`}; units: ${Object.keys(kind.units).join(', ')}`;
}

/** The known unit that starts a misspelt one: sec → s, mins → m. */
function likelyUnit(kind: Kind, written: string): string | null {
  const lower = written.toLowerCase();
  const fits = Object.keys(kind.units).filter((unit) => lower.startsWith(unit.toLowerCase()));
  return fits.sort((left, right) => right.length - left.length)[0] ?? null;
}

function read(kind: Kind, input: unknown): Quantity<number> {
  const text = typeof input === 'number' ? String(input) : input;
  if (text === undefined) return { problem: `missing: ${kind.noun} belongs here`, remedy: examples(kind) };
  const parts = typeof text === 'string' ? NUMBER_AND_UNIT.exec(text.trim()) : null;
  if (parts === null) return refused(kind, input, examples(kind));
  const [, digits = '', gap = '', unit = ''] = parts;
  if (unit === '') {
    return { problem: `${shown(input)} has no unit`, remedy: `write ${kind.usual.map((usual) => digits + usual).join(' or ')}` };
  }
  const factor = Object.hasOwn(kind.units, unit) ? kind.units[unit] : undefined;
  if (factor === undefined || gap !== '') {
    const meant = factor === undefined ? likelyUnit(kind, unit) : unit;
    return refused(kind, input, meant === null ? examples(kind) : `write ${digits}${meant}`);
  }
  const value = Number(digits) * factor;
  const most = kind.most ?? { value: Number.MAX_SAFE_INTEGER, text: String(Number.MAX_SAFE_INTEGER) };
  if (Math.abs(value) > most.value) return { problem: `${shown(input)} is too large`, remedy: `${kind.noun} is at most ${most.text}` };
  if (!kind.signed && (value < 0 || digits.startsWith('-'))) {
    return { problem: `${shown(input)} is negative`, remedy: `${kind.noun} here is 0 or more` };
  }
  return { value };
}

/** Ms, 0 or more. */
export function readDuration(input: unknown): Quantity<number> {
  return read(DURATION, input);
}

/** 0 to 100. */
export function readPercent(input: unknown): Quantity<number> {
  const result = read(PERCENT, input);
  return 'value' in result && result.value > 100 ? { problem: `${shown(input)} is more than 100%`, remedy: 'write a share between 0% and 100%' } : result;
}

/** Per second, more than 0. */
export function readRate(input: unknown): Quantity<number> {
  const result = read(RATE, input);
  return 'value' in result && result.value === 0 ? { problem: `${shown(input)} is no load`, remedy: 'write a rate above 0/s' } : result;
}

/** Bytes, an integer. */
export function readBytes(input: unknown): Quantity<number> {
  const result = read(BYTES, input);
  return 'value' in result && !Number.isInteger(result.value) ? refused(BYTES, input, 'write whole bytes, such as 1400B') : result;
}

/** ±a is drawn per node from −a to a; a plain quantity is the same on every node. */
function readRange(kind: Kind, input: unknown): Quantity<Range> {
  const plusMinus = typeof input === 'string' ? /^\s*(?:±|\+-|\+\/-)\s*(.*)$/.exec(input) : null;
  const result = read(kind, plusMinus === null ? input : plusMinus[1]);
  if (!('value' in result)) return plusMinus === null ? result : refused(kind, input, result.remedy.replace(/(?<= )(?=\d)/g, '±'));
  if (plusMinus === null) return { value: { from: result.value, to: result.value } };
  return result.value < 0 ? refused(kind, input, `write ±${(plusMinus[1] ?? '').replace('-', '')}`) : { value: { from: -result.value, to: result.value } };
}

function schema<T>(readQuantity: (input: unknown) => Quantity<T>) {
  return z.unknown().transform((input, context): T => {
    const result = readQuantity(input);
    if ('value' in result) return result.value;
    // One line each: what is wrong, and the remedy (experiment.ts takes them apart).
    context.issues.push({ code: 'custom', message: `${result.problem}\n${result.remedy}`, input });
    return z.NEVER;
  });
}

export const duration = schema(readDuration);
export const positiveDuration = schema((input) => {
  const result = readDuration(input);
  return 'value' in result && result.value === 0 ? { problem: `${shown(input)} is no time at all`, remedy: 'write a duration above 0s' } : result;
});
/** Ms, with a sign. */
export const offset = schema((input) => read(OFFSET, input));
export const offsetRange = schema((input) => readRange(OFFSET, input));
export const ppm = schema((input) => {
  const result = read(PPM, input);
  return 'value' in result && result.value < 0 ? { problem: `${shown(input)} is negative`, remedy: 'write 0ppm or more' } : result;
});
/** Ppm, with a sign. */
export const rateError = schema((input) => read(PPM, input));
export const ppmRange = schema((input) => readRange(PPM, input));
export const percent = schema(readPercent);
/** Kbit per second. */
export const bitrate = schema((input) => {
  const result = read(BITRATE, input);
  return 'value' in result && result.value === 0 ? { problem: `${shown(input)} lets nothing through`, remedy: 'write a rate above 0kbit, or a loss of 100%' } : result;
});
export const bytes = schema(readBytes);

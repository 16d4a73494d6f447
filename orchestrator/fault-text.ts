// Faults as people type them, made into entries of an experiment file: 'crash:leader@10s,for=5s' of `run --fault`, and
// 'crash leader --for 5s' of `lab fault`. What the words mean is checked where the file's entries are.
import { parse } from 'yaml';
import type { ExperimentDocument } from './document.ts';
import { LabError } from './errors.ts';

export type FaultEntry = { readonly [key: string]: unknown };

const FORM = 'write NAME[:ARGUMENT]@TIME[,option=value], such as crash:leader@10s,for=5s';

/** As a file reads it: 5 is a number, 5s a text. */
function valueOf(text: string, origin: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (cause) {
    throw new LabError('bad-command-line', `${origin}: ${JSON.stringify(text)} cannot be read as a value`, 'write it as in an experiment file; quotes help', cause);
  }
}

/** Of --fault. */
export function readFaultFlag(text: string): FaultEntry {
  const origin = `--fault ${text}`;
  const refuse = (message: string): never => { throw new LabError('bad-command-line', `${origin}: ${message}`, FORM); };
  const [what = '', when, ...more] = text.split('@');
  if (when === undefined) return refuse('no time is given');
  if (more.length > 0) return refuse('two times are given');
  const colon = what.indexOf(':');
  const name = (colon < 0 ? what : what.slice(0, colon)).trim();
  if (name === '') return refuse('no fault is named');
  const [at = '', ...options] = when.split(',');
  if (at.trim() === '') return refuse('no time is given');
  const given = options.map((option): readonly [string, unknown] => {
    const equals = option.indexOf('=');
    if (equals < 1) return refuse(`${JSON.stringify(option)} is not option=value`);
    return [option.slice(0, equals).trim(), valueOf(option.slice(equals + 1), origin)];
  });
  return { at: at.trim(), [name]: colon < 0 ? true : valueOf(what.slice(colon + 1), origin), ...Object.fromEntries(given) };
}

/** Of `lab fault`: words, then --option value. It happens at once. */
export function readFaultWords(words: readonly string[]): FaultEntry {
  const origin = `lab fault ${words.join(' ')}`;
  const plain: string[] = [];
  const options: [string, unknown][] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (!word.startsWith('--')) {
      plain.push(word);
      continue;
    }
    const [, option = '', given] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const value = given ?? words[++index];
    if (option === '' || value === undefined) throw new LabError('bad-command-line', `${origin}: ${word} has no value`, `write ${word} and its value, such as --for 5s`);
    options.push([option, valueOf(value, origin)]);
  }
  const [name, ...argument] = plain;
  if (name === undefined) throw new LabError('bad-command-line', 'no fault is named', 'write lab fault NAME [ARGUMENT] [--option value], such as lab fault crash leader --for 5s');
  return { at: '0s', phase: 'fixed', [name]: argument.length === 0 ? true : valueOf(argument.join(' '), origin), ...Object.fromEntries(options) };
}

/** The same experiment with these faults after its own; `origins` name their sources in messages. */
export function withFaults(document: ExperimentDocument, entries: readonly FaultEntry[], origins: readonly string[]): ExperimentDocument {
  if (entries.length === 0) return document;
  const own: unknown = (document.data as { readonly faults?: unknown } | null)?.faults ?? [];
  const before: readonly unknown[] = Array.isArray(own) ? own : [];
  let result = before.length > 0 ? document.with(['faults'], [...before, ...entries], document.where(['faults'])) : document.with(['faults'], entries, origins[0] ?? '');
  entries.forEach((entry, index) => { result = result.with(['faults', before.length + index], entry, origins[index] ?? ''); });
  return result;
}

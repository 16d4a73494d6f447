// Where the sink `influx` writes to, from the environment, never from an experiment and never into a result.
import { readFileSync } from 'node:fs';
import { LabError } from '../../errors.ts';

export type InfluxSettings = {
  /** Without a slash at its end. */
  readonly url: string;
  readonly database: string;
  /** null: none. With a colon it is user:password, as 1.x has them. */
  readonly token: string | null;
};

export type Env = { readonly [name: string]: string | undefined };

const DEFAULT_URL = 'http://127.0.0.1:8086';
const DEFAULT_DATABASE = 'lab';
const DEFAULT_GRAFANA = 'http://127.0.0.1:3000';

export function readSettings(env: Env): InfluxSettings {
  return { url: readUrl(env, 'LAB_INFLUX_URL', DEFAULT_URL), database: readDatabase(env), token: readToken(env) };
}

/** The board of a run; times in Unix ms. */
export function boardUrl(env: Env, run: string, fromMs: number, toMs: number): string {
  const query = new URLSearchParams({ 'var-run': run, from: String(Math.floor(fromMs)), to: String(Math.ceil(toMs)) });
  return `${readUrl(env, 'LAB_GRAFANA_URL', DEFAULT_GRAFANA)}/d/lab-run?${query.toString()}`;
}

function readUrl(env: Env, name: string, byDefault: string): string {
  const text = env[name] === undefined || env[name] === '' ? byDefault : env[name];
  const refuse = (problem: string): never => { throw new LabError('bad-command-line', `${name}: ${problem}`, `write it as ${byDefault}`); };
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return refuse(`${JSON.stringify(text)} is no http or https address`);
  // It is printed in messages and links.
  if (url.username !== '' || url.password !== '') return refuse('it holds a password, which belongs into LAB_INFLUX_TOKEN or LAB_INFLUX_TOKEN_FILE');
  if (url.search !== '' || url.hash !== '') return refuse('it ends with a query, which is added by the lab');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function readDatabase(env: Env): string {
  const database = env['LAB_INFLUX_DB'] === undefined || env['LAB_INFLUX_DB'] === '' ? DEFAULT_DATABASE : env['LAB_INFLUX_DB'];
  if (!/^[\w.-]{1,64}$/.test(database)) throw new LabError('bad-command-line', `LAB_INFLUX_DB: ${JSON.stringify(database)} is no name of a database`, 'use up to 64 letters, digits, dots, - and _');
  return database;
}

function readToken(env: Env): string | null {
  const { LAB_INFLUX_TOKEN: token = '', LAB_INFLUX_TOKEN_FILE: file = '' } = env;
  if (token !== '' && file !== '') throw new LabError('bad-command-line', 'LAB_INFLUX_TOKEN and LAB_INFLUX_TOKEN_FILE are both set', 'unset one of them');
  const text = file === '' ? token : textOf(file);
  if (text === '') return null;
  // It becomes a header.
  if (!/^[\x21-\x7e]{1,1000}$/.test(text)) throw new LabError('bad-command-line', `the token of ${file === '' ? 'LAB_INFLUX_TOKEN' : file} holds a space, a line end or what is no ASCII`, 'give the token alone');
  return text;
}

function textOf(file: string): string {
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (text !== '') return text;
  } catch (cause) {
    throw new LabError('bad-command-line', `LAB_INFLUX_TOKEN_FILE: ${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'name a file that holds the token', cause);
  }
  throw new LabError('bad-command-line', `LAB_INFLUX_TOKEN_FILE: ${file} is empty`, 'name a file that holds the token');
}

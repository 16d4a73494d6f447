// What `lab up` makes beside docker-compose.yml and Docker mounts: secrets, made once, and where the services answer. Only the
// owner can enter the folder; the files in it can be read, because each container that needs one has another user.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../errors.ts';
import { PACKAGE_ROOT } from '../tree.ts';

/** As docker-compose.yml names it: Docker's own words about what is missing then say what to run. */
const MADE = '.made-by-lab-up';
export const INFLUX_TOKEN = 'influxdb-token';
export const GRAFANA_PASSWORD = 'grafana-password';
export const CLUSTER_TOKEN = 'cluster-token';
const SECRETS = ['influxdb-password', INFLUX_TOKEN, GRAFANA_PASSWORD, CLUSTER_TOKEN, 'cluster-key'];
const SERVICES = 'services.json';
const SECRET_BYTES = 24;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o644;

export type Services = { readonly influxUrl: string; readonly grafanaUrl: string };
type Env = { readonly [name: string]: string | undefined };

export function madePath(name: string, root: string = PACKAGE_ROOT): string {
  return join(root, MADE, name);
}

/** Those that are there stay: data were made with them. Throws a LabError where the folder cannot be written. */
export function makeSecrets(root: string = PACKAGE_ROOT): void {
  try {
    mkdirSync(join(root, MADE), { recursive: true, mode: FOLDER_MODE });
    // It may have come with a copy of the checkout.
    chmodSync(join(root, MADE), FOLDER_MODE);
    for (const name of SECRETS) {
      if (!existsSync(madePath(name, root))) write(name, randomBytes(SECRET_BYTES).toString('hex'), root);
    }
  } catch (cause) {
    throw unwritable(root, cause);
  }
}

/** Returns whether it is new or has changed. */
export function writeMade(name: string, text: string, root: string = PACKAGE_ROOT): boolean {
  const path = madePath(name, root);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
  try {
    write(name, text, root);
  } catch (cause) {
    throw unwritable(root, cause);
  }
  return true;
}

/** In place: a mount follows the file, not its name. The umask of the user counts for nothing here. */
function write(name: string, text: string, root: string): void {
  writeFileSync(madePath(name, root), text, { mode: FILE_MODE });
  chmodSync(madePath(name, root), FILE_MODE);
}

function unwritable(root: string, cause: unknown): LabError {
  return new LabError('machine-lacks', `${join(root, MADE)} cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`, 'run lab up from a checkout that is yours', cause);
}

export function noteServices(services: Services, root: string = PACKAGE_ROOT): void {
  writeMade(SERVICES, `${JSON.stringify(services)}\n`, root);
}

export function forgetServices(root: string = PACKAGE_ROOT): void {
  rmSync(madePath(SERVICES, root), { force: true });
}

export function removeMade(root: string = PACKAGE_ROOT): void {
  rmSync(join(root, MADE), { recursive: true, force: true });
}

/** The environment, and in it the services of `lab up` where it names no server. The token goes to no other server. */
export function withServices(env: Env, root: string = PACKAGE_ROOT): Env {
  const services = readServices(root);
  if (services === null) return env;
  const given = (name: string) => (env[name] ?? '') !== '';
  const ours = !given('LAB_INFLUX_URL');
  return {
    ...env,
    ...(ours ? { LAB_INFLUX_URL: services.influxUrl } : {}),
    ...(ours && !given('LAB_INFLUX_TOKEN') && !given('LAB_INFLUX_TOKEN_FILE') ? { LAB_INFLUX_TOKEN_FILE: madePath(INFLUX_TOKEN, root) } : {}),
    ...(given('LAB_GRAFANA_URL') ? {} : { LAB_GRAFANA_URL: services.grafanaUrl }),
  };
}

/** null: they are not up. */
function readServices(root: string): Services | null {
  try {
    return JSON.parse(readFileSync(madePath(SERVICES, root), 'utf8')) as Services;
  } catch {
    return null;
  }
}

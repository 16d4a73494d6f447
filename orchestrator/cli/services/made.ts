// What `lab up` makes beside docker-compose.yml and Docker mounts: secrets, made once, and where the services answer. Only the
// owner can enter the folder. Each container that needs a file has a user of its own: root gives it the file, for nobody else to
// read; another user cannot, and leaves it readable in the folder.
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../errors.ts';
import { PACKAGE_ROOT } from '../tree.ts';

/** As docker-compose.yml names it: Docker's own words about what is missing then say what to run. */
const MADE = '.made-by-lab-up';
export const INFLUX_TOKEN = 'influxdb-token';
export const GRAFANA_PASSWORD = 'grafana-password';
export const CLUSTER_TOKEN = 'cluster-token';
/** Whose they are and what they may be read by, as the users of docker-compose.yml: Grafana reads InfluxDB's token by its group, which is root's. */
const SECRETS = {
  'influxdb-password': { uid: 1_000, gid: 1_000, mode: 0o600 },
  [INFLUX_TOKEN]: { uid: 1_000, gid: 0, mode: 0o640 },
  [GRAFANA_PASSWORD]: { uid: 472, gid: 0, mode: 0o600 },
  [CLUSTER_TOKEN]: { uid: 65_532, gid: 65_532, mode: 0o600 },
  'cluster-key': { uid: 65_532, gid: 65_532, mode: 0o600 },
};
const SERVICES = 'services.json';
const SECRET_BYTES = 24;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o644;

export type Services = { readonly influxUrl: string; readonly grafanaUrl: string };
type Env = { readonly [name: string]: string | undefined };

export function madePath(name: string, root: string = PACKAGE_ROOT): string {
  return join(root, MADE, name);
}

/** Those that are there stay: data were made with them. give: to the users of the containers. Throws a LabError where the folder cannot be written. */
export function makeSecrets(give: boolean, root: string = PACKAGE_ROOT): void {
  try {
    mkdirSync(join(root, MADE), { recursive: true, mode: FOLDER_MODE });
    // It may have come with a copy of the checkout.
    chmodSync(join(root, MADE), FOLDER_MODE);
    for (const [name, { uid, gid, mode }] of Object.entries(SECRETS)) {
      const path = madePath(name, root);
      if (!existsSync(path)) writeFileSync(path, randomBytes(SECRET_BYTES).toString('hex'), { mode: 0o600 });
      if (give) chownSync(path, uid, gid);
      // After that: a change of owner may take rights away.
      chmodSync(path, give ? mode : FILE_MODE);
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

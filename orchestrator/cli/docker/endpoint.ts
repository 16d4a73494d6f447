// Where the Docker daemon listens: DOCKER_HOST, else the context that `docker context use` chose, else the usual sockets.
// dockerode reads only the first of these.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../../errors.ts';

export type Endpoint = {
  /** As a user would write it: 'unix:///var/run/docker.sock'. */
  readonly url: string;
  readonly connection: { readonly socketPath: string } | {
    readonly protocol: 'http' | 'https'; readonly host: string; readonly port: number; readonly ca?: string; readonly cert?: string; readonly key?: string;
  };
};
type Variables = { readonly [name: string]: string | undefined };
type Found = { readonly url: string; readonly from: string; readonly certificates: string | null };

const TLS_PORT = 2376;
const PLAIN_PORT = 2375;

/** Throws a LabError for an address or a context that cannot be used. */
export function findEndpoint(env: Variables = process.env, home: string = homedir()): Endpoint {
  const found = named(env, home) ?? { url: `unix://${usualSocket(env, home)}`, from: 'the usual place', certificates: null };
  return endpointOf(found);
}

function named(env: Variables, home: string): Found | null {
  const host = env['DOCKER_HOST'];
  if (host !== undefined && host !== '') {
    const secured = (env['DOCKER_TLS_VERIFY'] ?? '') !== '';
    return { url: host.includes('://') ? host : `tcp://${host}`, from: 'DOCKER_HOST', certificates: secured ? (env['DOCKER_CERT_PATH'] ?? join(home, '.docker')) : null };
  }
  const folder = env['DOCKER_CONFIG'] ?? join(home, '.docker');
  const context = env['DOCKER_CONTEXT'] || currentContext(join(folder, 'config.json'));
  return context === null || context === 'default' ? null : contextOf(context, join(folder, 'contexts'));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new LabError('machine-lacks', `${path}, which Docker's contexts need, cannot be read`, 'docker context ls shows them; DOCKER_HOST goes before them', cause);
  }
}

function currentContext(path: string): string | null {
  return existsSync(path) ? ((readJson(path) as { readonly currentContext?: string }).currentContext ?? null) : null;
}

/** Docker keeps a context in a folder named by the digest of its name. */
function contextOf(name: string, folder: string): Found {
  const id = createHash('sha256').update(name).digest('hex');
  const path = join(folder, 'meta', id, 'meta.json');
  if (!existsSync(path)) throw new LabError('machine-lacks', `there is no Docker context called ${name}`, 'docker context ls shows them; docker context use default goes back');
  const { Endpoints } = readJson(path) as { readonly Endpoints?: { readonly docker?: { readonly Host?: string } } };
  const certificates = join(folder, 'tls', id, 'docker');
  return { url: Endpoints?.docker?.Host ?? '', from: `the Docker context ${name}`, certificates: existsSync(certificates) ? certificates : null };
}

function usualSocket(env: Variables, home: string): string {
  const rootless = env['XDG_RUNTIME_DIR'] === undefined ? [] : [join(env['XDG_RUNTIME_DIR'], 'docker.sock')];
  const usual = '/var/run/docker.sock';
  return [usual, ...rootless, join(home, '.docker/run/docker.sock'), join(home, '.docker/desktop/docker.sock')].find((path) => existsSync(path)) ?? usual;
}

function endpointOf({ url, from, certificates }: Found): Endpoint {
  if (url.startsWith('unix:///')) return { url, connection: { socketPath: url.slice('unix://'.length) } };
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !['tcp:', 'http:', 'https:'].includes(parsed.protocol) || parsed.hostname === '') {
    throw new LabError('machine-lacks', `${from} names ${JSON.stringify(url)}, which the lab cannot use`, 'it takes a daemon of this machine, as unix:///path or tcp://127.0.0.1:port');
  }
  const secured = certificates !== null || parsed.protocol === 'https:';
  return {
    url,
    connection: {
      protocol: secured ? 'https' : 'http', host: parsed.hostname, port: parsed.port === '' ? (secured ? TLS_PORT : PLAIN_PORT) : Number(parsed.port),
      ...(certificates === null ? {} : readCertificates(certificates)),
    },
  };
}

function readCertificates(folder: string): { readonly ca: string; readonly cert: string; readonly key: string } {
  try {
    const [ca = '', cert = '', key = ''] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(join(folder, name), 'utf8'));
    return { ca, cert, key };
  } catch (cause) {
    throw new LabError('machine-lacks', `the certificates for Docker cannot be read in ${folder}`, 'it holds ca.pem, cert.pem and key.pem', cause);
  }
}

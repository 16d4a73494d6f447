// What Docker says when it cannot do something, as one line with a remedy. It speaks through codes of the socket, HTTP statuses
// and texts, which differ between versions.
import { type ErrorCode, LabError } from '../../errors.ts';

type Spoken = { readonly code?: string; readonly statusCode?: number; readonly message?: string; readonly json?: { readonly message?: string } };
/** doing: 'creating the container …'; url: of the daemon. */
export type Attempt = { readonly doing: string; readonly url: string };
type Rule = {
  readonly when: (text: string, code: string) => boolean;
  readonly code: ErrorCode;
  readonly message: (attempt: Attempt, text: string) => string;
  readonly hint: string;
};

const said = (pattern: RegExp) => (text: string) => pattern.test(text);
const LOG = "Docker's own log says more: journalctl -u docker";

const RULES: readonly Rule[] = [
  {
    when: (_text, code) => ['ENOENT', 'ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'].includes(code), code: 'machine-lacks',
    message: ({ url }) => `no Docker daemon answers at ${url}`, hint: 'start it (Linux: sudo systemctl start docker), or name another one with DOCKER_HOST',
  },
  {
    when: (_text, code) => code === 'EACCES' || code === 'EPERM', code: 'machine-lacks',
    message: ({ url }) => `this user may not use the Docker daemon at ${url}`, hint: 'sudo usermod -aG docker $USER and log in again, or name a rootless daemon with DOCKER_HOST',
  },
  {
    when: (text, code) => code === 'ECONNRESET' || code === 'EPIPE' || /socket hang up/.test(text), code: 'machine-lacks',
    message: ({ doing }) => `the Docker daemon went away while ${doing}`, hint: `${LOG}; lab clean removes what is left once it is back`,
  },
  {
    when: said(/client version .* is too (old|new)|API version/i), code: 'machine-lacks',
    message: (_attempt, text) => `the Docker daemon speaks another version: ${text}`, hint: 'install Docker Engine 20.10 or newer',
  },
  {
    when: said(/no space left on device/i), code: 'machine-lacks',
    message: ({ doing }) => `Docker has no space left for ${doing}`, hint: 'docker system df shows what takes it, docker system prune frees it',
  },
  {
    when: said(/pool overlaps|overlaps with|networks have same bridge/i), code: 'port-in-use',
    message: ({ doing }) => `${doing}: another network has addresses of this subnet`, hint: 'lab clean removes what a killed lab has left; docker network ls shows the others; --subnet names another one',
  },
  {
    when: said(/address already in use/i), code: 'port-in-use',
    message: ({ doing }) => `${doing}: its address is in use`, hint: 'lab clean removes what a killed lab has left; docker network inspect shows who has it',
  },
  {
    when: said(/container name .* is already in use|network with name .* already exists/i), code: 'port-in-use',
    message: ({ doing }) => `${doing}: its name is taken`, hint: 'lab clean removes what a killed lab has left; else docker rm or docker network rm',
  },
  {
    when: said(/pull access denied|manifest .*(unknown|not found)|repository does not exist|failed to resolve|no such host|dial tcp|TLS handshake|i\/o timeout|toomanyrequests/i), code: 'machine-lacks',
    message: ({ doing }, text) => `${doing}: ${text}`, hint: 'where no registry can be reached: lab image build --local-base, or --base with an image that is here',
  },
  {
    when: said(/unable to set memory limit|device or resource busy/i), code: 'not-supported',
    message: ({ doing }) => `${doing}: it uses more memory already, and this kernel (cgroup v1) does not end it for that`, hint: 'give it a higher limit, such as limit: 128MiB; a machine with cgroup v2 ends it',
  },
  {
    when: said(/no such image/i), code: 'machine-lacks',
    message: ({ doing }, text) => `${doing}: ${text}`, hint: 'lab image build makes it',
  },
];

/** The words of Docker itself, one line. */
function wordsOf(error: unknown): string {
  const { json, message } = (error ?? {}) as Spoken;
  return (json?.message ?? message ?? String(error)).replace(/^\(HTTP code \d+\) [a-z ]+ - /, '').trim().replaceAll(/\s*\n\s*/g, '; ');
}

export function statusOf(error: unknown): number | null {
  return ((error ?? {}) as Spoken).statusCode ?? null;
}

export function dockerFailure(error: unknown, attempt: Attempt): LabError {
  if (error instanceof LabError) return error;
  const text = wordsOf(error);
  const { code = '' } = (error ?? {}) as Spoken;
  const rule = RULES.find(({ when }) => when(text, code));
  if (rule === undefined) return new LabError('machine-lacks', `Docker: ${attempt.doing}: ${text}`, LOG, error);
  return new LabError(rule.code, rule.message(attempt, text), rule.hint, error);
}

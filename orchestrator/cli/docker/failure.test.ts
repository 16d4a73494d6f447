// Each thing that may be wrong with Docker is one line with a remedy. The texts are those of Docker Engine 20.10 and 28.
import { expect, test } from 'vitest';
import { LabError } from '../../errors.ts';
import { dockerFailure } from './failure.ts';

const attempt = { doing: 'creating the network lab-1 with 198.18.1.0/24', url: 'unix:///var/run/docker.sock' };
const answered = (statusCode: number, message: string) => Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${message} `), { statusCode, json: { message } });

test.each([
  [Object.assign(new Error('connect ENOENT'), { code: 'ENOENT' }), 'machine-lacks', 'no Docker daemon answers at unix:///var/run/docker.sock', 'start it'],
  [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'machine-lacks', 'no Docker daemon answers', 'DOCKER_HOST'],
  [Object.assign(new Error('connect EACCES'), { code: 'EACCES' }), 'machine-lacks', 'this user may not use the Docker daemon', 'usermod'],
  [Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), 'machine-lacks', 'went away while creating the network', 'lab clean'],
  [answered(400, 'client version 1.52 is too new. Maximum supported API version is 1.41'), 'machine-lacks', 'speaks another version', '20.10'],
  [answered(500, 'write /var/lib/docker/x: no space left on device'), 'machine-lacks', 'no space left', 'prune'],
  [answered(403, 'Pool overlaps with other one on this address space'), 'port-in-use', 'another network has addresses of this subnet', '--subnet'],
  [answered(403, 'Address already in use'), 'port-in-use', 'its address is in use', 'lab clean'],
  [answered(409, 'Conflict. The container name "/lab-n1" is already in use by container "0"'), 'port-in-use', 'its name is taken', 'lab clean'],
  [answered(409, 'network with name lab-1 already exists'), 'port-in-use', 'its name is taken', 'lab clean'],
  [answered(404, 'No such image: lab:1'), 'machine-lacks', 'No such image: lab:1', 'lab image build'],
  [answered(500, 'Get "https://example.test/v2/": dial tcp: lookup example.test: no such host'), 'machine-lacks', 'dial tcp', '--local-base'],
  [answered(404, 'pull access denied for nope, repository does not exist'), 'machine-lacks', 'pull access denied', '--local-base'],
  [answered(500, 'something\nnew'), 'machine-lacks', 'Docker: creating the network lab-1 with 198.18.1.0/24: something; new', 'journalctl'],
])('%s', (error, code, message, hint) => {
  const failure = dockerFailure(error, attempt);
  expect(failure.code).toBe(code);
  expect(failure.message).toContain(message);
  expect(failure.message).not.toMatch(/\n|HTTP code/);
  expect(failure.hint).toContain(hint);
});

test('what has a remedy already keeps it', () => {
  const error = new LabError('machine-lacks', 'it hangs', 'wait');
  expect(dockerFailure(error, attempt)).toBe(error);
});

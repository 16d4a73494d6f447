// Asks a running cluster from another terminal: finds it by the file that it has published, and turns what it refuses into
// this command's own error.
import { LabError } from '../../errors.ts';
import { didYouMean } from '../../suggest.ts';
import { type ClusterFile, clusterFiles, isLab } from '../state.ts';
import type { Answer, Answers, Question } from './talk.ts';

const WITHIN_MS = 60_000;
const START = 'start one with lab cluster PROTOCOL in another terminal';

/** name: of --cluster; undefined: the only one. */
function findCluster(name: string | undefined): ClusterFile {
  const running = clusterFiles().filter(({ pid }) => isLab(pid));
  const names = running.map((file) => file.name);
  if (running.length === 0) throw new LabError('bad-command-line', 'no cluster is running', START);
  if (name === undefined) {
    const [only] = running;
    if (only === undefined || running.length > 1) throw new LabError('bad-command-line', `${running.length} clusters are running`, `say which with --cluster: ${names.join(', ')}`);
    return only;
  }
  const found = running.find((file) => file.name === name);
  if (found === undefined) throw new LabError('bad-command-line', `no cluster is called ${JSON.stringify(name)}`, didYouMean(name, names));
  return found;
}

export async function askCluster<Ask extends keyof Answers>(name: string | undefined, question: Question & { readonly ask: Ask }): Promise<Answers[Ask]> {
  const file = findCluster(name);
  if (file.url === null) throw new LabError('machine-lacks', `the cluster ${file.name} is starting`, 'ask again when it says that it is up');
  let text: string;
  try {
    const response = await fetch(file.url, {
      method: 'POST', headers: { authorization: `Bearer ${file.token}` }, body: JSON.stringify(question), signal: AbortSignal.timeout(WITHIN_MS),
    });
    text = await response.text();
  } catch (cause) {
    throw new LabError('machine-lacks', `the cluster ${file.name} does not answer (process ${file.pid})`, `it may be starting or ending; ${START}`, cause);
  }
  const answer = JSON.parse(text) as Answer<Ask>;
  if ('error' in answer) throw new LabError(answer.error.code, answer.error.message, answer.error.hint);
  return answer.answer;
}

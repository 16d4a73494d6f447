// The verdict on a history from a file: linearizable, not, or not decided and why. Nothing to judge is not linearizable.
import { searchPartitions } from '../checks/partitions.ts';
import { verdictOf } from '../checks/linearizability.ts';
import type { Judged } from '../checks/partitions.ts';
import type { Limits } from '../checks/wgl.ts';
import type { Model } from '../kinds.ts';
import type { History, HistoryCall } from './history.ts';

export type JudgedHistory = { readonly linearizable: boolean | 'unknown'; readonly because: string; readonly judged: Judged<HistoryCall> };

// oxlint-disable-next-line typescript/no-explicit-any -- any format's or workload's model
export function judgeHistory({ calls, unanswered }: History, model: Model<any>, limits: Limits): JudgedHistory {
  const judged = searchPartitions(Map.groupBy(calls, ({ op }) => model.partition(op)), model, limits);
  if (calls.length === 0) {
    const what = unanswered === 0 ? 'there is no operation in it' : `none of its ${unanswered} operations has an outcome that could be judged`;
    return { linearizable: 'unknown', because: `nothing was judged: ${what}`, judged };
  }
  return { linearizable: judged.linearizable, because: verdictOf(judged).because, judged };
}

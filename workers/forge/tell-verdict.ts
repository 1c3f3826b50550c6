/** The end of a review task: posted on the pull request, and told to the task that it is about. */
import { shortDigest } from '../../activities/forge/digest';
import { code } from '../../activities/forge/escape';
import type { Forge } from '../../activities/forge/forge';
import { taskMarker, verdictMarker } from '../../activities/forge/markers';
import { taskUrl } from '../../activities/forge/report/task-url';
import { type Judgement, judge } from '../../activities/forge/review/judge';
import { reviewText } from '../../activities/forge/review/review-text';
import type { ReviewSubject } from '../../contracts/forge';
import { reviewSignal } from '../../workflows/messages';
import type { TellForgeArgs } from '../../workflows/report/types';
import { orNull } from './as-failure';
import type { ForgeContext, Source } from './forge-context';
import { keepComment } from './tell-forge';
import { tellTask } from './tell-task';

export async function tellVerdict(
  ctx: ForgeContext,
  source: Source,
  { task_id, report, origin }: TellForgeArgs,
  of: ReviewSubject,
): Promise<void> {
  const { repository } = origin;
  const forge = source.reviewer;
  const url = taskUrl(ctx.config.public_url ?? null, task_id);
  const pull = await orNull(forge.pull(repository, of.pull));
  // Over, or about what is there no more: then another review is asked for.
  if (!pull?.open || pull.head.sha !== of.head_sha) return;
  if (report.status === 'failed') {
    const why = report.reason ? `: ${code(report.reason.code)} – ${code(report.reason.message)}` : '';
    const marker = taskMarker(task_id);
    const text = `${marker}\n\n**Signalbox** · The review by an agent failed${why}. A person may review instead.`;
    await keepComment(forge, repository, of.pull, marker, text, null);
    return;
  }
  if (report.status !== 'completed' || !report.reviewer) return;
  const judgement = judge(report.reviewer, of, source.config.review);
  const marker = verdictMarker(task_id, report.run_key);
  const body = reviewText(marker, judgement, report.reviewer, url);
  await post(forge, repository, of, marker, body, judgement);
  if (judgement.kind === 'comment') return;
  const { verdict, result } = judgement;
  await tellTask(ctx, of.task_id, reviewSignal, {
    message_id: `verdict:${shortDigest(task_id, report.run_key)}`,
    verdict,
    findings: result.findings,
    confidence: result.confidence,
    by: `review:${task_id}`,
    change: of.change,
  });
}

const EVENTS = { approved: 'approve', rejected: 'request_changes' } as const;

/** Once: a forge lets one look for a review of the same words as well as for a comment. */
async function post(
  forge: Forge,
  repository: string,
  { pull, head_sha }: ReviewSubject,
  marker: string,
  body: string,
  judgement: Judgement,
): Promise<void> {
  // As a comment in an earlier try.
  if (await forge.findComment(repository, pull, marker)) return;
  if (judgement.kind === 'verdict') {
    const { verdict, result } = judgement;
    const review = { event: EVENTS[verdict], body, findings: result.findings, head_sha };
    if (await forge.review(repository, pull, review)) return;
  }
  await forge.comment(repository, pull, body);
}

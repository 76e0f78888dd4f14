// The jobs that the window knows, as a value; each event makes the next one. Pure.

import type { Job, JobStatus } from './types';

export type JobMap = ReadonlyMap<string, Job>;

/** Jobs that are over are forgotten beyond this many; `job.list` still has them. */
const KEPT = 200;

export function isOver(status: JobStatus): boolean {
  return status !== 'queued' && status !== 'running';
}

/** Takes in a job as it is now. A late report of an earlier state of the same attempt is ignored. */
export function withJob(jobs: JobMap, job: Job): JobMap {
  const known = jobs.get(job.id);
  if (known && isLate(known, job)) return jobs;
  const next = new Map(jobs);
  next.set(job.id, job);
  return next.size > KEPT ? pruned(next) : next;
}

export function withJobs(jobs: JobMap, more: Job[]): JobMap {
  return more.reduce(withJob, jobs);
}

/** Newest first, those still going before those that are over. */
export function ordered(jobs: JobMap): Job[] {
  return [...jobs.values()].sort(
    (a, b) =>
      Number(isOver(a.status)) - Number(isOver(b.status)) ||
      b.created_at.localeCompare(a.created_at) ||
      b.id.localeCompare(a.id),
  );
}

export function activeCount(jobs: JobMap): number {
  return [...jobs.values()].filter((job) => !isOver(job.status)).length;
}

/** What a person can do with it now. */
export function actions(job: Job): ('cancel' | 'resume' | 'retry')[] {
  switch (job.status) {
    case 'queued':
    case 'running':
      return ['cancel'];
    case 'interrupted':
    case 'cancelled':
      return ['resume', 'retry'];
    case 'failed':
      return ['retry'];
    case 'succeeded':
      return [];
  }
}

function isLate(known: Job, job: Job): boolean {
  if (job.attempt !== known.attempt) return job.attempt < known.attempt;
  if (isOver(known.status)) return !isOver(job.status);
  return !isOver(job.status) && job.fraction < known.fraction;
}

function pruned(jobs: Map<string, Job>): JobMap {
  const oldest = ordered(jobs).filter((job) => isOver(job.status));
  for (const job of oldest.slice(-(jobs.size - KEPT))) jobs.delete(job.id);
  return jobs;
}

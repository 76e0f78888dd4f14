import { expect, test } from 'vitest';
import { actions, activeCount, ordered, withJob, withJobs, type JobMap } from './jobs';
import type { Job } from './types';

function job(id: string, more: Partial<Job> = {}): Job {
  return {
    id,
    operation: 'movie.render',
    title: id,
    status: 'running',
    stage: '',
    fraction: 0,
    eta_secs: null,
    project: null,
    created_at: `2026-01-01T00:00:0${id.length}Z`,
    started_at: null,
    finished_at: null,
    attempt: 1,
    input: {},
    output: null,
    error: null,
    ...more,
  };
}

const none: JobMap = new Map();

test('progress replaces the job and leaves the old map alone', () => {
  const before = withJob(none, job('a', { fraction: 0.2 }));
  const after = withJob(before, job('a', { fraction: 0.6 }));
  expect(after.get('a')?.fraction).toBe(0.6);
  expect(before.get('a')?.fraction).toBe(0.2);
});

test('a late report does not take progress or an end back', () => {
  const map = withJob(none, job('a', { fraction: 0.6 }));
  expect(withJob(map, job('a', { fraction: 0.5 }))).toBe(map);
  const over = withJob(map, job('a', { status: 'succeeded', fraction: 1 }));
  expect(withJob(over, job('a', { fraction: 0.9 }))).toBe(over);
});

test('a retry starts again from nothing; reports of the first try no longer count', () => {
  const failed = withJob(none, job('a', { status: 'failed', fraction: 0.6 }));
  const retried = withJob(failed, job('a', { status: 'queued', attempt: 2 }));
  expect(retried.get('a')?.fraction).toBe(0);
  expect(withJob(retried, job('a', { status: 'failed', attempt: 1 }))).toBe(retried);
});

test('what still goes comes first, then the newest', () => {
  const map = withJobs(none, [
    job('a', { status: 'succeeded' }),
    job('aaa', { status: 'failed' }),
    job('aa'),
  ]);
  expect(ordered(map).map(({ id }) => id)).toEqual(['aa', 'aaa', 'a']);
  expect(activeCount(map)).toBe(1);
});

test('old jobs are forgotten, running ones never', () => {
  const many = Array.from({ length: 300 }, (_, i) =>
    job(`old ${i}`, { status: 'succeeded', created_at: `2025-01-01T00:00:${i}` }),
  );
  const map = withJobs(withJob(none, job('a')), many);
  expect(map.size).toBe(200);
  expect(map.has('a')).toBe(true);
});

test('what can be done depends on how it stands', () => {
  expect(actions(job('a'))).toEqual(['cancel']);
  expect(actions(job('a', { status: 'interrupted' }))).toEqual(['resume', 'retry']);
  expect(actions(job('a', { status: 'failed' }))).toEqual(['retry']);
  expect(actions(job('a', { status: 'succeeded' }))).toEqual([]);
});

// Operations that the generated types do not hold yet, and whether this studio has them.

import { StudioError, toStudioError } from '../error';
import type { Upcoming } from '../upcoming';
import { transport } from './connection';
import { jobs } from './jobs.svelte';
import { registry } from './operations.svelte';

/** Older studios cannot do everything: what is absent is not shown. */
export function offers(operation: string): boolean {
  return registry.list.some(({ name }) => name === operation);
}

/** A short operation that the generated types do not hold yet. */
export async function ask<N extends keyof Upcoming>(
  name: N,
  input: Upcoming[N]['input'],
): Promise<Upcoming[N]['output']> {
  const answer = await transport().call(name, input);
  if (answer.kind === 'job') {
    throw new StudioError({ code: 'internal', message: `${name} runs as a job.` });
  }
  return answer.output as unknown as Upcoming[N]['output'];
}

/** A job, to its end. */
export async function run<N extends keyof Upcoming>(
  name: N,
  input: Upcoming[N]['input'],
): Promise<Upcoming[N]['output']> {
  try {
    return (await jobs.runAny(name, input)) as unknown as Upcoming[N]['output'];
  } catch (thrown) {
    throw toStudioError(thrown);
  }
}

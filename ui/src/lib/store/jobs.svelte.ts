// Jobs as they go, and waiting for one to end.

import { StudioError } from '../error';
import { activeCount, isOver, ordered, withJob, withJobs, type JobMap } from '../jobs';
import type { Answer } from '../transport';
import type { Input, Job, Json, LogLine, OperationName, Output } from '../types';
import { call, on, onGap, transport } from './connection';

class Jobs {
  #map = $state.raw<JobMap>(new Map());
  #waiting = new Map<string, (job: Job) => void>();
  readonly list = $derived(ordered(this.#map));
  readonly active = $derived(activeCount(this.#map));

  start() {
    on('job.changed', ({ job }) => this.#take(job));
    onGap(() => void this.#load());
    return this.#load();
  }

  get(id: string): Job | undefined {
    return this.#map.get(id);
  }

  /** Jobs of this operation that have not ended, for the project. */
  going(operation: string, matches: (job: Job) => boolean = () => true): Job | undefined {
    return this.list.find(
      (job) => job.operation === operation && !isOver(job.status) && matches(job),
    );
  }

  async act(verb: 'cancel' | 'resume' | 'retry', id: string): Promise<Job> {
    const job = await call(`job.${verb}`, { job: id });
    this.#take(job);
    return job;
  }

  async log(id: string): Promise<LogLine[]> {
    return (await call('job.show', { job: id })).log;
  }

  /** Runs any operation to its end; a job's failure is thrown like a short operation's. */
  async runAny(operation: string, input: object): Promise<Json> {
    const answer: Answer = await transport().call(operation, input);
    if (answer.kind === 'done') return answer.output;
    this.#take(answer.job);
    return outcome(await this.#end(answer.job.id));
  }

  async run<N extends OperationName>(name: N, input: Input<N>): Promise<Output<N>> {
    return (await this.runAny(name, input)) as Output<N>;
  }

  #end(id: string): Promise<Job> {
    const known = this.#map.get(id);
    if (known && isOver(known.status)) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  #take(job: Job) {
    this.#map = withJob(this.#map, job);
    this.#settle(job);
  }

  #settle(job: Job) {
    if (!isOver(job.status)) return;
    this.#waiting.get(job.id)?.(job);
    this.#waiting.delete(job.id);
  }

  async #load() {
    const { jobs } = await call('job.list', { limit: 100 });
    this.#map = withJobs(this.#map, jobs);
    jobs.forEach((job) => this.#settle(job));
  }
}

export const jobs = new Jobs();

function outcome(job: Job): Json {
  if (job.status === 'succeeded') return job.output as Json;
  if (job.error) throw new StudioError(job.error);
  const message = job.status === 'interrupted' ? 'The job was interrupted.' : 'Cancelled.';
  throw new StudioError({ code: 'cancelled', message });
}

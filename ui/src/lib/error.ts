// The one error that pages show: branch on `code`, show `message` and `hint`.

import { prose } from './format';
import type { StudioErrorBody } from './types';

export class StudioError extends Error {
  readonly code: string;
  /** JSON pointer to the wrong field of the input, such as `/target_lufs`. */
  readonly field: string | null;
  readonly hint: string | null;

  constructor(body: StudioErrorBody) {
    super(body.message);
    this.name = 'StudioError';
    this.code = body.code;
    this.field = body.field ?? null;
    this.hint = body.hint ?? null;
  }
}

/** Whatever was thrown, rejected or answered, as a studio error. */
export function toStudioError(thrown: unknown): StudioError {
  if (thrown instanceof StudioError) return thrown;
  if (isBody(thrown)) return new StudioError(thrown);
  if (thrown instanceof Error) {
    return new StudioError({ code: 'internal', message: thrown.message });
  }
  return new StudioError({ code: 'internal', message: text(thrown) });
}

/** The error of an HTTP answer that is not 2xx; `body` is its text. */
export function fromResponse(status: number, body: string): StudioError {
  if (status === 401) {
    return new StudioError({
      code: 'refused',
      message: 'The studio did not accept this page’s key.',
      hint: 'Open the address that av-studio serve printed.',
    });
  }
  const parsed = parse(body);
  if (isRecord(parsed) && isBody(parsed['error'])) return new StudioError(parsed['error']);
  return new StudioError({ code: 'internal', message: `The studio answered with ${status}.` });
}

/** The studio itself could not be reached. */
export function unreachable(): StudioError {
  return new StudioError({
    code: 'network',
    message: 'The studio does not answer.',
    hint: 'Check that av-studio serve is still running.',
  });
}

/** First step of the JSON pointer: the name of the form field to mark. */
export function topField(error: StudioError): string | null {
  return error.field?.split('/')[1] ?? null;
}

/** What went wrong and what to do about it, as sentences. */
export function sentences(thrown: unknown): string {
  const { message, hint } = toStudioError(thrown);
  return [message, hint ?? '']
    .filter(Boolean)
    .map((text) => prose(text).replace(/[^.!?…]$/, '$&.'))
    .join(' ');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBody(value: unknown): value is StudioErrorBody {
  return (
    isRecord(value) && typeof value['code'] === 'string' && typeof value['message'] === 'string'
  );
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function text(thrown: unknown): string {
  return typeof thrown === 'string' && thrown ? thrown : 'Something went wrong.';
}

// Samples, seconds and how they are written. Pure.

export function secsOf(samples: number, rate: number): number {
  return samples / rate;
}

export function samplesOf(secs: number, rate: number): number {
  return Math.round(secs * rate);
}

/** `1:02:03.456`; hours only where there are some. */
export function position(samples: number, rate: number): string {
  const millis = Math.floor((Math.max(0, samples) / rate) * 1000 + 1e-6);
  const [hours, minutes] = [Math.floor(millis / 3_600_000), Math.floor(millis / 60_000) % 60];
  const seconds = `${pad(Math.floor(millis / 1000) % 60, 2)}.${pad(millis % 1000, 3)}`;
  return hours > 0 ? `${hours}:${pad(minutes, 2)}:${seconds}` : `${minutes}:${seconds}`;
}

/** `3.2 s`, `1 min 4.0 s`. */
export function lengthOf(samples: number, rate: number): string {
  const tenths = Math.round((samples / rate) * 10);
  const minutes = Math.floor(tenths / 600);
  const seconds = `${((tenths % 600) / 10).toFixed(1)} s`;
  return minutes > 0 ? `${minutes} min ${seconds}` : seconds;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

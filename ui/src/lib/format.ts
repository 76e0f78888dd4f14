// Numbers as people read them. Pure; English; tabular figures are the style sheet's business.

/** A position or length: `0:07`, `12:05`, `1:02:03`; with frames of a second: `0:07:11`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds + 1e-6));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** SMPTE-like timecode `00:00:07:11` of a frame, non-drop; `fps` may be fractional. */
export function timecode(frame: number, fps: number): string {
  const base = Math.max(1, Math.round(fps));
  const at = Math.max(0, Math.round(frame));
  const seconds = Math.floor(at / base);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${pad(h)}:${pad(m)}:${pad(s)}:${pad(at % base)}`;
}

/** A span in words: `8 s`, `2 min 5 s`, `1 h 20 min`. */
export function span(seconds: number): string {
  if (seconds < 1) return seconds > 0 ? '< 1 s' : '0 s';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return join(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(whole / 60);
  return join(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

/** A short length with tenths: `4.2 s`. */
export function tenths(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Money in micro US dollars; `null` is a price that nobody knows. */
export function money(micro: number | null): string {
  if (micro === null) return 'unknown';
  if (micro === 0) return 'free';
  const dollars = micro / 1e6;
  return dollars < 0.01 ? `$${dollars.toFixed(4)}` : `$${dollars.toFixed(2)}`;
}

/** A level with one decimal and a true minus sign; `null` is silence. */
export function level(value: number | null, unit: string): string {
  if (value === null) return '—';
  return `${signed(value, 1)} ${unit}`;
}

export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

export function percent(fraction: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100)} %`;
}

export function kilohertz(rate: number): string {
  return `${Number((rate / 1000).toFixed(3))} kHz`;
}

/** How long ago, coarsely: `just now`, `5 min ago`, `yesterday`, `12 Mar 2026`. */
export function ago(iso: string, now: Date): string {
  const then = new Date(iso);
  const secs = (now.getTime() - then.getTime()) / 1000;
  if (Number.isNaN(secs)) return '';
  if (secs < 45) return 'just now';
  if (secs < 3600) return `${Math.max(1, Math.round(secs / 60))} min ago`;
  if (secs < 86_400) return `${Math.round(secs / 3600)} h ago`;
  if (secs < 2 * 86_400) return 'yesterday';
  if (secs < 7 * 86_400) return `${Math.floor(secs / 86_400)} days ago`;
  return then.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** `1 shot`, `3 shots`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** An identifier as words: `sample_rate` → `Sample rate`, `targetLufs` stays one word. */
export function words(identifier: string): string {
  const text = identifier.replace(/[._-]+/g, ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A number with thousands apart and a true minus sign: `100,000`, `−31`. */
export function plain(value: number): string {
  return value.toLocaleString('en-US').replace('-', '−');
}

/** The studio's sentences as the window shows them: a capital first, quotes instead of backticks. */
export function prose(text: string): string {
  const quoted = text.replace(/`([^`]*)`/g, '“$1”');
  return quoted.replace(
    /^[a-z]+(?=[\s,:;’'])/,
    (word) => word.charAt(0).toUpperCase() + word.slice(1),
  );
}

const UNIT_WORDS: Record<string, string> = {
  secs: 'in seconds',
  sec: 'in seconds',
  lufs: 'in LUFS',
  dbtp: 'in dBTP',
  db: 'in dB',
  bpm: 'BPM',
  fps: 'frames per second',
};

/** A form field's name: `duration_secs` → `Duration in seconds`, `bpm` → `BPM`. */
export function fieldTitle(key: string): string {
  const parts = key.split('_');
  const unit = UNIT_WORDS[parts.at(-1) ?? ''];
  if (!unit) return words(key);
  const rest = parts.slice(0, -1).join(' ');
  return rest ? `${words(rest)} ${unit}` : words(unit);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

function join(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

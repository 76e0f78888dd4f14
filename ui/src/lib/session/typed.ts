// Places, lengths and gains as people type them. Pure.

import { signed } from '../format';

/** Samples of `1:02.5`, `0:01:02.500`, `62.5`, `62.5 s` or `250 ms`; `null` if it is no time. */
export function typedTime(text: string, rate: number): number | null {
  const plain = text.trim().replace(',', '.');
  const withUnit = /^(\d+(?:\.\d*)?|\.\d+)\s*(ms|s)?$/i.exec(plain);
  if (withUnit) {
    const secs = Number(withUnit[1]) * (withUnit[2]?.toLowerCase() === 'ms' ? 0.001 : 1);
    return Math.round(secs * rate);
  }
  const parts = /^(?:(\d+):)?(\d+):(\d+(?:\.\d*)?)$/.exec(plain);
  if (!parts) return null;
  const [, hours = '0', minutes = '0', secs = '0'] = parts;
  return Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(secs)) * rate);
}

/** `1.250 s` */
export function fadeLength(samples: number, rate: number): string {
  return `${(samples / rate).toFixed(3)} s`;
}

/** Below this a fader is all the way down. */
const SILENCE_DB = -120;

/** `−6.0 dB`; all the way down is `−∞`. */
export function gainShown(db: number): string {
  return db <= SILENCE_DB ? '−∞ dB' : `${db > 0 ? '+' : ''}${signed(db, 1)} dB`;
}

/** `left 40 %`, `centre`, `right 100 %`. */
export function panShown(pan: number): string {
  const share = Math.round(Math.abs(pan) * 100);
  if (share === 0) return 'centre';
  return `${pan < 0 ? 'left' : 'right'} ${share} %`;
}

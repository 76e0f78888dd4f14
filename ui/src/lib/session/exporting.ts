// What an export makes, and what of the session. Pure.

import { count } from '../format';
import { formats } from '../platforms';
import type { Exported, ExportParts, Range, Session } from './types';

export type Parts = ExportParts;
export type RangeName = 'all' | 'selection' | 'loop';

export interface Places {
  end: number;
  selection: Range | null;
  loop: Range | null;
}

/** Ranges that can be chosen now. */
export function rangesOf({ selection, loop }: Places): { value: RangeName; label: string }[] {
  return [
    { value: 'all', label: 'Whole session' },
    ...(selection ? [{ value: 'selection' as const, label: 'Selected range' }] : []),
    ...(loop ? [{ value: 'loop' as const, label: 'Loop' }] : []),
  ];
}

/** `null`: all of it. */
export function rangeOf(name: RangeName, { selection, loop }: Places): Range | null {
  if (name === 'all') return null;
  return name === 'selection' ? selection : loop;
}

/** None for formats that lose nothing. */
export function qualitiesOf(format: string): { value: string; label: string }[] {
  if (formats.find(({ value }) => value === format)?.lossless) return [];
  return [
    ...(format === 'm4a' ? [{ value: 'lossless', label: 'Lossless (ALAC)' }] : []),
    { value: 'high', label: 'High' },
    { value: 'medium', label: 'Medium' },
    { value: 'voice', label: 'Voice' },
  ];
}

/** How many files there will be, in words. */
export function filesSentence(session: Session, parts: Parts): { count: number; sentence: string } {
  const clips = session.tracks.reduce((sum, track) => sum + track.clips.length, 0);
  if (clips === 0) return { count: 0, sentence: 'The session has no clips yet.' };
  if (parts === 'mix') return { count: 1, sentence: 'One file, as it is heard.' };
  if (parts === 'tracks') {
    const tracks = session.tracks.length;
    return { count: tracks, sentence: `${count(tracks, 'file')}, one for each track.` };
  }
  const regions = session.markers.filter(({ length }) => length > 0).length;
  const sentence =
    regions > 0
      ? `${count(regions, 'file')}, one for each region.`
      : 'There are no regions yet: select a range and set a marker (M).';
  return { count: regions, sentence };
}

/** Where it goes in a folder: a file for the mix, else the folder itself. */
export function outputIn(folder: string, name: string, parts: Parts, format: string): string {
  if (parts !== 'mix') return folder;
  const file = name.replace(/[\\/:*?"<>|\s]+/g, ' ').trim() || 'Mix';
  return `${folder.replace(/[\\/]+$/, '')}/${file}.${format}`;
}

export function exportedSentence(name: string, { files, warnings }: Exported): string {
  const made =
    files.length === 1 ? `${name} was exported.` : `${name}: ${files.length} files were exported.`;
  return [made, ...warnings].join(' ');
}

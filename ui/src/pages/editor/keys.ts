// Which key does what in the editor. Pure; see `commands` for the doing and `$lib/keys` for the help.

export type Command =
  | ('play' | 'record' | 'toStart' | 'toEnd' | 'loop' | 'marker')
  | ('undo' | 'redo' | 'split' | 'cutRange' | 'delete' | 'rippleDelete' | 'muteClip')
  | ('cut' | 'copy' | 'paste' | 'duplicate' | 'selectAll' | 'selectNone')
  | ('earlier' | 'later' | 'sampleEarlier' | 'sampleLater' | 'trackUp' | 'trackDown')
  | ('trimStart' | 'trimEnd' | 'fadeIn' | 'fadeOut')
  | ('rangeFrom' | 'rangeTo' | 'snap' | 'zoomIn' | 'zoomOut' | 'fit' | 'fitSelection' | 'spectra')
  | ('addPoint' | 'pointUp' | 'pointDown' | 'pointEarlier' | 'pointLater')
  | ('automation' | 'muteTrack' | 'soloTrack' | 'export');

const COMMANDS: Record<string, Command> = {
  ' ': 'play',
  r: 'record',
  home: 'toStart',
  end: 'toEnd',
  l: 'loop',
  m: 'marker',
  'mod+z': 'undo',
  'mod+shift+z': 'redo',
  'mod+y': 'redo',
  s: 'split',
  x: 'cutRange',
  delete: 'delete',
  backspace: 'delete',
  'shift+delete': 'rippleDelete',
  'shift+backspace': 'rippleDelete',
  u: 'muteClip',
  'mod+x': 'cut',
  'mod+c': 'copy',
  'mod+v': 'paste',
  'mod+d': 'duplicate',
  'mod+a': 'selectAll',
  escape: 'selectNone',
  arrowleft: 'earlier',
  arrowright: 'later',
  'shift+arrowleft': 'sampleEarlier',
  'shift+arrowright': 'sampleLater',
  arrowup: 'trackUp',
  arrowdown: 'trackDown',
  '[': 'trimStart',
  ']': 'trimEnd',
  '{': 'fadeIn',
  '}': 'fadeOut',
  i: 'rangeFrom',
  o: 'rangeTo',
  n: 'snap',
  '+': 'zoomIn',
  '=': 'zoomIn',
  '-': 'zoomOut',
  '0': 'fit',
  z: 'fitSelection',
  w: 'spectra',
  e: 'addPoint',
  'alt+arrowup': 'pointUp',
  'alt+arrowdown': 'pointDown',
  'alt+arrowleft': 'pointEarlier',
  'alt+arrowright': 'pointLater',
  a: 'automation',
  'shift+m': 'muteTrack',
  'shift+s': 'soloTrack',
  'mod+e': 'export',
};

/** Signs that need other modifiers on some keyboards: how they are typed does not matter. */
const SIGNS = '[]{}+=-';

export interface Chord {
  key: string;
  mod: boolean;
  shift: boolean;
  alt: boolean;
}

export function commandFor({ key, mod, shift, alt }: Chord): Command | null {
  if (SIGNS.includes(key)) return (mod && !alt ? null : COMMANDS[key]) ?? null;
  const held = [mod && 'mod', shift && 'shift', alt && 'alt'].filter(Boolean);
  return COMMANDS[[...held, key.toLowerCase()].join('+')] ?? null;
}

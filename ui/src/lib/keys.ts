// The window's own keys: one table for handling and for the help page.

export interface Shortcut {
  keys: string[];
  does: string;
}

export const shortcuts: { where: string; list: Shortcut[] }[] = [
  {
    where: 'Everywhere',
    list: [
      { keys: ['Mod', 'K'], does: 'Find a command, project or page' },
      { keys: ['Mod', 'J'], does: 'Show or hide the jobs' },
      { keys: ['Mod', '1–7'], does: 'Go to Start, Project, Film, Ambient, Chat, Models, Settings' },
      { keys: ['?'], does: 'Show these keys' },
      { keys: ['Esc'], does: 'Close what is open' },
    ],
  },
  {
    where: 'Chat',
    list: [
      { keys: ['Enter'], does: 'Send' },
      { keys: ['Shift', 'Enter'], does: 'Begin a new line' },
      { keys: ['↑'], does: 'Edit the last message, from an empty box' },
      { keys: ['Esc'], does: 'Stop the answer' },
      { keys: ['F2'], does: 'Rename the conversation in the list' },
      { keys: ['Del'], does: 'Delete the conversation in the list' },
    ],
  },
  {
    where: 'Film',
    list: [
      { keys: ['Space'], does: 'Play or pause' },
      { keys: ['←', '→'], does: 'One frame back or forward' },
      { keys: ['Shift', '← →'], does: 'One second back or forward' },
      { keys: ['Home', 'End'], does: 'To the start or the end' },
      { keys: ['C'], does: 'Captions on or off' },
      { keys: ['Mod', 'Z'], does: 'Undo the last change of the plan' },
      { keys: ['Mod', 'Shift', 'Z'], does: 'Redo it' },
      { keys: ['+', '−'], does: 'Zoom the timeline' },
    ],
  },
  {
    where: 'Multitrack session',
    list: [
      { keys: ['Space'], does: 'Play or pause' },
      { keys: ['R'], does: 'Record to the armed track, or stop' },
      { keys: ['L'], does: 'Loop the range or the selected clips' },
      { keys: ['S'], does: 'Split at the playhead, or at the edges of the range' },
      { keys: ['X'], does: 'Cut the range and close the gap' },
      {
        keys: ['Del'],
        does: 'Remove the chosen point, the range or the selected clips; with Shift, close the gap',
      },
      { keys: ['Mod', 'X / C / V / D'], does: 'Cut, copy, paste, duplicate clips' },
      {
        keys: ['←', '→'],
        does: 'Move the selected clips, or the playhead; with Shift by a sample',
      },
      { keys: ['↑', '↓'], does: 'Move the selected clips to another track, or the focus' },
      { keys: ['Tab'], does: 'Next clip, from the first one that has the focus' },
      { keys: ['[', ']'], does: 'Trim the start or end to the playhead' },
      { keys: ['{', '}'], does: 'Fade in up to the playhead, or out from it' },
      { keys: ['A'], does: 'Show or hide the automation of the focused track' },
      {
        keys: ['E'],
        does: 'Point at the playhead, of the selected clip or the open automation; Alt with ↑ ↓ changes it',
      },
      { keys: ['Alt', '← →'], does: 'Move the chosen point of an automation in time' },
      { keys: ['I', 'O'], does: 'Begin or end the range at the playhead' },
      { keys: ['M'], does: 'Marker at the playhead, or region over the range' },
      { keys: ['U'], does: 'Mute the selected clips; Shift with M or S: the track' },
      { keys: ['N'], does: 'Snap on or off; Shift while dragging does without' },
      { keys: ['+', '−', '0', 'Z'], does: 'Zoom; show all; show the selection' },
      { keys: ['W'], does: 'Waveforms or spectrograms' },
      { keys: ['Mod', 'Z'], does: 'Undo; with Shift, redo' },
      { keys: ['Mod', 'E'], does: 'Export' },
    ],
  },
  {
    where: 'Tracks and mixer',
    list: [
      { keys: ['↑', '↓'], does: 'Change a fader, with Shift finely; move a track, on its handle' },
      { keys: ['Del'], does: 'Bring a fader to where it usually stands, as a double click does' },
      { keys: ['F2'], does: 'Rename a track or the session, on its name' },
    ],
  },
  {
    where: 'Project',
    list: [
      { keys: ['↑', '↓'], does: 'Choose the asset before or after' },
      { keys: ['Space'], does: 'Play or pause the chosen asset' },
      { keys: ['←', '→'], does: 'One second back or forward' },
    ],
  },
  {
    where: 'Video tools',
    list: [
      { keys: ['Space'], does: 'Play or pause' },
      { keys: ['←', '→'], does: 'One frame back or forward; with Shift, one second' },
      { keys: ['↑', '↓'], does: 'To the cut before or after' },
      { keys: ['I', 'O'], does: 'In or out point at the picture shown; with Shift, go there' },
      { keys: ['X'], does: 'Take in and out point away' },
      { keys: ['Home', 'End'], does: 'To the start or the end' },
    ],
  },
  {
    where: 'Effects',
    list: [
      { keys: ['Space'], does: 'Play or pause, from a slider or outside of controls' },
      { keys: ['↑', '↓'], does: 'Move an effect in the chain, on its handle' },
      { keys: ['← →', '↑ ↓'], does: 'Move a band of the equaliser, on its handle' },
    ],
  },
];

export function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}

/** `Mod` is Command on a Mac and Control elsewhere. */
export function hasMod(event: KeyboardEvent): boolean {
  return isMac() ? event.metaKey : event.ctrlKey;
}

/** The key belongs to a control or an open dialog, not to the page. */
export function isTaken(event: KeyboardEvent): boolean {
  const target = event.target;
  if (event.defaultPrevented || document.querySelector('dialog[open]')) return true;
  if (!(target instanceof HTMLElement)) return false;
  const typed = 'input:not([type=range], [type=radio], [type=checkbox]), textarea, select';
  if (target.closest(typed)) return true;
  const isArrow = event.key.startsWith('Arrow');
  if (isArrow && target.closest('input[type=radio]')) return true;
  if (target.closest('input[type=range]')) {
    return isArrow || event.key === 'Home' || event.key === 'End';
  }
  const pressed = 'button, a, [role=button], input[type=radio], input[type=checkbox]';
  return event.key === ' ' && target.closest(pressed) !== null;
}

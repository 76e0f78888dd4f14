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
    where: 'Project',
    list: [
      { keys: ['↑', '↓'], does: 'Choose the asset before or after' },
      { keys: ['Space'], does: 'Play or pause the chosen asset' },
      { keys: ['←', '→'], does: 'One second back or forward' },
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
  if (target.closest('input:not([type=range]), textarea, select')) return true;
  const isArrow = event.key.startsWith('Arrow') || event.key === 'Home' || event.key === 'End';
  if (target.closest('input[type=range]')) return isArrow;
  return event.key === ' ' && target.closest('button, a, [role=button]') !== null;
}

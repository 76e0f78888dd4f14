// Which of the shell's layers are open.

import type { Values } from '$lib/schema';
import type { OperationInfo } from '$lib/types';

class Layers {
  jobs = $state(false);
  palette = $state(false);
  help = $state(false);
  /** The page that takes dropped files for itself, while it is shown. */
  takesFiles = $state.raw<((files: File[]) => void) | null>(null);
  /** The operation whose form is open, and what is filled in already. */
  operation = $state.raw<{ operation: OperationInfo; known: Values } | null>(null);
}

export const layers = new Layers();

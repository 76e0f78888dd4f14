// Which of the shell's layers are open.

import type { Values } from '$lib/schema';
import type { OperationInfo } from '$lib/types';

/** Takes files that were dropped at a place of the page, in CSS pixels. */
export type TakePaths = (paths: string[], at: { x: number; y: number }) => Promise<void>;

class Layers {
  jobs = $state(false);
  palette = $state(false);
  help = $state(false);
  /** The page that takes dropped files for itself, while it is shown. */
  takesFiles = $state.raw<((files: File[]) => void) | null>(null);
  /** The page that takes dropped files by their paths, and what it does with them in words. */
  takesPaths = $state.raw<{ says: string; take: TakePaths } | null>(null);
  /** The operation whose form is open, and what is filled in already. */
  operation = $state.raw<{ operation: OperationInfo; known: Values } | null>(null);
}

export const layers = new Layers();

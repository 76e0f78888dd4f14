// Files in a browser tab: the file input and drag and drop.

import type { Drop, Filter } from './transport';

/** Opens the browser's file chooser; empty when it was dismissed. */
export function browserFiles(filters: Filter[]): Promise<File[]> {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  input.accept = filters.flatMap((filter) => filter.extensions.map((end) => `.${end}`)).join(',');
  return new Promise((resolve) => {
    input.onchange = () => resolve([...(input.files ?? [])]);
    input.oncancel = () => resolve([]);
    input.click();
  });
}

/** Reports files that are dragged over the page; a drop uploads them when its paths are asked for. */
export function browserDrops(
  upload: (file: File) => Promise<string>,
  handle: (drop: Drop) => void,
): () => void {
  // Entering a child fires before leaving its parent: the depth tells when the page is left.
  let depth = 0;
  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  const listeners: Record<string, (event: DragEvent) => void> = {
    dragenter(event) {
      if (!holdsFiles(event)) return;
      depth += 1;
      if (depth === 1) handle({ phase: 'over' });
    },
    dragleave(event) {
      if (!holdsFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) handle({ phase: 'left' });
    },
    dragover(event) {
      if (holdsFiles(event)) event.preventDefault();
    },
    drop(event) {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      depth = 0;
      const files = [...(event.dataTransfer?.files ?? [])];
      handle({
        phase: 'dropped',
        paths: () => Promise.all(files.map(upload)),
        files: files.map((file) => async () => file),
        at: { x: event.clientX, y: event.clientY },
      });
    },
  };
  const entries = Object.entries(listeners) as [keyof WindowEventMap, EventListener][];
  for (const [type, listener] of entries) window.addEventListener(type, listener);
  return () => {
    for (const [type, listener] of entries) window.removeEventListener(type, listener);
  };
}

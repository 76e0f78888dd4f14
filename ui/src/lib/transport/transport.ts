// How the pages reach the studio. Two implementations: the window's IPC and HTTP + WebSocket.

import type { Job, Json, OperationInfo, StudioEvent } from '../types';

export type Answer = { kind: 'done'; output: Json } | { kind: 'job'; job: Job };

/** Where files are over the page, and what was let go. */
export type Drop =
  | { phase: 'over' }
  | { phase: 'left' }
  /** Imported by path, or read: nothing is uploaded or read until it is asked for. */
  | {
      phase: 'dropped';
      paths: () => Promise<string[]>;
      files: (() => Promise<File>)[];
      /** Where they were let go, in CSS pixels of the page. */
      at: { x: number; y: number };
    };

export interface Filter {
  name: string;
  extensions: string[];
}

export interface Transport {
  /** Can a folder be chosen with a dialog? Otherwise its path is typed. */
  readonly picksFolders: boolean;
  /** Where the ambient score can be heard from as a stream; `null` where the studio plays itself. */
  readonly streamAddress: string | null;
  call(operation: string, input: object): Promise<Answer>;
  callBytes(operation: string, input: object): Promise<ArrayBuffer>;
  operations(): Promise<OperationInfo[]>;
  /** `onGap` tells that events may have been missed: read the present state anew. */
  subscribe(onEvent: (event: StudioEvent) => void, onGap: () => void): Promise<() => void>;
  /** Tells that the page is drawn and takes input. */
  ready(): void;
  /** Project that the window was started with, if any. */
  launchProject(): Promise<string | null>;
  /** Asks for files and answers the paths under which the studio can read them. */
  pickFiles(title: string, filters: Filter[]): Promise<string[]>;
  pickFolder(title: string): Promise<string | null>;
  onDrop(handle: (drop: Drop) => void): () => void;
  /** Opens a web page in the system's browser. Absent in a browser, where links do it themselves. */
  openOutside?(url: string): Promise<void>;
}

/**
 * Makes one call out of many: while `load` runs, further asks lead to exactly one more run, so that
 * a burst of events costs two reads and the last fact is always seen.
 */
export function coalesced(load: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  const ask = async (): Promise<void> => {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await load();
      } while (again);
    })().finally(() => {
      running = null;
    });
    return running;
  };
  return ask;
}

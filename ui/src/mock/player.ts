// A player without sound: its clock runs at the frame rate of the paper film.

import { UNHEARD } from '$lib/loudness';
import type { StudioEvent } from '$lib/types';
import { player } from './data';
import { paperLoudness } from './loudness';

export function paperPlayer(emit: (event: StudioEvent) => void) {
  let frame = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const tell = (playing: boolean) =>
    emit({ type: 'player.clock', player: player.player, frame, playing });
  const hear = () =>
    emit({ type: 'player.loudness', player: player.player, loudness: paperLoudness(frame / 24) });
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    'player.open': () => player,
    'player.play': () => {
      stop();
      timer = setInterval(() => {
        frame += 1;
        hear();
        if (frame < player.frames) return tell(true);
        stop();
        emit({ type: 'player.ended', player: player.player });
      }, 1000 / 24);
      return null;
    },
    'player.pause': () => {
      stop();
      tell(false);
      return null;
    },
    'player.seek': (input: object) => {
      frame = Number((input as { frame: number }).frame);
      tell(timer !== undefined);
      return null;
    },
    'player.close': () => {
      stop();
      return null;
    },
    'player.volume': () => null,
    'player.reset_meter': () => ({ loudness: UNHEARD }),
  };
}

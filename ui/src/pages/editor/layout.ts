// Sizes that the canvas and the elements beside it share, in CSS pixels.

/** Height of a track, in its head as on the canvas. */
export const TRACK_PX = 96;
/** Ruler with markers and regions above the tracks. */
export const RULER_PX = 44;

// Sizes that the canvas and the elements beside it share, in CSS pixels.

export { AUTOMATION_PX, RULER_PX, TRACK_PX } from '$lib/session/geometry';

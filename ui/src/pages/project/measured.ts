// Loudness measured in this session, by digest: the same bytes never change their loudness.

import type { Loudness } from '$lib/types';

export const measured = new Map<string, Loudness>();

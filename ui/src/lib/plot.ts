// uPlot, read when the first plot is drawn.

import type uPlot from 'uplot';

export type Plot = typeof uPlot;

export async function loadPlot(): Promise<Plot> {
  mendLanguage();
  const [{ default: plot }] = await Promise.all([
    import('uplot'),
    import('uplot/dist/uPlot.min.css'),
  ]);
  return plot;
}

/**
 * WebKit tells the language of a system without one as `C`, which its own number formats refuse.
 * uPlot makes one as soon as it is read.
 */
function mendLanguage(): void {
  try {
    new Intl.NumberFormat(navigator.language);
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
  }
}

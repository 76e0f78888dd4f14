// Light, dark, or as the system says. The setting `appearance.theme` decides; what it was last is
// remembered here, so that the first picture of the window has the right colours.

const KEY = 'theme';
const systemIsLight = matchMedia('(prefers-color-scheme: light)');

class Look {
  /** What is shown; canvases read it to draw again in other colours. */
  scheme = $state<'light' | 'dark'>('dark');
  #theme = 'system';

  start() {
    this.#theme = localStorage.getItem(KEY) ?? 'system';
    systemIsLight.addEventListener('change', () => this.#apply());
    this.#apply();
  }

  /** `system`, `light` or `dark`. */
  set(theme: string) {
    this.#theme = theme;
    localStorage.setItem(KEY, theme);
    this.#apply();
  }

  #apply() {
    const system = systemIsLight.matches ? 'light' : 'dark';
    this.scheme = this.#theme === 'light' || this.#theme === 'dark' ? this.#theme : system;
    document.documentElement.dataset['scheme'] = this.scheme;
  }
}

export const appearance = new Look();

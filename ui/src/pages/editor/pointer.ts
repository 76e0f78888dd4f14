// Pointers on an element become presses and drags; Escape gives up the one that is under way.

import type { Drag, Press } from './dragging';

/** A press that moves less is a click. */
const STILL_PX = 3;

export function pressIn(element: Element, event: MouseEvent): Press {
  const box = element.getBoundingClientRect();
  const ctrl = event.ctrlKey || event.metaKey || event.altKey;
  return {
    x: event.clientX - box.left,
    y: event.clientY - box.top,
    ctrl,
    shift: event.shiftKey,
  };
}

export function drags(begin: (press: Press) => Drag | null, onhover?: (press: Press) => void) {
  return (element: HTMLElement) => {
    let drag: Drag | null = null;
    let pressed = { x: 0, y: 0 };
    let moved = false;
    const finish = (end: (drag: Drag) => void) => {
      const ended = drag;
      drag = null;
      if (ended) end(ended);
    };
    const listeners = {
      pointerdown(event: PointerEvent) {
        if (event.button !== 0) return;
        const press = pressIn(element, event);
        [drag, pressed, moved] = [begin(press), press, false];
        element.setPointerCapture(event.pointerId);
      },
      pointermove(event: PointerEvent) {
        const press = pressIn(element, event);
        if (!drag) return onhover?.(press);
        moved ||= Math.hypot(press.x - pressed.x, press.y - pressed.y) >= STILL_PX;
        if (moved) drag.move(press);
      },
      pointerup: () => finish((each) => each.end(moved)),
      pointercancel: () => finish((each) => each.cancel()),
    };
    const giveUp = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || !drag) return;
      event.preventDefault();
      event.stopPropagation();
      finish((each) => each.cancel());
    };
    const entries = Object.entries(listeners) as [keyof HTMLElementEventMap, EventListener][];
    for (const [type, listener] of entries) element.addEventListener(type, listener);
    window.addEventListener('keydown', giveUp, { capture: true });
    return () => {
      for (const [type, listener] of entries) element.removeEventListener(type, listener);
      window.removeEventListener('keydown', giveUp, { capture: true });
    };
  };
}

/** A press takes the focus from a field and does not leave a ring: keys then go to the page. */
export function unfocuses(element: HTMLElement) {
  const press = (event: MouseEvent) => {
    event.preventDefault();
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  };
  element.addEventListener('mousedown', press);
  return () => element.removeEventListener('mousedown', press);
}

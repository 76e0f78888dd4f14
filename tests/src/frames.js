// Run by `Page::frames`: moves the editor frame by frame and counts what it does.
const [motion, count, done] = arguments;
const canvas = document.querySelector("[data-testid='tracks']");
const paints = ['fill', 'stroke', 'fillRect', 'strokeRect', 'fillText', 'drawImage', 'putImageData'];
const told = { apart: [], ours: [], drawings: 0, most: 0, calls: 0, requests: 0 };
const undo = [];
const replace = (object, name, make) => {
  const before = object[name];
  object[name] = make(before);
  undo.push(() => (object[name] = before));
};

let frame = 0;
let inFrame = 0;
let ours = 0;

/** What is done from now until the tasks that wait for it are done, too. */
const timed = (work) => {
  const begun = performance.now();
  work();
  queueMicrotask(() => (ours += performance.now() - begun));
};

for (const name of [...paints, 'clearRect']) {
  replace(CanvasRenderingContext2D.prototype, name, (paint) => function (...given) {
    if (this.canvas === canvas) {
      // A drawing begins with an empty canvas.
      if (name === 'clearRect') {
        told.drawings += 1;
        inFrame += 1;
        told.most = Math.max(told.most, inFrame);
      } else told.calls += 1;
    }
    return paint.apply(this, given);
  });
}
replace(window, 'fetch', (ask) => (...given) => {
  if (String(given[0]?.url ?? given[0]).match(/call_bytes|audio\/(peaks|samples|spectrogram)/)) {
    told.requests += 1;
  }
  return ask.apply(window, given);
});
const nextFrame = window.requestAnimationFrame.bind(window);
replace(window, 'requestAnimationFrame', () => (draw) =>
  nextFrame((now) => {
    // All that is drawn for one frame is given the same time.
    if (now !== frame) [frame, inFrame] = [now, 0];
    timed(() => draw(now));
  }),
);

let line = null;
if (motion === 'Blank') {
  const { hidden } = document.body;
  document.body.hidden = true;
  line = document.createElement('div');
  line.style.cssText = 'position:fixed;inset:0 auto 0 0;width:2px;background:red';
  document.documentElement.append(line);
  undo.push(() => {
    document.body.hidden = hidden;
    line.remove();
  });
}

const box = canvas.getBoundingClientRect();
const at = { clientX: box.left + box.width / 2, clientY: box.top + 50 };
const wheel = (turned) =>
  canvas.dispatchEvent(new WheelEvent('wheel', { ...at, ...turned, bubbles: true, cancelable: true }));
const motions = {
  Blank: (n) => (line.style.transform = `translateX(${n % 500}px)`),
  Still: () => undefined,
  Scroll: (n) => wheel({ deltaX: n <= count / 2 ? 9 : -9 }),
  Zoom: (n) => wheel({ deltaY: n <= count / 2 ? -20 : 20, ctrlKey: true }),
};

let last = null;
let n = 0;
nextFrame(function step(now) {
  if (now !== frame) [frame, inFrame] = [now, 0];
  if (last !== null) {
    told.apart.push(now - last);
    told.ours.push(ours);
  }
  [last, ours] = [now, 0];
  n += 1;
  if (n > count + 1) {
    for (const each of undo.reverse()) each();
    return done(told);
  }
  timed(() => motions[motion](n));
  nextFrame(step);
});

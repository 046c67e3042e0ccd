// Pictures presented as a block says: for a set time, one after another, masked, covered or enlarged.
// Times are those of animation frames, beside them those of paints where the browser tells them.

const WARM_UP = 10; // frames over which the length of a frame is known before anything is shown
const CELLS = 32; // of the mask's noise, along each side
const MOST_LOOKS = 400;
const LEVELS = [1, 2, 3, 4];
const tenth = (ms) => Math.round(ms * 10) / 10;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const nextFrame = () => new Promise(requestAnimationFrame);

// Resolves as soon as the page may be answered: with the onset of the first picture, and a function
// that gives the record of what was shown.
export async function present(form, begun, ended) {
  const wanted = JSON.parse(form.dataset.presented);
  const page = new Page(form, wanted, begun, ended);
  form.classList.add("begun");
  const onset = page.isSequence ? await new Sequence(page).run() : begun;
  if (wanted.reveal === "on_request") page.pictures.forEach((one) => cover(page, one));
  if (wanted.zoom) page.pictures.forEach((one) => enlargeable(page, one));
  form.classList.add("over");
  return { onset, log: () => JSON.stringify(page.record()) };
}

class Page {
  constructor(form, wanted, begun, ended) {
    Object.assign(this, { form, wanted, begun, ended, looks: [], more: {}, open: null, parts: {} });
    this.stage = form.querySelector(".stage");
    this.isSequence = wanted.fixation_ms !== null || wanted.exposure_ms !== null;
    this.interrupted = document.hidden;
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.hide(); }, { signal: ended });
    this.pictures = placed(this.stage, wanted);
    this.presented = countPresented(form);
    this.live = this.stage.appendChild(document.createElement("p"));
    this.live.className = "unseen";
    this.live.setAttribute("role", "status");
  }

  hide() {
    if (!this.form.classList.contains("over")) this.interrupted = true;
    this.open?.hide();
  }

  over(image, element) { return layOver(this.stage, image, element); }

  // A look at a picture, or at an enlarged one at one level, ends once; time away from the page is
  // no look.
  look(place, level, ended, hide) {
    const start = performance.now();
    const end = () => {
      if (this.open?.end !== end) return;
      this.open = null;
      keep(this, entry());
      ended();
    };
    const entry = () => ({ place, ...(level && { level }), start_ms: tenth(start - this.begun), ms: tenth(performance.now() - start) });
    this.open = { end, entry, hide: hide ?? end };
  }

  record() {
    const told = { looks: [...this.looks], more: { ...this.more } };
    if (this.open) keep(told, this.open.entry());
    const name = this.wanted.zoom ? "zooms" : "looks";
    const places = this.pictures.map((one) => one.place);
    return { presented: this.presented, interrupted: this.interrupted, places, ...this.parts, [name]: told.looks, more: Object.values(told.more) };
  }
}

// Looks beyond those that are listed are counted for each picture, with their time in all.
export function keep(log, look) {
  if (log.looks.length < MOST_LOOKS) { log.looks.push(look); return; }
  const { place, ms } = look;
  const before = log.more[place] ?? { count: 0, ms: 0 };
  log.more[place] = { place, count: before.count + 1, ms: tenth(before.ms + ms) };
}

// The pictures in the page's order, each with its place; two places may have the same picture.
export function placed(stage, wanted) {
  const left = [...wanted.places];
  return [...stage.querySelectorAll("img, input[type=image]")].flatMap((image) => {
    const found = left.findIndex(([, address]) => address === image.getAttribute("src"));
    return found < 0 ? [] : [{ image, place: left.splice(found, 1)[0][0] }];
  });
}

// An element that lies over a picture, wherever the window puts that.
export function layOver(stage, image, element) {
  const lay = () => {
    const [inner, outer] = [image.getBoundingClientRect(), stage.getBoundingClientRect()];
    const style = { left: inner.left - outer.left, top: inner.top - outer.top, width: inner.width, height: inner.height };
    for (const [name, value] of Object.entries(style)) element.style[name] = `${value}px`;
  };
  element.classList.add("laid");
  lay();
  new ResizeObserver(lay).observe(stage);
  return element;
}

// How often this browser has shown the trial: a reload shows it again, and so does another tab.
export function countPresented(form) {
  const trial = form.elements.trial.value;
  try {
    const before = JSON.parse(localStorage.getItem("discern-presented") ?? "{}");
    const count = before.trial === trial ? before.count + 1 : 1;
    localStorage.setItem("discern-presented", JSON.stringify({ trial, count }));
    return count;
  } catch { return 1; }
}

// A cross, the pictures, their masks and gaps, each for its time; never one of them left out.
class Sequence {
  constructor(page) {
    this.page = page;
    this.deltas = [];
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const { wanted, pictures } = page;
    this.shown = pictures.map(({ image, place }) => ({ image, place, frames: 0, painted: null, onset: null, offset: null }));
    this.watchPaints();
    const groups = wanted.order === "together" ? [this.shown] : this.shown.map((one) => [one]);
    this.steps = wanted.fixation_ms === null ? [] : [{ ms: wanted.fixation_ms, cross: true }];
    groups.forEach((group, number) => {
      this.steps.push({ ms: wanted.exposure_ms ?? 0, group });
      if (wanted.exposure_ms === null) return;
      if (wanted.mask === "noise") this.steps.push({ ms: wanted.mask_ms, masked: group });
      if (wanted.gap_ms && number < groups.length - 1) this.steps.push({ ms: wanted.gap_ms });
    });
  }

  watchPaints() {
    if (!globalThis.PerformanceObserver?.supportedEntryTypes?.includes("element")) return;
    // Each has the attribute elementtiming from the start: Chromium 150 times none that gets it once
    // it is loaded.
    const observer = new PerformanceObserver((list) => {
      for (const { element, renderTime } of list.getEntries()) {
        // Told of the page's earlier trials too
        const one = this.shown.find(({ image }) => image === element);
        if (one && renderTime) one.painted = renderTime;
      }
    });
    observer.observe({ type: "element", buffered: true });
    this.page.ended.addEventListener("abort", () => observer.disconnect());
  }

  get frame() { return median(this.deltas); }

  async run() {
    const { page } = this;
    let last = await nextFrame();
    const tick = async () => {
      const now = await nextFrame();
      this.deltas.push(now - last);
      last = now;
      return now;
    };
    while (this.deltas.length < WARM_UP) await tick();
    for (const step of this.steps) {
      const start = last;
      const end = this.begin(step, start);
      const isEnd = (now) => now - start + this.frame / 2 >= step.ms;
      if (step.ms === 0) break; // what stays needs no end
      do { await tick(); this.count(); } while (!isEnd(last));
      end(last);
    }
    page.parts = this.parts();
    return this.shown[0]?.onset ?? page.begun;
  }

  count() { for (const one of this.shown) if (one.onset !== null && one.offset === null) one.frames += 1; }

  // Shows a step in the frame `now`; gives what ends it.
  begin({ cross, group, masked }, now) {
    if (cross) return this.add(document.createElement("div"), "fixation", this.first());
    if (masked) {
      const ends = masked.map(({ image }) => this.add(this.mask(image), "mask", image));
      return () => ends.forEach((end) => end());
    }
    for (const one of group ?? []) { one.onset = now; one.image.classList.add("seen"); }
    return (then) => { for (const one of group ?? []) { one.offset = then; one.image.classList.remove("seen"); } };
  }

  // Where a cross stands: before pictures that come together in the middle of all.
  first() { return this.page.wanted.order === "together" ? null : this.shown[0]?.image; }

  add(element, name, image) {
    element.className = name;
    element.setAttribute("aria-hidden", "true");
    this.page.stage.append(image ? this.page.over(image, element) : element);
    return () => element.remove();
  }

  mask(image) {
    const number = this.shown.findIndex((one) => one.image === image);
    return noise((this.page.wanted.seed + number) >>> 0, this.still);
  }

  parts() {
    const from = (time) => (time === null ? null : tenth(time - this.page.begun));
    const { wanted } = this.page;
    const sequence = this;
    return {
      frame_ms: tenth(this.frame),
      mask: wanted.mask === "none" ? "none" : this.still ? "plain" : "noise",
      // Read when the record is written: paints are told a little later.
      get pictures() {
        return sequence.shown.map(({ place, frames, onset, offset, painted }) => ({
          place, onset_ms: from(onset), painted_ms: from(painted), offset_ms: from(offset), frames,
        }));
      },
    };
  }
}

// A mask: grey squares drawn from a seed, or one plain grey for people who prefer less motion.
export function noise(seed, isPlain) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = CELLS;
  const brush = canvas.getContext("2d");
  const random = mulberry32(seed);
  for (let cell = 0; cell < CELLS * CELLS; cell += 1) {
    const grey = isPlain ? 128 : Math.floor(random() * 256);
    brush.fillStyle = `rgb(${grey}, ${grey}, ${grey})`;
    brush.fillRect(cell % CELLS, Math.floor(cell / CELLS), 1, 1);
  }
  return canvas;
}

// Tommy Ettinger's mulberry32: the same numbers in every browser.
function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function button(name, label, words = "") {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: name, textContent: words });
  made.setAttribute("aria-label", label);
  return made;
}

// A picture that is uncovered by a press and covered by the next one; one at a time.
function cover(page, { image, place }) {
  const { show, cover: again, shown, covered } = page.wanted.words;
  const lid = button("lid", `${show}: ${image.alt}`, show);
  const tell = (isShown) => {
    image.classList.toggle("seen", isShown);
    lid.classList.toggle("open", isShown);
    lid.textContent = isShown ? "" : show;
    lid.setAttribute("aria-label", `${isShown ? again : show}: ${image.alt}`);
    page.live.textContent = `${image.alt}: ${isShown ? shown : covered}`;
  };
  let own = null;
  lid.addEventListener("click", () => {
    const mine = own !== null && page.open === own;
    page.open?.end();
    if (mine) return;
    page.look(place, null, () => tell(false));
    own = page.open;
    tell(true);
  });
  image.after(page.over(image, lid));
}

// A press enlarges the picture over the page; each level counts by itself.
function enlargeable(page, picture) {
  const glass = button("glass", `${page.wanted.words.enlarge}: ${picture.image.alt}`);
  glass.addEventListener("click", () => new Zoom(page, picture, glass));
  picture.image.after(page.over(picture.image, glass));
}

class Zoom {
  constructor(page, { image, place }, glass) {
    Object.assign(this, { page, place, base: image.getBoundingClientRect().width });
    const { smaller, larger, close } = page.wanted.words;
    const [bar, room] = [document.createElement("p"), document.createElement("div")];
    this.dialog = document.createElement("dialog");
    this.dialog.className = "zoom";
    this.dialog.setAttribute("aria-label", image.alt);
    this.image = image.cloneNode();
    this.told = document.createElement("output");
    this.less = this.press(smaller, "−", () => this.to(this.at - 1));
    this.more = this.press(larger, "+", () => this.to(this.at + 1));
    bar.append(this.less, this.told, this.more, this.press(close, close, () => this.dialog.close()));
    room.tabIndex = 0; // so that keys scroll it
    room.append(this.image);
    this.dialog.append(bar, room);
    this.dialog.addEventListener("close", () => { page.open?.end(); this.dialog.remove(); glass.focus(); });
    document.body.append(this.dialog);
    page.ended.addEventListener("abort", () => this.dialog.remove());
    this.dialog.showModal();
    this.to(1);
  }

  press(label, words, act) {
    const made = button("", label, words);
    made.addEventListener("click", act);
    return made;
  }

  to(at) {
    this.at = at;
    this.page.open?.end();
    this.page.look(this.place, LEVELS[at], () => {}, () => this.dialog.close());
    this.image.style.width = `${this.base * LEVELS[at]}px`;
    this.told.textContent = `${100 * LEVELS[at]} %`;
    this.less.disabled = at === 0;
    this.more.disabled = at === LEVELS.length - 1;
  }
}

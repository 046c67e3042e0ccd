// Marks a part of the photo: boxes, points or a brush, by mouse, touch, pen and keyboard.
// Without this module people tick the squares that lie over the photo.

const SIDE = 56;
const LEAST = 0.02 - 1e-9;
const STEPS = [0.005, 0.01, 0.02, 0.05, 0.1];
const RADII = [0.015, 0.03, 0.05, 0.08, 0.12];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const inside = (value) => Math.min(1, Math.max(0, value));
const short = (value) => Math.round(value * 1e5) / 1e5;

export function present(form) {
  form.querySelectorAll(".region").forEach((panel) => draw(form, panel));
}

function draw(form, panel) {
  const surface = form.querySelector(".marked");
  const [picture, svg] = [surface.querySelector("img"), surface.querySelector("svg")];
  const field = panel.querySelector("[data-kept]");
  const place = panel.querySelector(".place");
  const tool = panel.dataset.tool;
  const most = Number(panel.dataset.most);
  const kind = { box: "boxes", points: "points", brush: "runs" }[tool];
  const erasing = panel.querySelector("[data-does=erase]");
  let marks = [];
  let byKeys = false;
  const past = [];
  // Where the keyboard is, where a box began, whether the brush is down, and the last step of it
  const cursor = { x: 0.5, y: 0.5, shown: false };
  let start = null;
  let end = null;
  let pressed = null;
  let brushing = false;
  let size = 2;

  const words = (name, values = {}) => panel.dataset[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const say = (text) => { place.textContent = text; };
  const cells = () => {
    const grid = new Uint8Array(SIDE * SIDE);
    for (const [row, first, last] of marks) grid.fill(1, row * SIDE + first, row * SIDE + last + 1);
    return grid;
  };

  function restore() {
    try {
      const region = JSON.parse(field.value);
      marks = region[kind] ?? [];
      byKeys = region.by === "keys";
    } catch { marks = []; }
  }

  function write() {
    const region = { version: 1, tool, ...(byKeys ? { by: "keys" } : {}), ...(tool === "brush" ? { side: SIDE } : {}), [kind]: marks };
    field.value = marks.length ? JSON.stringify(region) : "";
    for (const event of ["input", "change"]) field.dispatchEvent(new Event(event, { bubbles: true }));
    tell();
    show();
  }

  function tell() {
    if (!marks.length) { say(words("nothing")); return; }
    const painted = tool === "brush" ? cells().reduce((sum, one) => sum + one, 0) : 0;
    say(tool === "brush" ? words("painted", { n: Math.max(1, Math.round((100 * painted) / SIDE ** 2)) }) : words("count", { n: marks.length }));
  }

  function remember() {
    past.push(JSON.stringify([marks, byKeys]));
    if (past.length > 100) past.shift();
  }

  function add(mark, keys) {
    // One that is drawn again takes the place of the only one.
    if (marks.length >= most && most > 1) { say(words("full", { n: most })); return; }
    remember();
    marks = [...(most === 1 ? [] : marks), mark.map(short)];
    byKeys ||= keys;
    write();
  }

  // A box from `start` to a place; a press at the same place waits for the second corner.
  function corner(at, keys, isClick) {
    const box = [Math.min(start.x, at.x), Math.min(start.y, at.y), Math.max(start.x, at.x), Math.max(start.y, at.y)];
    const [width, height] = [box[2] - box[0], box[3] - box[1]];
    if (isClick && Math.max(width, height) < LEAST) { say(words("begun")); return; }
    start = end = null;
    if (Math.min(width, height) < LEAST) say(words("small"));
    else add(box, keys);
    show();
  }

  function paint(from, to) {
    const grid = cells();
    const radius = Math.max(RADII[size], 0.5 / SIDE);
    const fill = erasing?.getAttribute("aria-pressed") === "true" ? 0 : 1;
    const count = Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) * SIDE * 2);
    for (let step = 0; step <= count; step += 1) {
      const part = count ? step / count : 1;
      const [x, y] = [from.x + part * (to.x - from.x), from.y + part * (to.y - from.y)];
      const [left, right] = [Math.floor((x - radius) * SIDE), Math.floor((x + radius) * SIDE)];
      const [top, bottom] = [Math.floor((y - radius) * SIDE), Math.floor((y + radius) * SIDE)];
      for (let row = Math.max(0, top); row <= Math.min(SIDE - 1, bottom); row += 1) {
        for (let column = Math.max(0, left); column <= Math.min(SIDE - 1, right); column += 1) {
          if (Math.hypot((column + 0.5) / SIDE - x, (row + 0.5) / SIDE - y) <= radius) grid[row * SIDE + column] = fill;
        }
      }
    }
    marks = runsOf(grid);
    show();
  }

  function undo() {
    if (start) { start = end = null; say(words("left")); show(); return; }
    if (!past.length) return;
    [marks, byKeys] = JSON.parse(past.pop());
    write();
  }

  function clear() {
    start = end = null;
    if (marks.length) { remember(); marks = []; byKeys = false; write(); }
    show();
  }

  const does = {
    undo,
    clear,
    smaller: () => resize(-1),
    larger: () => resize(1),
    erase: () => erasing.setAttribute("aria-pressed", String(erasing.getAttribute("aria-pressed") !== "true")),
  };

  function resize(by) {
    size = Math.min(RADII.length - 1, Math.max(0, size + by));
    show();
  }

  // By mouse, touch and pen

  function at(event) {
    const box = picture.getBoundingClientRect();
    return { x: inside((event.clientX - box.left) / box.width), y: inside((event.clientY - box.top) / box.height) };
  }

  surface.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    surface.classList.add("pressed");
    surface.focus({ preventScroll: true });
    surface.setPointerCapture(event.pointerId);
    cursor.shown = brushing = false;
    pressed = at(event);
    if (tool === "box" && !start) start = { ...pressed };
    if (tool === "brush") { remember(); paint(pressed, pressed); }
  });
  surface.addEventListener("pointermove", (event) => {
    if (!event.isPrimary) return;
    const now = at(event);
    if (start && !cursor.shown) { end = now; show(); }
    if (tool === "brush" && pressed) { paint(pressed, now); pressed = now; }
  });
  surface.addEventListener("pointerup", (event) => {
    if (!event.isPrimary || !pressed) return;
    const now = at(event);
    pressed = null;
    if (tool === "box" && start) corner(now, false, true);
    else if (tool === "points") add([now.x, now.y], false);
    else if (tool === "brush") write();
  });
  surface.addEventListener("pointercancel", () => {
    if (tool === "brush" && pressed) write();
    pressed = start = end = null;
    show();
  });

  // By keys

  function press() {
    const here = { x: cursor.x, y: cursor.y };
    if (tool === "points") add([here.x, here.y], true);
    else if (tool === "box") {
      if (start) corner(here, true, false);
      else { start = here; say(words("begun")); }
    } else {
      brushing = !brushing;
      if (brushing) { remember(); byKeys = true; paint(here, here); write(); }
      say(words(brushing ? "down" : "up"));
    }
  }

  function move([across, down], far) {
    const step = (tool === "brush" ? 0.02 : STEPS[size]) * (far ? 5 : 1);
    const before = { x: cursor.x, y: cursor.y };
    cursor.x = inside(short(cursor.x + across * step));
    cursor.y = inside(short(cursor.y + down * step));
    if (brushing) { paint(before, cursor); write(); }
    say(words("at", { x: Math.round(100 * cursor.x), y: Math.round(100 * cursor.y) }));
  }

  surface.addEventListener("keydown", (event) => {
    const isPress = event.key === "Enter" || event.key === " ";
    const takesBack = ["Backspace", "Delete"].includes(event.key) || (event.key === "z" && (event.ctrlKey || event.metaKey));
    const grows = { "+": 1, "=": 1, "-": -1, "−": -1 }[event.key];
    if (ARROWS[event.key]) move(ARROWS[event.key], event.shiftKey);
    else if (isPress) { if (!event.repeat) press(); }
    else if (takesBack) undo();
    else if (grows) resize(grows);
    else if (event.key === "Escape" && start) undo();
    else return;
    event.preventDefault();
    event.stopPropagation();
    cursor.shown = true;
    surface.classList.remove("pressed");
    end = start && { x: cursor.x, y: cursor.y };
    show();
  });
  surface.addEventListener("blur", () => {
    brushing = cursor.shown = false;
    surface.classList.remove("pressed");
    show();
  });
  panel.querySelector(".tools").addEventListener("click", (event) => does[event.target.dataset.does]?.());

  // What is seen: white over black, so that it stands out of any photo

  function show() {
    const parts = tool === "brush" ? [["path", { d: pathOf(marks), class: "paint" }]] : [];
    if (tool === "box") for (const [x, y, right, bottom] of marks) parts.push(...twice("rect", { x, y, width: right - x, height: bottom - y }));
    if (tool === "points") for (const [cx, cy] of marks) parts.push(...twice("circle", { cx, cy, r: 0.02 }));
    if (start && end) {
      const [x, y] = [Math.min(start.x, end.x), Math.min(start.y, end.y)];
      parts.push(...twice("rect", { x, y, width: Math.abs(start.x - end.x), height: Math.abs(start.y - end.y) }, "begun"));
    } else if (start) parts.push(...twice("circle", { cx: start.x, cy: start.y, r: 0.008 }));
    if (cursor.shown) {
      const { x, y } = cursor;
      parts.push(...twice("path", { d: `M${x - 0.05} ${y}H${x + 0.05}M${x} ${y - 0.05}V${y + 0.05}` }));
      if (tool === "brush") parts.push(...twice("circle", { cx: x, cy: y, r: RADII[size] }));
    }
    svg.replaceChildren(...parts.map(([name, values]) => element(name, values)));
  }

  form.querySelectorAll(".squares").forEach((one) => { one.disabled = one.hidden = true; });
  panel.querySelector(".without").hidden = true;
  panel.querySelectorAll(".with, .tools").forEach((one) => { one.hidden = false; });
  const facts = { tabindex: 0, role: "application", "aria-label": panel.dataset.label, "aria-describedby": `asked-${field.name} how-${field.name}` };
  for (const [name, value] of Object.entries(facts)) surface.setAttribute(name, value);
  surface.classList.add("draws");
  restore();
  if (marks.length) tell();
  show();
}

function runsOf(grid) {
  const runs = [];
  for (let cell = 0; cell < grid.length; cell += 1) {
    if (!grid[cell]) continue;
    const [row, column] = [Math.floor(cell / SIDE), cell % SIDE];
    const last = runs[runs.length - 1];
    if (last && last[0] === row && last[2] === column - 1) last[2] = column;
    else runs.push([row, column, column]);
  }
  return runs;
}

function pathOf(runs) {
  const d = ([row, first, last]) => `M${first / SIDE} ${row / SIDE}H${(last + 1) / SIDE}V${(row + 1) / SIDE}H${first / SIDE}Z`;
  return runs.map(d).join("");
}

function twice(name, values, own = "") {
  return ["under", "over"].map((layer) => [name, { ...values, class: `${layer} ${own}` }]);
}

function element(name, values) {
  const found = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(values)) found.setAttribute(key, value);
  return found;
}

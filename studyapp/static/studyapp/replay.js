// Presents the pictures of an answered trial again, at the times that its page measured.
import { layOver, noise, placed } from "./presentation.js";

const form = document.getElementById("trial");
const play = document.querySelector("button[data-record]");
const record = JSON.parse(play.dataset.record);
const wanted = JSON.parse(form.dataset.presented);
const stage = form.querySelector(".stage");
const pictures = new Map(record.films ? [] : placed(stage, wanted).map(({ image, place }) => [place, image]));

// Films have their own times: each again, in the order in which they were watched.
async function films() {
  const order = record.films.toSorted((a, b) => (a.started_ms ?? 0) - (b.started_ms ?? 0));
  const addresses = new Map(wanted.films);
  for (const { place } of order) {
    const video = [...stage.querySelectorAll("video")].find((one) => one.getAttribute("src") === addresses.get(place));
    video.currentTime = 0;
    const over = new Promise((done) => ["ended", "error", "pause"].forEach((name) => video.addEventListener(name, done, { once: true })));
    await video.play().then(() => over, () => {});
  }
}

// What is seen from when to when, in milliseconds as the record counts them.
function intervals() {
  if (record.looks) return record.looks.map((one) => ({ ...one, from: one.start_ms, to: one.start_ms + one.ms }));
  const seen = record.pictures.map((one) => ({ ...one, from: one.onset_ms, to: one.offset_ms ?? one.onset_ms + 2000 }));
  const masks = record.mask === "none" ? [] : seen.map((one, number) => ({ place: one.place, from: one.to, to: one.to + wanted.mask_ms, mask: number }));
  return [...seen, ...masks];
}

function part({ place, mask }) {
  const image = pictures.get(place);
  if (mask === undefined) return { on: () => image.classList.add("seen"), off: () => image.classList.remove("seen") };
  const canvas = layOver(stage, image, noise((record.seed + mask) >>> 0, record.mask === "plain"));
  canvas.classList.add("mask");
  return { on: () => stage.append(canvas), off: () => canvas.remove() };
}

play.addEventListener("click", () => {
  if (record.films) {
    play.disabled = true;
    films().finally(() => { play.disabled = false; });
    return;
  }
  const parts = intervals().map((one) => ({ ...one, ...part(one), state: "before" }));
  const first = Math.min(...parts.map((one) => one.from));
  const cross = document.createElement("div");
  cross.className = "fixation";
  const lead = wanted.fixation_ms ?? 0;
  if (lead) parts.push({ from: first - lead, to: first, state: "before", on: () => stage.append(cross), off: () => cross.remove() });
  play.disabled = true;
  form.classList.add("presents", "begun");
  let start = null;
  const frame = (time) => {
    start ??= time;
    const now = time - start + first - lead;
    for (const one of parts) {
      if (one.state === "before" && now >= one.from) { one.on(); one.state = "on"; }
      if (one.state === "on" && now >= one.to) { one.off(); one.state = "over"; }
    }
    if (parts.some((one) => one.state !== "over")) { requestAnimationFrame(frame); return; }
    form.classList.remove("presents");
    play.disabled = false;
  };
  requestAnimationFrame(frame);
});

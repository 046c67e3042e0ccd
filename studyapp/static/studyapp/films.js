// Films that are watched to their end once before the page is answered: silent, one at a time, in the
// page's order, each from the moment at which it is in view. People who prefer less motion see one
// picture out of the middle until they press play.
import { countPresented } from "./presentation.js";

const IN_VIEW = 0.6; // of a film's area
const AGAIN = [600, 2400]; // a film that was lost on the way is asked for again, twice
const SKIPPED = 0.3; // seconds of a film that its last frame may hide from `played`
const FAILURES = { 1: "network", 2: "network", 3: "decode" };
const UNUSABLE = 4; // also of a film that never came
const tenth = (ms) => Math.round(ms * 10) / 10;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// Resolves as soon as each film was watched or can't be shown.
export async function present(form, begun, ended) {
  const reel = new Reel(form, JSON.parse(form.dataset.presented), begun, ended);
  form.classList.add("begun");
  await Promise.all(reel.films.map((film) => film.over));
  form.classList.add("over");
  reel.live.textContent = reel.words.over;
  const failed = reel.films.some((film) => film.failed !== null);
  return { onset: begun, failed, why: reel.words.failed, log: () => JSON.stringify(reel.record()) };
}

class Reel {
  constructor(form, { films, words }, begun, ended) {
    Object.assign(this, { words, begun, interrupted: document.hidden, films: [] });
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.presented = countPresented(form);
    this.live = form.querySelector(".stage").appendChild(document.createElement("p"));
    this.live.className = "unseen";
    this.live.setAttribute("role", "status");
    const left = [...films];
    this.films = [...form.querySelectorAll(".film video")].flatMap((video) => {
      const found = left.findIndex(([, address]) => address === video.getAttribute("src"));
      return found < 0 ? [] : [new Film(this, video, left.splice(found, 1)[0][0])];
    });
    const seen = new IntersectionObserver((entries) => {
      for (const one of entries) this.films.find(({ video }) => video === one.target).isInView = one.intersectionRatio >= IN_VIEW;
      this.next();
    }, { threshold: IN_VIEW });
    for (const film of this.films) seen.observe(film.video);
    document.addEventListener("visibilitychange", () => this.turn(), { signal: ended });
    ended.addEventListener("abort", () => seen.disconnect());
  }

  get playing() { return this.films.find(({ video }) => !video.paused && !video.ended); }

  // The first film in view that still has to be watched begins by itself, where that is wanted; a
  // later one does not overtake it.
  next() {
    if (this.still || document.hidden || this.playing) return;
    const film = this.films.find((one) => one.ended === null && one.failed === null && !one.held && one.isInView);
    if (film?.isReady) film.play();
  }

  // A film that nobody can see waits.
  turn() {
    if (!document.hidden) { this.next(); return; }
    if (this.films.some((film) => film.ended === null)) this.interrupted = true;
    this.playing?.video.pause();
  }

  record() {
    return { presented: this.presented, interrupted: this.interrupted, films: this.films.map((film) => film.record()) };
  }
}

class Film {
  constructor(reel, video, place) {
    Object.assign(this, { reel, video, place, plays: 0, pauses: 0, stalls: 0, tries: 0 });
    Object.assign(this, { started: null, ended: null, failed: null, held: false, isReady: false, isInView: false });
    this.over = new Promise((done) => { this.done = done; });
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.append(document.createElement("span"));
    this.button.addEventListener("click", () => this.press());
    video.after(this.button);
    video.muted = true; // the attribute alone does not mute a film that a script plays
    video.addEventListener("contextmenu", (event) => event.preventDefault());
    video.addEventListener("play", () => this.tell());
    video.addEventListener("pause", () => this.tell());
    video.addEventListener("waiting", () => { if (this.started !== null && this.ended === null) this.stalls += 1; });
    video.addEventListener("ended", () => this.end());
    video.addEventListener("error", () => this.fail());
    video.addEventListener("ratechange", () => { if (video.playbackRate !== 1) video.playbackRate = 1; });
    video.addEventListener("loadeddata", () => this.load());
    if (video.error) this.fail();
    else if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.load();
    this.tell();
  }

  load() {
    if (this.isReady) return;
    this.isReady = true;
    if (this.reel.still && this.plays === 0) this.video.currentTime = this.video.duration / 2;
    this.reel.next();
  }

  press() {
    this.held = !this.video.paused && !this.video.ended;
    if (!this.held) { this.play(); return; }
    this.pauses += 1;
    this.video.pause();
  }

  async play() {
    const other = this.reel.playing;
    if (other && other !== this) other.video.pause();
    if (this.plays === 0) this.video.currentTime = 0;
    // Counted before it begins: a film that a browser does not begin by itself waits for its button.
    const isNew = this.plays === 0 || this.video.ended;
    if (this.started === null) this.awaitFrame(performance.now());
    try { await this.video.play(); } catch { this.held = true; this.tell(); return; }
    if (isNew) this.plays += 1;
    this.begin(performance.now());
  }

  // A picture that stood there before the film was played does not begin it.
  awaitFrame(asked) {
    this.video.requestVideoFrameCallback?.((now, { presentationTime }) => {
      if (presentationTime < asked || this.video.paused) this.awaitFrame(asked);
      else this.begin(presentationTime);
    });
  }

  // The earliest that is told: a busy page hears late that a film is being played.
  begin(time) { this.started = Math.min(this.started ?? Infinity, Math.max(0, time - this.reel.begun)); }

  end() {
    this.tell();
    const { played, duration } = this.video;
    let seconds = 0;
    for (let part = 0; part < played.length; part += 1) seconds += played.end(part) - played.start(part);
    if (seconds < duration - SKIPPED) { this.reel.next(); return; }
    this.ended ??= performance.now() - this.reel.begun;
    this.done();
    this.reel.next();
  }

  async fail() {
    const code = this.video.error?.code;
    if (this.tries < AGAIN.length) {
      await wait(AGAIN[this.tries]);
      this.tries += 1;
      this.isReady = false;
      this.video.load();
      this.tell(); // a film that is loaded anew stands still without a word
      return;
    }
    const why = code === UNUSABLE && await this.isThere() ? "unsupported" : FAILURES[code] ?? "network";
    if (this.ended === null) this.failed = why;
    this.button.hidden = true;
    this.done();
    this.reel.next();
  }

  isThere() { return fetch(this.video.src, { method: "HEAD" }).then((reply) => reply.ok, () => false); }

  tell() {
    const { video, reel: { words } } = this;
    const state = video.ended ? "again" : video.paused ? "play" : "pause";
    this.button.className = state;
    this.button.setAttribute("aria-label", `${words[state]}: ${video.getAttribute("aria-label")}`);
  }

  record() {
    const { place, plays, pauses, stalls, failed } = this;
    const dropped = this.video.getVideoPlaybackQuality?.().droppedVideoFrames ?? 0;
    const [started_ms, ended_ms] = [this.started, this.ended].map((ms) => (ms === null ? null : tenth(ms)));
    return { place, plays, pauses, stalls, dropped, started_ms, ended_ms, failed };
  }
}

// The trials of one person on one page: onset, timing, keys, and an answer that is kept until the
// server has it. The reply to an answer carries the next trial, which takes the place of the one
// before; what else may follow is loaded. Without this module the form still works, minus the times.

const kept = "discern-answer";
const draft = "discern-draft";
const said = "discern-said";
const DOUBLE_CLICK = 500; // ms, the longest pause within one
const SAME_PLACE = 12; // px, the farthest that its second press is from the first
const CONFIRMS = /^( |Enter)$/; // keys that press a button
const PARTS = ".context, .further, .stage, .legend, .answers, .only-if, .heading";

const pointed = (submitter) => submitter?.type === "image";
// A button of its own says that somebody prefers not to point.
const declines = (submitter) => submitter?.name?.endsWith(".declined");
const writes = (target) => target.closest?.("textarea, input[type=text]");
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const listed = (words) => (words ?? "").split(" ").filter(Boolean);

// The trial that is on the page, and on which trial the last click was and where, or the last key if
// that confirms; until another key is pressed.
let current = null;
let clicked = null;

class Trial {
  // address: of the page of a trial that came with the answer before.
  constructor(form, address = "") {
    Object.assign(this, { form, address, onset: null, first: null, sending: false, pressed: null });
    // Whose trial: on a shared computer the next person may get the place that somebody left.
    this.code = `${form.getAttribute("action")} ${form.elements.trial.value}`;
    this.told = form.querySelector(".told");
    this.button = form.querySelector("button.confirm");
    this.squares = [...form.querySelectorAll(".cells input")];
    this.measures = { choice_changes: 0, hidden_ms: 0, focus_losses: 0, picture_failed: false };
    this.hiddenSince = document.hidden ? performance.now() : null;
    this.record = () => "";
    this.ending = new AbortController();
    this.ended = this.ending.signal;
    // The page says in the study's language what is missing; a browser's own bubble would not.
    form.noValidate = true;
  }

  start() {
    this.listen();
    const unsent = this.found(kept);
    fill(this.form, unsent ?? this.found(draft) ?? "");
    const before = stored(said);
    if (before) { this.say(before.value); unkeep(said); }
    this.show();
    if (unsent) this.send(unsent);
  }

  say(text) { this.told.textContent = text; }

  // What listens outside the form ends with the trial; what is in the form goes with it.
  listen() {
    const { form, ended } = this;
    form.addEventListener("change", () => this.change());
    form.addEventListener("input", (event) => this.write(event.target));
    form.addEventListener("submit", (event) => this.submit(event));
    document.addEventListener("keydown", (event) => this.key(event), { signal: ended });
    document.addEventListener("visibilitychange", () => this.turn(), { signal: ended });
    window.addEventListener("blur", () => { this.measures.focus_losses += 1; }, { signal: ended });
    window.addEventListener("offline", () => this.say(form.dataset.offline), { signal: ended });
    window.addEventListener("online", () => { if (!this.sending) this.say(""); }, { signal: ended });
  }

  // How a kind of question presents its pictures, where they do not just stand there. Pictures that
  // nothing presents are not shown: an exposure without its end would be another trial.
  async modules() {
    const { modules, presentation } = this.form.dataset;
    for (const { start } of await Promise.all(listed(modules).map((one) => import(one)))) start(this.form, this.ended);
    if (!presentation) return () => {};
    const { present } = await import(presentation);
    if (!present) throw new Error(`${presentation} exports no function present`);
    return present;
  }

  // Onset is the frame after all pictures have decoded; the question appears with them.
  async show() {
    const { form } = this;
    let present;
    try { present = await this.modules(); } catch { this.fail(); return; }
    const pictures = [...form.querySelectorAll("img, input[type=image]")];
    const results = await Promise.allSettled(pictures.map(decoded));
    // An answer that was kept may have been taken meanwhile.
    if (this.ended.aborted) return;
    if (results.some((result) => result.status === "rejected")) {
      this.measures.picture_failed = true;
      this.say(form.dataset.failed);
    }
    form.querySelectorAll(PARTS).forEach((part) => part.classList.add("shown"));
    requestAnimationFrame(() => requestAnimationFrame((time) => {
      if (this.ended.aborted) return;
      this.begin(present, time).catch((error) => { this.say(form.dataset.failed); throw error; });
    }));
  }

  // A module that this page can't have, a page of its own may.
  fail() {
    if (this.address) location.replace(this.address);
    else this.say(this.form.dataset.failed);
  }

  // A presentation may take its time: it resolves when the page may be answered, with the onset of
  // the pictures and what to tell of them.
  async begin(present, time) {
    const told = await present(this.form, time, this.ended);
    this.onset = told?.onset ?? time;
    this.record = told?.log ?? this.record;
    if (told?.failed) {
      this.measures.picture_failed = true;
      this.say(told.why ?? this.form.dataset.failed);
    }
    this.preload();
  }

  // One picture after another, the next trial's first: asked for at once they would share the line.
  async preload() {
    const { next, films } = this.form.dataset;
    for (const address of listed(next)) {
      if (this.ended.aborted) return;
      const picture = new Image();
      picture.src = address;
      await picture.decode().catch(() => {});
    }
    for (const address of listed(films)) {
      if (this.ended.aborted) return;
      await fetch(address).then((reply) => reply.blob()).catch(() => {});
    }
  }

  change() {
    if (this.first === null) this.first = performance.now();
    else this.measures.choice_changes += 1;
    this.say("");
  }

  turn() {
    if (document.hidden) this.hiddenSince = performance.now();
    else if (this.hiddenSince !== null) {
      this.measures.hidden_ms += performance.now() - this.hiddenSince;
      this.hiddenSince = null;
    }
  }

  // A key that was held down since the trial before answers nothing here until it was let go.
  key(event) {
    if (isSecond(event)) { event.preventDefault(); return; }
    clicked = CONFIRMS.test(event.key) ? { trial: current, time: event.timeStamp, key: event.key } : null;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("a, dialog") || writes(event.target)) return;
    // A film's button is pressed by keys also while the answers wait for its end.
    if (CONFIRMS.test(event.key) && !event.repeat && event.target.closest?.(".film")) return;
    // A slider that was pressed on this trial goes on while its key is held.
    const slides = event.target.type === "range" && event.target === this.pressed;
    if (!event.repeat) this.pressed = event.target;
    if ((event.repeat && !slides) || this.sending || this.onset === null) {
      if (/^([1-9 ]|Enter|Arrow.+)$/.test(event.key)) event.preventDefault();
      return;
    }
    const up = { ArrowUp: -10, ArrowDown: 10 }[event.key];
    if (up && this.squares.includes(event.target)) {
      event.preventDefault();
      const next = this.squares[this.squares.indexOf(event.target) + up];
      if (next) { next.focus(); next.click(); }
      return;
    }
    this.choose(event);
  }

  // Digits answer the list that has the focus, and the first question from anywhere else; none says
  // that somebody prefers not to.
  choose(event) {
    const isListed = event.target.type === "radio" && !this.squares.includes(event.target);
    const asked = isListed ? event.target.name : "value";
    const options = this.form.querySelectorAll(`input[name="${CSS.escape(asked)}"]:not([value="declined"])`);
    const option = /^[1-9]$/.test(event.key) ? options[Number(event.key) - 1] : undefined;
    if (option) {
      option.focus();
      if (!option.checked) option.click();
    } else if (event.key === "Enter" && !event.target.closest?.("button[type=button], button[name]")) {
      event.preventDefault();
      this.form.requestSubmit();
    }
  }

  write(target) {
    const { form } = this;
    const problem = form.querySelector(`[data-problem="${CSS.escape(target.name)}"]`);
    if (problem) problem.textContent = "";
    const words = [...form.querySelectorAll("textarea, input.line, [data-kept]")].map((field) => [field.name, field.value]);
    if (words.length) this.keep(draft, new URLSearchParams(words).toString());
  }

  submit(event) {
    event.preventDefault();
    const { submitter } = event;
    // Nothing answers a picture that was not yet presented: not even a click that a script makes.
    if (this.sending || (this.onset === null && this.form.matches(".presents, .films"))) return;
    if (this.isChosen(submitter)) this.send(this.answer(submitter));
    else this.complain(this.form.dataset.choose, this.unanswered());
  }

  isChosen(submitter) {
    const hasPlace = !this.squares.length || pointed(submitter) || declines(submitter) || this.squares.some((one) => one.checked);
    return this.form.checkValidity() && hasPlace;
  }

  answer(submitter) {
    const { form, measures, onset, first } = this;
    const now = performance.now();
    const values = {
      rt_ms: onset === null ? "" : Math.max(0, Math.round((first ?? now) - onset)),
      confirm_ms: onset === null ? "" : Math.max(0, Math.round(now - onset)),
      ...measures,
      hidden_ms: Math.round(measures.hidden_ms),
      window_width: window.innerWidth,
      window_height: window.innerHeight,
      pixel_ratio: window.devicePixelRatio,
    };
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
    if (form.elements["presentation.record"]) form.elements["presentation.record"].value = this.record();
    const sent = new FormData(form, submitter);
    if (pointed(submitter)) scale(sent, submitter);
    return new URLSearchParams(sent).toString();
  }

  // What is wrong stands beside its field; what was answered stays.
  complain(sentence, problems) {
    const { form } = this;
    this.sending = false;
    if (this.button) this.button.disabled = false;
    const places = [...form.querySelectorAll("[data-problem]")];
    for (const place of places) place.textContent = problems[place.dataset.problem] ?? "";
    const wrong = places.filter((place) => place.textContent);
    this.say(wrong.length ? "" : sentence);
    const names = wrong.map((place) => place.dataset.problem);
    for (const field of form.querySelectorAll("textarea, input.line")) field.setAttribute("aria-invalid", names.includes(field.name));
    form.querySelector(`[name="${CSS.escape(names[0] ?? "")}"]`)?.focus();
  }

  // Of several questions each tells that it has no answer yet; of one it is plain.
  unanswered() {
    if (this.form.querySelectorAll(".answers").length < 2) return {};
    const fields = [...this.form.querySelectorAll("input:invalid")];
    return Object.fromEntries(fields.map((field) => [field.name, this.form.dataset.choose]));
  }

  async send(body) {
    this.sending = true;
    if (this.button) this.button.disabled = true;
    this.say(this.form.dataset.saving);
    this.keep(kept, body);
    const facts = await this.acknowledged(body);
    unkeep(kept);
    if (!facts.ok) { this.refused(facts); return; }
    unkeep(draft);
    goOn(this, facts);
  }

  // What the server says of an answer, as soon as it has it or does not want it.
  async acknowledged(body) {
    const { retrying, offline } = this.form.dataset;
    for (let pause = 500; ; pause = Math.min(pause * 2, 15000)) {
      try {
        const facts = await post(this.form.action, body);
        if (facts.ok || !facts.retry) return facts;
        this.say(retrying);
      } catch {
        this.say(navigator.onLine ? retrying : offline);
      }
      await Promise.race([wait(pause), new Promise((done) => window.addEventListener("online", done, { once: true }))]);
    }
  }

  // A form that can be put right stays; otherwise the server's page tells what is next, and why.
  refused(facts) {
    if (Object.keys(facts.problems ?? {}).length) { this.complain(facts.sentence, facts.problems); return; }
    this.keep(said, facts.sentence ?? "");
    location.reload();
  }

  // Kept in this browser until acknowledged, so that it survives a reload; so is what is being
  // written.
  keep(name, value) {
    try { sessionStorage.setItem(name, JSON.stringify({ code: this.code, value })); } catch { /* storage is off */ }
  }

  found(name) {
    const one = stored(name);
    return one?.code === this.code ? one.value : null;
  }
}

// A picture that was lost on the way is asked for again, twice, before anybody is told.
async function decoded(picture) {
  // A picture that is a button can't tell when it has decoded; another of its address can.
  const tells = picture.decode ? picture : Object.assign(new Image(), { src: picture.src });
  for (const pause of [600, 2400]) {
    try { return await tells.decode(); } catch { await wait(pause); }
    for (const one of new Set([tells, picture])) one.src = picture.getAttribute("src");
  }
  return tells.decode();
}

// A browser tells a click in pixels of the screen; the picture may stand there larger or smaller.
function scale(sent, picture) {
  for (const [axis, shown] of [["x", picture.clientWidth], ["y", picture.clientHeight]]) {
    const name = `${picture.name}.${axis}`;
    sent.set(name, Math.round(sent.get(name) * picture.getAttribute("width") / shown));
  }
}

// What was sent or written, back in the form.
function fill(form, body) {
  for (const [name, value] of new URLSearchParams(body)) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === value;
      else if (field.type !== "hidden" && field.type !== "image") field.value = value;
    }
  }
}

function unkeep(...names) {
  try { names.forEach((name) => sessionStorage.removeItem(name)); } catch { /* storage is off */ }
}
function stored(name) {
  try { return JSON.parse(sessionStorage.getItem(name) ?? "null"); } catch { return null; }
}

async function post(address, body) {
  const headers = {
    Accept: "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
    // The next trial beside the acknowledgement (RFC 7240)
    Prefer: "return=representation",
  };
  const signal = AbortSignal.timeout(20000);
  const reply = await fetch(address, { method: "POST", body, headers, credentials: "same-origin", signal });
  // What is neither from this site nor a refusal (a gateway's page, a hotel's log-in) is no answer.
  if (!reply.headers.get("Content-Type")?.includes("json")) return { retry: true };
  return { retry: reply.status >= 500, ...await reply.json() };
}

// The next trial takes the last one's place, with all of it in one go: no picture ever stands beside
// another trial's question. What was written for other modules or styles is loaded as a page.
function goOn(last, { next, page }) {
  const parts = [...new DOMParser().parseFromString(page ?? "", "text/html").body.childNodes];
  const form = parts.find((one) => one.id === "trial");
  // A page of a release that told no version was written for others too.
  const { version } = last.form.dataset;
  if (!form || !version || form.dataset.version !== version) { location.replace(next); return; }
  last.ending.abort();
  const [header, ...rest] = parts.map((one) => document.importNode(one, true));
  document.querySelector(".progress").replaceWith(header);
  document.getElementById("main").replaceChildren(...rest);
  const address = new URL(next, location.href).href;
  if (address !== location.href) history.replaceState(history.state, "", address);
  window.scrollTo({ top: 0, left: 0, behavior: "instant" });
  // As a page that was loaded, it is read from its heading on.
  document.querySelector("#main h1").focus({ preventScroll: true });
  begin(address);
}

function begin(address) {
  current = new Trial(document.getElementById("trial"), address);
  current.start();
}

// Whether a press belongs to a double click that began on the trial before, or to the same of a key.
function isSecond(event) {
  if (!clicked || clicked.trial === current || clicked.key !== event.key) return false;
  const isSoon = event.timeStamp - clicked.time < DOUBLE_CLICK;
  if (event.key) return isSoon;
  // Of touches not every browser counts.
  if (event.type === "click" && event.pointerType === "mouse") return event.detail > 1;
  const far = Math.hypot(event.clientX - clicked.x, event.clientY - clicked.y);
  return isSoon && far < SAME_PLACE;
}

function press(event) {
  // What keys and labels make is no press.
  if (!event.isTrusted || (event.type === "click" && event.detail === 0)) return;
  if (isSecond(event)) {
    event.preventDefault();
    event.stopPropagation();
  } else if (event.type === "click") {
    clicked = { trial: current, time: event.timeStamp, x: event.clientX, y: event.clientY };
  }
}

for (const name of ["pointerdown", "click"]) document.addEventListener(name, press, { capture: true });
// Back from the browser's cache: the server decides which page is next.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
begin();

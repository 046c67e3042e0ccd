// How a trial is answered, of people who agreed to that: what pointed and where, when keys were
// pressed, pastes and changes of tab. No key and no word is read. It stands in a hidden field when
// the form is sent, so that it is kept and sent with the answer, and not twice.

// A hand makes its way to a button in about ten such samples.
const SAMPLE_MS = 50;
// The last ones stay: those before the answer
const MOST_PLACES = 150;
const MOST_INTERVALS = 300;
const MOST = 100_000;
// Finer times would tell a person by their typing.
const rounded = (ms) => Math.min(Math.round(ms / 10) * 10, MOST);
const isWritten = (target) => Boolean(target.closest?.("textarea, input[type=text]"));

// Until `ended`, an AbortSignal, the trial of `form` is traced.
export function start(form, ended) {
  const trace = new Trace(form);
  const listen = (names, heard) => {
    for (const name of names) window.addEventListener(name, heard, { capture: true, passive: true, signal: ended });
  };
  listen(["pointermove", "pointerdown", "pointerup"], (event) => { if (event.isTrusted) trace.point(event); });
  listen(["keydown"], (event) => { if (event.isTrusted && !event.repeat) trace.key(event); });
  const watched = ["keydown", "pointerdown", "pointerup", "click", "input", "change"];
  listen(watched, (event) => trace.tellApart(event));
  listen(["paste", "drop"], (event) => { if (isWritten(event.target)) trace.count("pastes"); });
  const turned = () => { if (document.hidden) trace.count("switches"); };
  document.addEventListener("visibilitychange", turned, { signal: ended });
  // Before the form's own listener reads its fields
  listen(["submit"], () => { form.elements["evidence.trace"].value = JSON.stringify(trace.told()); });
}

class Trace {
  constructor(form) {
    this.form = form;
    this.seen = { untrusted: 0, pointers: 0, keys: 0, pastes: 0, switches: 0 };
    this.places = [];
    this.intervals = [];
    this.pressed = "none";
    this.placedAt = null;
    this.keyAt = null;
    // While a device's own event is handled, this page may make further ones of it: a digit clicks.
    this.handling = 0;
    this.isWriting = form.querySelector("textarea, input[type=text]") !== null;
  }

  count(name) { this.seen[name] = Math.min(this.seen[name] + 1, MOST); }

  point(event) {
    this.count("pointers");
    if (event.type === "pointerdown") this.pressed = event.pointerType;
    if (event.type !== "pointerup") this.place(event, event.type === "pointerdown");
  }

  place(event, isPress) {
    const since = this.placedAt === null ? 0 : event.timeStamp - this.placedAt;
    if (!isPress && this.placedAt !== null && since < SAMPLE_MS) return;
    this.placedAt = event.timeStamp;
    // Thousandths of the window's width, both ways, so that what is straight stays straight
    const [x, y] = [event.clientX, event.clientY].map((one) => Math.round((one / window.innerWidth) * 1000));
    this.places.push([rounded(since), x, y, isPress ? 1 : 0]);
    if (this.places.length > MOST_PLACES) this.places.shift();
  }

  key(event) {
    this.count("keys");
    if (this.keyAt !== null) this.intervals.push(rounded(event.timeStamp - this.keyAt));
    if (this.intervals.length > MOST_INTERVALS) this.intervals.shift();
    this.keyAt = event.timeStamp;
  }

  tellApart(event) {
    if (event.isTrusted) {
      this.handling += 1;
      setTimeout(() => { this.handling -= 1; });
    } else if (!this.handling && !event.type.startsWith("pointer") && this.form.contains(event.target)) {
      this.count("untrusted");
    }
  }

  told() {
    const { pastes, switches, ...counted } = this.seen;
    return {
      ...counted,
      // What only written answers are asked for
      pastes: this.isWriting ? pastes : null,
      switches: this.isWriting ? switches : null,
      webdriver: navigator.webdriver ?? null,
      pressed: ["none", "mouse", "touch", "pen"].includes(this.pressed) ? this.pressed : null,
      places: this.places,
      intervals: this.intervals,
    };
  }
}

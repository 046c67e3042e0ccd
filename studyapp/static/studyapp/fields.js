// Sliders, and questions that earlier answers show. Without this module a slider is a box for its
// number, and all questions are there, each saying when it is asked.

export function start(form) {
  form.querySelectorAll(".slider").forEach(slide);
  form.querySelectorAll(".only-if .if").forEach((words) => { words.hidden = true; });
  form.addEventListener("change", () => settle(form));
  settle(form);
}

// The number stands in the box, which is what is sent, kept and put back; the slider writes it.
function slide(part) {
  const box = part.querySelector("input.line");
  const range = document.createElement("input");
  const [least, most] = [Number(part.dataset.least), Number(part.dataset.most)];
  Object.assign(range, { type: "range", min: least, max: most, step: 1 });
  range.setAttribute("aria-labelledby", `asked-${box.name}`);
  range.setAttribute("aria-describedby", box.getAttribute("aria-describedby"));
  const tell = () => {
    const isSet = box.value.trim() !== "";
    range.value = isSet ? box.value : (least + most) / 2;
    part.classList.toggle("unset", !isSet);
    if (isSet) range.removeAttribute("aria-valuetext");
    else range.setAttribute("aria-valuetext", part.dataset.unset);
  };
  const set = () => {
    box.value = range.value;
    tell();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  range.addEventListener("input", set);
  // The middle, where an unset slider already is, changes nothing that a browser would tell.
  range.addEventListener("pointerup", set);
  range.addEventListener("keydown", (event) => {
    if (event.key === " ") { event.preventDefault(); set(); }
  });
  box.hidden = true;
  box.before(range);
  part.classList.add("slides");
  part.closest(".answers").querySelector("label").htmlFor = range.id = `slider-${box.name}`;
  tell();
}

function given(form, name) {
  const chosen = [...form.querySelectorAll("input:checked:not(:disabled)")];
  return chosen.flatMap((one) => {
    if (one.name === name) return [one.value];
    const [question, box] = one.name.split(".");
    return question === name ? [box] : [];
  });
}

// In the page's order, so that what depends on a hidden question is hidden too.
function settle(form) {
  for (const part of form.querySelectorAll(".only-if")) {
    const known = part.dataset.values.trim().split(" ");
    part.hidden = !given(form, part.dataset.if).some((value) => known.includes(value));
    for (const field of part.querySelectorAll("input, textarea")) {
      field.disabled = part.hidden;
      if ("required" in field.dataset) field.required = !part.hidden;
    }
  }
}

// Keys for the pages on which answers are coded; without them the form works as it is.

const form = document.querySelector(".coding form");
const back = document.querySelector(".coding a[rel=prev]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.closest("a, button")) return;
  if (event.key === "Enter") {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if (event.key === "ArrowLeft" && back) {
    event.preventDefault();
    back.click();
    return;
  }
  const box = [...form.elements].find((one) => one.dataset.key === event.key);
  if (!box) return;
  event.preventDefault();
  box.checked = box.type === "radio" || !box.checked;
  box.focus();
});

// A page that is sent twice is stored once; this only spares the second request.
form.addEventListener("submit", (event) => {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => delete form.dataset.sent);

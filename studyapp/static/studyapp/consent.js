// Tells of a window that is too small before anybody consents in it; the server decides.
const form = document.querySelector("form.consent");
const problem = form.querySelector("[data-small]");

const look = () => {
  form.elements.window_width.value = window.innerWidth;
  problem.hidden = window.innerWidth >= Number(form.dataset.smallest);
};
if (form.elements.script) form.elements.script.value = "yes";
window.addEventListener("resize", look);
look();

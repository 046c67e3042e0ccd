// After a moment to read the code the page goes to the panel by itself, unless somebody stays.
const going = document.querySelector(".going");
const left = going.querySelector(".left");
let seconds = Number(going.dataset.seconds);

const clock = setInterval(() => {
  // Nobody is sent on from a page that they can't see.
  if (document.hidden) return;
  seconds -= 1;
  left.textContent = seconds;
  if (seconds > 0) return;
  clearInterval(clock);
  location.assign(document.getElementById("redirect").href);
}, 1000);

going.querySelector("button").addEventListener("click", () => {
  clearInterval(clock);
  going.hidden = true;
});
going.hidden = false;

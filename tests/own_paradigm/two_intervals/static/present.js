// Each picture for its time and one after the other; the answers are there when both are over.
export function present(form, onset) {
  const intervals = form.querySelector(".intervals");
  const pictures = [...intervals.querySelectorAll("figure")];
  const each = Number(intervals.dataset.exposure);
  const answers = form.querySelectorAll(".answers");
  answers.forEach((one) => { one.hidden = true; });
  const frame = (now) => {
    const at = Math.floor((now - onset) / each);
    pictures.forEach((one, place) => { one.hidden = place !== at; });
    if (at < pictures.length) requestAnimationFrame(frame);
    else {
      intervals.dataset.over = "yes";
      answers.forEach((one) => { one.hidden = false; });
    }
  };
  frame(onset);
}

/* Says every minute that the form is still open, and shows who else has it open. */
"use strict";
{
  const notice = document.getElementById("others");

  async function ask() {
    const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
    try {
      const answer = await fetch(notice.dataset.address, { method: "POST", headers: { "X-CSRFToken": token } });
      if (answer.ok) {
        const { others } = await answer.json();
        notice.hidden = !others;
        if (notice.textContent !== others) {
          notice.textContent = others;
        }
      }
    } catch {
      /* Off-line: the next minute asks again. */
    }
  }

  if (notice) {
    setInterval(ask, 60_000);
  }
}

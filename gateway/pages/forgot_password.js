"use strict";
const form = document.querySelector("form");
const button = form.querySelector("button");
const status = document.querySelector("[role=status]");
const say = (name) => { status.textContent = form.dataset[name]; };
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  try {
    const answer = await fetch("/v1/auth/forgot-password", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: form.elements.email.value }),
    });
    if (answer.ok) {
      form.hidden = true;
      return say("done");
    }
    say(answer.status < 500 && answer.status !== 429 ? "refused" : "later");
  } catch {
    say("later");
  }
  button.disabled = false;
});

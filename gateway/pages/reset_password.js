
"use strict";
const form = document.querySelector("form");
const button = form.querySelector("button");
const status = document.querySelector("[role=status]");
const say = (name) => { status.textContent = form.dataset[name]; };
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [password, repeated] = [form.elements.password.value, form.elements.repeated.value];
  if (password !== repeated) { return say("differ"); }
  button.disabled = true;
  const token = new URLSearchParams(location.search).get("token") ?? "";
  try {
    const answer = await fetch("/v1/auth/reset-password", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, new_password: password }),
    });
    if (answer.ok) {
      form.hidden = true;
      return say("done");
    }
    const problem = await answer.json().catch(() => ({}));
    if (problem.violations?.some((violation) => violation.field === "new_password")) {
      say("weak");
    } else {
      say(answer.status < 500 && answer.status !== 429 ? "refused" : "later");
    }
  } catch {
    say("later");
  }
  button.disabled = false;
});

// The page: sends the prompt, shows the events that come, and leaves off when asked. All text goes into the
// page as text nodes, never as HTML.
const part = (id) => document.getElementById(id);
let reading = null; // the AbortController of the answer on its way

function say(message) {
  part("status").textContent = message;
}

function show(busy) {
  part("generate").disabled = busy;
  part("stop").disabled = !busy;
}

// Server-sent events end with an empty line; EventSource can't send a prompt in a body.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const whole = (rest + next.value).split("\n\n");
    rest = whole.pop();
    for (const event of whole) {
      const [name, data] = event.split("\n");
      yield [name.slice("event: ".length), JSON.parse(data.slice("data: ".length))];
    }
  }
}

const take = {
  text: ({ text }) => part("text").append(text),
  end: ({ finish_reason, seconds }) => say(`Done after ${seconds.toFixed(1)} s (${finish_reason ?? "no reason given"}).`),
  error: ({ message }) => say(message),
};

async function read(prompt, signal) {
  const body = JSON.stringify({ prompt });
  const answer = await fetch("generate", { method: "POST", headers: { "Content-Type": "application/json" }, body, signal });
  if (!answer.ok) return say((await answer.json()).message);
  let ended = false;
  for await (const [name, data] of events(answer.body)) {
    ended = name !== "text";
    take[name]?.(data);
  }
  if (!ended) say("The text broke off. Try again.");
}

async function generate(event) {
  event.preventDefault();
  reading = new AbortController();
  part("text").replaceChildren();
  say("Writing ...");
  show(true);
  try {
    await read(part("prompt").value, reading.signal);
  } catch (error) {
    say(error.name === "AbortError" ? "Stopped." : "The service does not answer. Try again in a moment.");
  }
  show(false);
}

// Says before the first text who writes here, or why nobody does.
async function look() {
  const health = await (await fetch("health")).json();
  if (health.ready) part("writer").textContent = `Text, written by ${health.writer}`;
  else say(health.message);
}

document.querySelector("form").addEventListener("submit", generate);
part("stop").addEventListener("click", () => reading.abort()); // the server notices, and stops the model
look().catch(() => say("The service does not answer."));

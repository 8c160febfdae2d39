// The page of a model that writes: it asks the program for a letter, shows it, and draws what the heads attend to.

const element = (id) => document.getElementById(id);
const settings = element("settings");
const decoder = new TextDecoder();
settings.prompt.value = "**JULIET**  \n";

/** What is exported by src/exports.rs of the package `page`. */
let program;
/** Whether a text is being written. */
let writing = false;
/** The side of the squares that are shown, and how many of their rows are drawn. */
let side = 0;
let drawn = 0;
/** The colours of the weights 0 to 1. */
let colours;

/** The text that the program has left. */
function message() {
  return decoder.decode(new Uint8Array(program.memory.buffer, program.message(), program.message_length()));
}

/** The weights of the chosen layer, one head after another, and the names of their dimensions. */
function attention() {
  const at = program.attention(Number(element("layer").value));
  const [heads, queries, keys] = message().split("\n");
  const count = program.heads() * program.positions() ** 2;
  return { names: { heads, queries, keys }, weights: new Float32Array(program.memory.buffer, at, count) };
}

function tell(problem) {
  element("problem").textContent = problem;
  element("problem").hidden = problem === "";
}

/** A whole number of a field of the settings. */
function whole(name, least, most) {
  const text = settings[name].value.trim();
  const number = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (number < least || number > most) {
    throw new Error(`${name}: "${text}" is not a whole number from ${least} to ${most}`);
  }
  return number;
}

/** Begins a text with the settings; how many letters it is to have. */
function begin() {
  const letters = Number(whole("letters", 1n, 1000000n));
  const seed = whole("seed", 0n, 2n ** 64n - 1n);
  const text = settings.temperature.value.trim();
  const temperature = text === "" ? NaN : Number(text);
  if (Number.isNaN(temperature)) throw new Error(`temperature: "${text}" is not a number`);
  const prompt = new TextEncoder().encode(settings.prompt.value);
  const at = program.prompt_buffer(prompt.length);
  new Uint8Array(program.memory.buffer, at, prompt.length).set(prompt);
  if (program.begin(seed, temperature) < 0) throw new Error(message());
  return letters;
}

/** Writes a text with the settings, until it is long enough or `writing` is false. */
async function write() {
  let left = begin();
  tell("");
  const [prompt, written] = [element("prompt"), element("written")];
  prompt.textContent = settings.prompt.value;
  written.textContent = "";
  written.append("");
  show(0);
  let [count, spent] = [0, 0];
  writing = true;
  buttons();
  while (writing && left > 0) {
    await new Promise(requestAnimationFrame);
    const [frame, full] = [performance.now(), settings.pace.value === "full"];
    let now = frame;
    let letters = "";
    do {
      const letter = program.letter();
      if (letter < 0) throw new Error(message());
      letters += String.fromCodePoint(letter);
      left -= 1;
      count += 1;
      now = performance.now();
    } while (full && left > 0 && now - frame < 12);
    spent += now - frame;
    written.firstChild.appendData(letters);
    const box = element("text");
    box.scrollTop = box.scrollHeight;
    const speed = Math.round(count / Math.max(spent, 0.001) * 1000);
    element("speed").textContent = `${speed.toLocaleString("en")} letters/s · ${count.toLocaleString("en")} letters`;
    show(program.seen());
  }
}

/** Draws the rows that are new. */
function show(read) {
  const positions = program.positions();
  const wanted = Math.min(positions, Math.ceil(Math.max(read, 1) / 32) * 32);
  const canvases = document.querySelectorAll("#heads canvas");
  if (read < drawn || wanted !== side) {
    [side, drawn] = [wanted, 0];
    // It also empties them.
    for (const canvas of canvases) canvas.width = canvas.height = side;
  }
  if (read > drawn) {
    const { names, weights } = attention();
    canvases.forEach((canvas, head) => {
      const image = new ImageData(side, read - drawn);
      const pixels = new Uint32Array(image.data.buffer);
      for (let row = drawn; row < read; row++) {
        const from = (head * positions + row) * positions;
        for (let key = 0; key <= row; key++) {
          // By the root, or most of what is not nothing would look like it.
          pixels[(row - drawn) * side + key] = colours[Math.round(Math.sqrt(weights[from + key]) * 255)];
        }
      }
      canvas.getContext("2d").putImageData(image, 0, drawn);
      const figure = canvas.parentElement;
      figure.querySelector("figcaption").textContent = `${names.heads} ${head}`;
      figure.querySelector(".query").textContent = names.queries;
      figure.querySelector(".key").textContent = names.keys;
    });
    drawn = read;
  }
}

/** Draws all rows again. */
function redraw() {
  drawn = Infinity;
  show(program.seen());
}

/** Says what lies under the pointer. */
function point(event, head) {
  const [read, text] = [program.seen(), [...message()]];
  const { width, height } = event.target.getBoundingClientRect();
  const [key, query] = [event.offsetX / width, event.offsetY / height].map((part) => Math.floor(part * side));
  if (query >= read || key > query || key < 0) return;
  const { names, weights } = attention();
  const positions = program.positions();
  const weight = weights[(head * positions + query) * positions + key];
  const letter = (at) => `${JSON.stringify(text[at])} (${at})`;
  element("pointed").textContent =
    `${names.heads} ${head}: ${names.queries} ${letter(query)} attends to ${names.keys} ${letter(key)} by ${weight.toFixed(3)}.`;
}

/** The colours of the style as the program of a canvas has them, from weight 0 to 1. */
function readColours() {
  const scale = element("scale").getContext("2d", { willReadFrequently: true });
  const style = getComputedStyle(element("scale"));
  const probe = document.createElement("span");
  document.body.append(probe);
  const colour = (name) => {
    // A canvas knows no `light-dark`.
    probe.style.color = style.getPropertyValue(name);
    return getComputedStyle(probe).color;
  };
  const ramp = new OffscreenCanvas(256, 1).getContext("2d");
  const gradient = ramp.createLinearGradient(0, 0, 256, 0);
  ["--none", "--some", "--all"].forEach((name, i) => gradient.addColorStop(i / 2, colour(name)));
  probe.remove();
  ramp.fillStyle = gradient;
  ramp.fillRect(0, 0, 256, 1);
  colours = new Uint32Array(ramp.getImageData(0, 0, 256, 1).data.buffer);
  const shown = new ImageData(128, 1);
  const pixels = new Uint32Array(shown.data.buffer);
  pixels.forEach((_, i) => (pixels[i] = colours[Math.round(Math.sqrt(i / 127) * 255)]));
  scale.putImageData(shown, 0, 0);
}

function buttons() {
  element("write").disabled = writing;
  element("stop").disabled = !writing;
}

async function load() {
  program = (await WebAssembly.instantiateStreaming(fetch("page.wasm"))).instance.exports;
  readColours();
  for (let head = 0; head < program.heads(); head++) {
    const figure = document.createElement("figure");
    figure.innerHTML = `<figcaption></figcaption><div class="name query"></div><canvas></canvas><div class="name key"></div>`;
    figure.querySelector("canvas").addEventListener("pointermove", (event) => point(event, head));
    element("heads").append(figure);
  }
  begin();
  for (let layer = 0; layer < program.layers(); layer++) element("layer").add(new Option(layer));
  element("layer").disabled = false;
  element("layer").value = program.layers() - 1;
  element("speed").textContent = "";
  // For the console, and for the test.
  globalThis.page = { attention, program };
}

/** Runs a part of the page; what fails is said in it. */
async function attempt(part) {
  try {
    await part();
  } catch (error) {
    tell(error instanceof WebAssembly.RuntimeError ? `the program has stopped: ${error.message}` : error.message);
  }
  writing = false;
  if (program) buttons();
}

settings.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!writing) attempt(write);
});
element("stop").addEventListener("click", () => (writing = false));
element("layer").addEventListener("change", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  readColours();
  redraw();
});
await attempt(load);
if (program) await attempt(write);

// The page of an export: draws samples of the model that page/model.js holds, with TensorFlow.js and no server. `window.nash` is for programs.
(() => {
  const { tf, nashModel, nashWasm } = globalThis;
  const { json, weights, latent, distribution, codes, classes, shape, recorded, name, about } = nashModel;
  const isPicture = shape.length === 3;
  const COUNT = isPicture ? recorded.count : 2000;
  const size = shape.reduce((product, side) => product * side, 1);

  const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const floatsOf = (base64) => new Float32Array(bytesOf(base64).buffer);
  const element = (id) => document.getElementById(id);

  // WebAssembly is handed over as a blob: a page that was opened as a file may not fetch its neighbours
  const binary = URL.createObjectURL(new Blob([bytesOf(nashWasm)], { type: 'application/wasm' }));
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const FILES = [
    'tfjs-backend-wasm.wasm',
    'tfjs-backend-wasm-simd.wasm',
    'tfjs-backend-wasm-threaded-simd.wasm',
  ];
  tf.wasm.setWasmPaths(Object.fromEntries(FILES.map((file) => [file, binary])), true);

  const models = new Map();

  /** The model, with its weights where a back end has them; undefined where this browser has no such back end. */
  async function modelOn(backend) {
    if (!(await tf.setBackend(backend).catch(() => false))) return undefined;
    if (!models.has(backend)) {
      const data = weights.map(bytesOf);
      const weightData = new Uint8Array(data.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const part of data) {
        weightData.set(part, at);
        at += part.length;
      }
      const load = async () => ({
        modelTopology: json.modelTopology,
        signature: json.signature,
        format: json.format,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: weightData.buffer,
      });
      models.set(backend, await tf.loadGraphModel({ load }));
    }
    return models.get(backend);
  }

  /** Samples [count, ...shape] of latents [count, latent] and, of a conditional run, labels [count]. */
  async function generate(backend, latents, labels) {
    const model = await modelOn(backend);
    if (!model) throw new Error(`this browser has no back end '${backend}'`);
    return tf.tidy(() => {
      const given = { latents: tf.tensor2d(latents, [latents.length / latent, latent]) };
      if (classes) given.labels = tf.tensor1d(labels, 'int32');
      return model.execute(given, json.signature.outputs.samples.name).dataSync();
    });
  }

  /** Largest difference from what `nash sample` drew of the recorded latents, in 255ths of a picture's range or in the units of points. */
  async function check(backend) {
    const labels = recorded.labels && Int32Array.from(recorded.labels);
    const samples = await generate(backend, floatsOf(recorded.latents), labels);
    const wanted = floatsOf(recorded.samples);
    return (
      samples.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0) *
      (isPicture ? 127.5 : 1)
    );
  }

  /** Numbers from 0 to 1, the same for a seed on every machine (mulberry32). */
  function uniformOf(seed) {
    let state = (seed * 0x9e3779b1) | 0;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  function numberOf(uniform) {
    if (distribution === 'uniform') return Math.sqrt(3) * (2 * uniform() - 1);
    const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return distribution === 'truncated' && Math.abs(normal) > 2 ? numberOf(uniform) : normal;
  }

  /** One latent: noise, then codes. */
  function latentOf(uniform) {
    const { categories, continuous } = codes;
    const hot = categories.flatMap((values) => {
      const chosen = Math.floor(values * uniform());
      return Array.from({ length: values }, (_, i) => Number(i === chosen));
    });
    const noise = latent - hot.length - continuous;
    return [
      ...Array.from({ length: noise }, () => numberOf(uniform)),
      ...hot,
      ...Array.from({ length: continuous }, () => 2 * uniform() - 1),
    ];
  }

  /** Of pictures the first seed's are those that were recorded. */
  function latentsOf(seed) {
    if (seed === 0 && isPicture) return floatsOf(recorded.latents);
    const uniform = uniformOf(seed);
    return Float32Array.from(Array.from({ length: COUNT }, () => latentOf(uniform)).flat());
  }

  function labelsOf(seed, chosen) {
    if (!classes) return undefined;
    if (chosen !== '') return new Int32Array(COUNT).fill(Number(chosen));
    if (seed === 0 && isPicture) return Int32Array.from(recorded.labels);
    const uniform = uniformOf(seed + 0.5);
    return Int32Array.from({ length: COUNT }, () => Math.floor(classes.length * uniform()));
  }

  /** Normal latents go along the sphere on which they lie, others straight. */
  function between(a, b, share) {
    if (share === 0) return a;
    const [from, to] =
      distribution === 'normal'
        ? [Math.cos((share * Math.PI) / 2), Math.sin((share * Math.PI) / 2)]
        : [1 - share, share];
    return a.map((value, i) => from * value + to * b[i]);
  }

  const canvas = element('samples');
  const context = canvas.getContext('2d');

  function drawPictures(samples) {
    const [height, width, channels] = shape;
    const columns = Math.ceil(Math.sqrt(COUNT));
    const gap = Math.max(1, Math.round(width / 32));
    canvas.width = columns * (width + gap) - gap;
    canvas.height = Math.ceil(COUNT / columns) * (height + gap) - gap;
    for (let i = 0; i < COUNT; i++) {
      const image = context.createImageData(width, height);
      for (let pixel = 0; pixel < height * width; pixel++) {
        const value = (c) => samples[i * size + pixel * channels + (channels === 1 ? 0 : c)];
        for (let c = 0; c < 3; c++) image.data[4 * pixel + c] = Math.round(127.5 * (value(c) + 1)); // clamped by the array
        image.data[4 * pixel + 3] = 255;
      }
      context.putImageData(image, (i % columns) * (width + gap), Math.floor(i / columns) * (height + gap));
    }
  }

  /** How far the axes of points go: set by the first that are drawn. */
  let reach = 0;

  function roundUp(value) {
    const power = 10 ** Math.floor(Math.log10(value || 1));
    return power * [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value);
  }

  const SIDE = 1088; // two canvas pixels for one of the page
  const MARGIN = 72;

  /** @param isPlane whether both axes are numbers of a sample */
  function drawAxes(isPlane) {
    canvas.width = SIDE;
    canvas.height = SIDE;
    const ink = getComputedStyle(document.body).color;
    Object.assign(context, {
      strokeStyle: ink,
      fillStyle: ink,
      font: '28px system-ui, sans-serif',
      globalAlpha: 0.7,
    });
    context.strokeRect(MARGIN, MARGIN, SIDE - 2 * MARGIN, SIDE - 2 * MARGIN);
    context.textAlign = 'center';
    for (const at of [-reach, 0, reach]) {
      context.fillText(String(at), place(at), SIDE - MARGIN + 40);
      if (isPlane) context.fillText(String(at), MARGIN - 36, SIDE - place(at) + 10);
    }
    context.beginPath();
    context.rect(MARGIN, MARGIN, SIDE - 2 * MARGIN, SIDE - 2 * MARGIN);
    context.clip();
    Object.assign(context, { globalAlpha: 1, fillStyle: '#2b6cb0' });
  }

  const place = (value) => SIDE / 2 + (value / reach) * (SIDE / 2 - MARGIN);

  function drawPoints(samples) {
    drawAxes(true);
    context.globalAlpha = 0.5;
    for (let i = 0; i < COUNT; i++) {
      context.beginPath();
      context.arc(place(samples[2 * i]), SIDE - place(samples[2 * i + 1]), 4, 0, 2 * Math.PI);
      context.fill();
    }
  }

  function drawHistogram(samples) {
    drawAxes(false);
    const bins = new Array(80).fill(0);
    for (const value of samples) {
      const bin = Math.floor(((value / reach + 1) / 2) * bins.length);
      if (bin >= 0 && bin < bins.length) bins[bin] += 1;
    }
    const most = Math.max(...bins);
    const width = (SIDE - 2 * MARGIN) / bins.length;
    bins.forEach((count, i) => {
      const height = (count / most) * (SIDE - 2.5 * MARGIN);
      context.fillRect(MARGIN + i * width, SIDE - MARGIN - height, width - 1, height);
    });
  }

  const draw = isPicture ? drawPictures : size === 2 ? drawPoints : drawHistogram;
  const BACKENDS = { wasm: 'WebAssembly', cpu: 'JavaScript' };
  const differences = new Map();

  async function show() {
    const [seed, share] = [Number(element('seed').value), Number(element('way').value) / 100];
    const backend = element('backend').value;
    element('seedValue').value = String(seed);
    element('wayValue').value = `${Math.round(100 * share)} %`;
    const latents = between(latentsOf(seed), share === 0 ? [] : latentsOf(seed + 1), share);
    const labels = labelsOf(seed, element('label').value);
    if (!differences.has(backend)) differences.set(backend, await check(backend));
    const began = performance.now();
    const samples = await generate(backend, latents, labels);
    const taken = Math.max(1, Math.round(performance.now() - began));
    if (reach === 0)
      reach = roundUp(1.1 * samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
    draw(samples);
    const unit = isPicture ? ' of 255' : '';
    element('status').textContent =
      `${COUNT.toLocaleString('en')} samples in ${taken.toLocaleString('en')} ms with ${BACKENDS[backend]}. Largest difference from ` +
      `nash sample, on ${recorded.count} recorded latents: ${differences.get(backend).toPrecision(2)}${unit}.`;
  }

  let wanted = false;
  let isBusy = false;
  /** Shows what is wanted last, one after another. */
  async function update() {
    wanted = true;
    if (isBusy) return;
    isBusy = true;
    while (wanted) {
      wanted = false;
      await show().catch((error) => {
        element('status').textContent = `Cannot be drawn: ${error.message}`;
      });
      await new Promise((next) => setTimeout(next)); // lets the sliders move
    }
    isBusy = false;
  }

  async function begin() {
    document.title = `Samples of ${name}`;
    element('name').textContent = name;
    element('about').textContent = about;
    for (const [i, text] of (classes ?? []).entries()) element('label').add(new Option(text, String(i)));
    for (const each of document.querySelectorAll('[data-conditional]')) each.hidden = !classes;
    if (!(await modelOn('wasm').catch(() => undefined))) {
      element('backend').value = 'cpu';
      element('backend').options[0].disabled = true;
    }
    for (const id of ['seed', 'way', 'label', 'backend']) element(id).addEventListener('input', update);
    await update();
  }

  globalThis.nash = { generate, check, ready: begin() };
})();

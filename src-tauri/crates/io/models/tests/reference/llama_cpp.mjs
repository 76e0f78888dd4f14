// llama.cpp on a GGUF file, for the figures beside ours and for the tokens that it finds likeliest.
// Run by hand, in a folder of its own:
//
//   npm install node-llama-cpp            (brings llama.cpp built for this processor)
//   cargo run --release -p studio-models --example speed -- /tmp/half-a-billion.gguf
//   node llama_cpp.mjs /tmp/half-a-billion.gguf THREADS [TOKENS TO WRITE BEHIND A FIXED PROMPT]

import { getLlama } from 'node-llama-cpp';

const [path, threads, write] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: Number(threads), logLevel: 'error' });
const model = await llama.loadModel({ modelPath: path });
const context = await model.createContext({ contextSize: 1024, batchSize: 512, threads: Number(threads) });
const sequence = context.getSequence();
const vocabulary = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
const tokens = (count) => Array.from({ length: count }, (_, i) => (7 + 31 * i + i * i) % Math.min(vocabulary, 50_000));

async function generate(prompt, count) {
  const said = [];
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    said.push(token);
    if (said.length >= count) break;
  }
  return said;
}

async function fastest(run) {
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    await sequence.clearHistory();
    best = Math.min(best, await run());
  }
  return best / 1000;
}

if (write) {
  console.log(JSON.stringify(await generate(tokens(40).map((t) => t % 256), Number(write))));
} else {
  const reading = await fastest(async () => {
    const start = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens(512));
    return performance.now() - start;
  });
  console.log(`reading ${(512 / reading).toFixed(1)} tokens/s`);
  const writing = await fastest(async () => {
    await sequence.evaluateWithoutGeneratingNewTokens(tokens(64));
    const start = performance.now();
    await generate([7], 32);
    return performance.now() - start;
  });
  console.log(`writing ${(32 / writing).toFixed(1)} tokens/s`);
}
process.exit(0);

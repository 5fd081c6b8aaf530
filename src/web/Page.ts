/** The page: its built files beside this one, or, when run from source, bundled when it is first asked for. */
import { Effect, Schema, Semaphore } from "effect"
import { HttpRouter } from "effect/http"
import { existsSync } from "node:fs"
import { readdir, readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import * as Asset from "./Asset.ts"

export class PageError extends Schema.TaggedError<PageError>()("PageError", {
  detail: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return this.detail
  }
}

/** `dist/console` beside the bundle, `src/web/console` beside this file. */
const folder = fileURLToPath(new URL("./console/", import.meta.url))
const entry = `${folder}main.tsx`

/** Files by their address below `/`. */
type Files = ReadonlyMap<string, string | Uint8Array>

const attempt = <A>(detail: string, run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: (cause) => new PageError({ detail, cause }) })

const readBuilt = attempt("The built page could not be read", async (): Promise<Files> => {
  const names = await readdir(folder)
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(`${folder}${name}`)] as const)))
})

const sources = { "index.html": "index.html", "app.css": "page.css" }

const bundleScript = async (): Promise<string> => {
  const { rolldown } = await import("rolldown")
  const bundle = await rolldown({
    input: entry,
    platform: "browser",
    tsconfig: `${folder}tsconfig.json`,
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
    logLevel: "silent"
  })
  const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false })
  await bundle.close()
  return output[0].code
}

/** The files of the page from its sources, ready to be written to `dist/console`. */
export const bundle = attempt("The page could not be built from src/web/console", async (): Promise<Files> => {
  const script = bundleScript().then((code) => ["app.js", code] as const)
  const others = Object.entries(sources).map(
    async ([address, name]) => [address, await readFile(`${folder}${name}`)] as const
  )
  return new Map<string, string | Uint8Array>(await Promise.all([script, ...others]))
})

const load = Effect.suspend(() => (existsSync(entry) ? bundle : readBuilt)).pipe(
  Effect.map((files) => new Map([...files].map(([name, content]) => [`/${name}`, Asset.make(name, content)])))
)

export const paths = ["/", "/app.js", "/app.css"] as const

/** The page is loaded when it is first asked for; a failure is tried again by the next request. */
export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    // A browser asks for all files at once; they are loaded by one of the requests.
    const one = yield* Semaphore.make(1)
    let loaded: ReadonlyMap<string, Asset.Asset> | undefined
    const assets = Effect.suspend(() =>
      loaded !== undefined ? Effect.succeed(loaded) : Effect.tap(load, (files) => Effect.sync(() => (loaded = files)))
    ).pipe(Semaphore.withPermit(one))
    for (const path of paths) {
      const name = path === "/" ? "/index.html" : path
      yield* router.add(
        "GET",
        path,
        Effect.flatMap(assets, (files) => Asset.respond(files.get(name)!))
      )
    }
  })
)

import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { readdirSync, renameSync, statSync, truncateSync } from "node:fs"
import { join, resolve } from "node:path"
import { call, inFolder, run, until } from "./process/Rtfm.ts"

const root = resolve(import.meta.dirname, "..")

describe("npm run build", () => {
  it(
    "makes a folder that runs anywhere: the page, Chroma's child and the embedder included",
    { timeout: 300_000 },
    () =>
      inFolder(async (folder, start) => {
        const dist = join(folder, "dist")
        const built = spawnSync(process.execPath, [join(root, "scripts/build.ts"), dist], { encoding: "utf8" })
        assert.strictEqual(built.status, 0, built.stdout + built.stderr)
        assert.include(readdirSync(dist), "rtfm.mjs")

        // The first start finds itself compiled, and compiles anew what another Node has left, or half a file.
        const compiled = join(dist, ".compiled", "main.cjs")
        const size = statSync(compiled).size
        assert.isAbove(size, 1_000_000)
        truncateSync(compiled, size / 2)

        // Nothing of the store for files is read where there is none.
        renameSync(join(dist, "S3.cjs"), join(dist, "elsewhere.cjs"))
        const rtfm = await start({}, join(dist, "rtfm.mjs"))
        const page = await (await fetch(`${rtfm.url}/`)).text()
        assert.include(page, "app.js")
        for (const [file, type] of [
          ["app.js", "text/javascript"],
          ["app.css", "text/css"]
        ] as const) {
          const response = await fetch(`${rtfm.url}/${file}`)
          assert.strictEqual(response.status, 200)
          assert.include(response.headers.get("content-type"), type)
          assert.isAbove((await response.text()).length, 1_000)
        }

        const { parts } = await until(
          async () => (await call(rtfm.url, "/api/status")).body,
          ({ knowledge, parts }) =>
            knowledge.waiting < knowledge.passages && parts.every(({ up }: { up: boolean }) => up),
          60
        )
        const detailOf = (part: string) => parts.find(({ name }: { name: string }) => name === part).detail
        assert.match(detailOf("vectors"), /^Our own Chroma server answers/)
        assert.match(detailOf("embedder"), /is loaded/)

        const asked = { text: "How do I ingest a folder of documents?" }
        const { body } = await call(rtfm.url, "/api/questions", { json: asked })
        assert.isFalse(body.refused)
        assert.isAtLeast(body.citations.length, 1)
        assert.strictEqual(await rtfm.kill("SIGTERM"), 0)
        assert.isAbove(statSync(compiled).size, size / 2)

        renameSync(join(dist, "elsewhere.cjs"), join(dist, "S3.cjs"))
        const store = { MINIO_URL: "http://127.0.0.1:9", MINIO_ACCESS_KEY: "key", MINIO_SECRET_KEY: "secret" }
        const doctor = run({ folder, program: join(dist, "rtfm.mjs"), args: ["doctor"], env: store })
        await doctor.exited
        assert.include(doctor.output(), "The S3 store at 127.0.0.1:9 does not answer (ECONNREFUSED)")
      })
  )
})

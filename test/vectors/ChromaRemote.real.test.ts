/** Chroma servers that somebody else runs keep the contract by `CHROMA_URL`: version 1.0.5, and 1.5.9 where pip has it. */
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Effect, FileSystem, Layer, Schedule } from "effect"
import { ChildProcess } from "effect/process"
import { execFileSync } from "node:child_process"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Chroma from "../../src/vectors/Chroma.ts"
import { childFile } from "../../src/vectors/ChromaProcess.ts"
import { suite } from "../contract/VectorStore.ts"

const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

type Start = (folder: string, port: number) => ChildProcess.Command

/** The store by settings, over a server that was started for it. */
const remote = (start: Start) =>
  Effect.gen(function* () {
    const folder = yield* Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())
    const port = yield* freePort
    const url = `http://127.0.0.1:${port}`
    yield* start(folder, port)
    yield* Effect.tryPromise(() => fetch(`${url}/api/v2/heartbeat`)).pipe(
      Effect.retry(Schedule.spaced("50 millis")),
      Effect.timeout("30 seconds")
    )
    const settings = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { CHROMA_URL: `${url}/` } }))
    return Chroma.layer.pipe(Layer.provide(settings))
  }).pipe(Layer.unwrap, Layer.provide(NodeServices.layer))

const quietly = { stdout: "ignore", stderr: "ignore", forceKillAfter: "3 seconds", extendEnv: true } as const

suite(
  "Chroma 1.0.5 by CHROMA_URL",
  remote((folder, port) =>
    ChildProcess.make(process.execPath, [childFile(), "--path", folder, "--port", String(port)], quietly)
  )
)

/** Where pip put the newer server, or `undefined` when it could not. */
const installed = (version: string): string | undefined => {
  const target = join(tmpdir(), `rtfm-chroma-${version}`)
  const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "--target", target]
  try {
    execFileSync("python3", ["-c", "import chromadb_rust_bindings"], {
      env: { ...process.env, PYTHONPATH: target },
      stdio: "ignore"
    })
    return target
  } catch {
    try {
      execFileSync("python3", [...pip, `chromadb==${version}`], { stdio: "pipe", timeout: 120_000 })
      return target
    } catch (cause) {
      console.warn(`NOT TESTED: Chroma ${version}, since pip could not install it: ${String(cause).split("\n")[0]}`)
      return undefined
    }
  }
}

const target = installed("1.5.9")
if (target !== undefined) {
  const serve = "import sys, chromadb_rust_bindings as b; b.cli(['chroma', 'run', *sys.argv[1:]])"
  suite(
    "Chroma 1.5.9 by CHROMA_URL",
    remote((folder, port) =>
      ChildProcess.make("python3", ["-c", serve, "--path", folder, "--port", String(port), "--host", "127.0.0.1"], {
        ...quietly,
        env: { PYTHONPATH: target }
      })
    )
  )
}

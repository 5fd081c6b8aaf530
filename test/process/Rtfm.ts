/** The real process for tests: started, asked over HTTP, killed, and started again on the same folder. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, watch } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout } from "node:timers/promises"

export interface Rtfm {
  readonly url: string
  readonly pid: number
  readonly child: ChildProcess
  /** What it printed so far, both streams. */
  readonly output: () => string
  /** The exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>
  readonly kill: (signal: NodeJS.Signals) => Promise<number | string>
}

const cli = resolve(import.meta.dirname, "../../src/cli.ts")

export const newFolder = (): string => mkdtempSync(join(tmpdir(), "rtfm-process-"))
/** A child of a process that was killed may still write for a moment. */
export const removeFolder = (folder: string) =>
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })

export interface Options {
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  readonly args?: ReadonlyArray<string>
  /** The program; from source unless given. */
  readonly program?: string
}

/** Starts a command and does not wait for anything. */
export const run = ({ args = ["start"], env = {}, folder, program = cli }: Options) => {
  const child = spawn(process.execPath, [program, ...args], {
    // Elsewhere than in the project, so that no `.env` of a developer counts.
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, DATA_DIR: join(folder, "data"), PORT: "0", NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let output = ""
  child.stdout.on("data", (chunk) => (output += String(chunk)))
  child.stderr.on("data", (chunk) => (output += String(chunk)))
  const exited = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string)
  return { child, output: () => output, exited }
}

/** Where a process says that it is, once it does. */
export const addressIn = (output: string): string | undefined => /ready: (http:\/\/\S+?)\/?\s/.exec(output)?.[1]

/** Starts the process and waits until it says where it is. */
export const start = async (options: Options): Promise<Rtfm> => {
  const { child, exited, output } = run(options)
  const ready = new Promise<string>((resolve) => {
    const look = () => {
      const url = addressIn(output())
      if (url !== undefined) resolve(url)
    }
    child.stdout!.on("data", look)
    child.stderr!.on("data", look)
  })
  const url = await Promise.race([
    ready,
    exited.then((code) => Promise.reject(new Error(`rtfm ended with ${code} before it was ready:\n${output()}`)))
  ])
  return {
    url,
    pid: child.pid!,
    child,
    output,
    exited,
    kill: (signal) => {
      child.kill(signal)
      return exited
    }
  }
}

/** Waits until a file of the folder satisfies a condition. */
export const untilFile = (path: string, holds: (text: string) => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      try {
        if (!holds(readFileSync(path, "utf8"))) return
      } catch {
        return
      }
      watcher.close()
      resolve()
    }
    const watcher = watch(join(path, ".."), look)
    look()
  })

/** Asks the API; a failure that names no status is a connection that broke. */
export const call = async <A = any>(
  url: string,
  path: string,
  init: RequestInit & { readonly json?: unknown } = {}
) => {
  const { json, ...rest } = init
  const response = await fetch(`${url}${path}`, {
    ...rest,
    ...(json !== undefined && { method: rest.method ?? "POST", body: JSON.stringify(json) }),
    headers: { "content-type": "application/json", ...rest.headers }
  })
  return { status: response.status, body: (await response.json().catch(() => undefined)) as A }
}

/** Asks again and again until the answer holds; fails with the last answer when that takes longer than `seconds`. */
export const until = async <A>(ask: () => A | Promise<A>, holds: (answer: A) => boolean, seconds = 30): Promise<A> => {
  const deadline = Date.now() + seconds * 1000
  while (true) {
    const answer = await ask()
    if (holds(answer)) return answer
    if (Date.now() > deadline) throw new Error(`After ${seconds} s still ${JSON.stringify(answer)}`)
    await setTimeout(20)
  }
}

/** A folder of its own for `body`, and processes on it that do not outlive it. */
export const inFolder = async (
  body: (folder: string, start: (env?: Options["env"], program?: string) => Promise<Rtfm>) => Promise<void>
) => {
  const folder = newFolder()
  const started: Array<Rtfm> = []
  try {
    await body(folder, async (env = {}, program = cli) => {
      const process = await start({ folder, env, program })
      started.push(process)
      return process
    })
  } finally {
    await Promise.all(started.map((process) => process.kill("SIGKILL")))
    removeFolder(folder)
  }
}

/** A local clone of a git repository: where readers find each file at its commit. */
import { Effect, Option, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

export interface Repository {
  /**
   * Where a file below the folder is on the web as it lies here; `undefined` where that is not known, as for a file that
   * git does not track or that was changed since.
   */
  readonly linkTo: (path: string) => string | undefined
}

/** A history that takes longer is not looked through; then all links go to the last commit. */
const historyLimit = "20 seconds"

/** No program that the repository names is run. */
const safely = ["-c", "core.fsmonitor=false", "-c", "core.quotepath=false", "-c", "log.showSignature=false"]

/** Lines end with NUL, since a file name may hold anything else. */
const git = Effect.fnUntraced(function* (folder: string, ...args: ReadonlyArray<string>) {
  const command = ChildProcess.make("git", ["-C", folder, ...safely, ...args], {
    env: { GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
    extendEnv: true,
    stdin: "ignore",
    stderr: "ignore"
  })
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const handle = yield* command
      const text = yield* Stream.mkString(Stream.decodeText(handle.stdout))
      return (yield* handle.exitCode) === 0 ? Option.some(text) : Option.none<string>()
    })
  ).pipe(Effect.orElseSucceed(() => Option.none<string>()))
})

/** `git@host:owner/name.git` and addresses alike, without names and passwords in them. */
export const webAddressOf = (remote: string): URL | undefined => {
  const short = /^(?:[\w.-]+@)?([\w.-]+):(?!\/)(.+)$/.exec(remote.trim())
  const address = short === null ? remote.trim() : `https://${short[1]}/${short[2]}`
  const url = URL.parse(address.replace(/^(?:ssh|git|git\+ssh):/, "https:"))
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  const clean = new URL(`https://${url.hostname}${url.pathname.replace(/\/+$/, "").replace(/\.git$/, "")}`)
  return clean.pathname.split("/").length > 2 ? clean : undefined
}

/** How hosts of repositories name a file at a commit. */
const folderAt = (repository: URL, commit: string): string => {
  if (/(^|\.)gitlab\./.test(repository.hostname)) return `${repository.href}/-/blob/${commit}/`
  if (repository.hostname === "bitbucket.org") return `${repository.href}/src/${commit}/`
  if (/(^|\.)(codeberg|gitea|forgejo)\./.test(repository.hostname)) return `${repository.href}/src/commit/${commit}/`
  return `${repository.href}/blob/${commit}/`
}

/** By path from the repository's root, the last commit that changed it: its link stays until the file changes. */
const lastChanges = Effect.fnUntraced(function* (folder: string) {
  const log = yield* git(
    folder,
    "log",
    "--format=%x01%H",
    "--name-only",
    "--no-renames",
    "-m",
    "-z",
    "HEAD",
    "--",
    "."
  ).pipe(Effect.timeoutOrElse({ duration: historyLimit, orElse: () => Effect.succeedNone }))
  const changes = new Map<string, string>()
  let commit = ""
  for (const part of Option.getOrElse(log, () => "").split(/[\0\n]/)) {
    const at = part.indexOf("\x01")
    if (at >= 0) commit = part.slice(at + 1)
    else if (part !== "" && !changes.has(part)) changes.set(part, commit)
  }
  return changes
})

/** `undefined` when the folder is in no repository, or git is not installed. */
export const open = Effect.fnUntraced(
  function* (folder: string) {
    const prefix = yield* git(folder, "rev-parse", "--show-prefix")
    const listed = yield* git(folder, "ls-files", "-z")
    if (Option.isNone(prefix) || Option.isNone(listed) || listed.value === "") return undefined
    const tracked = new Set(listed.value.split("\0").filter((path) => path !== ""))
    const remote = yield* git(folder, "remote", "get-url", "origin")
    const head = yield* git(folder, "rev-parse", "HEAD")
    const repository = Option.getOrUndefined(Option.map(remote, webAddressOf))
    if (repository === undefined || Option.isNone(head)) return { linkTo: () => undefined } satisfies Repository
    const changed = yield* git(folder, "diff-index", "--name-only", "--no-ext-diff", "-z", "HEAD", "--", ".")
    const dirty = new Set(Option.getOrElse(changed, () => "").split("\0"))
    const commits = yield* lastChanges(folder)
    return {
      linkTo: (path: string) => {
        const whole = prefix.value.trim() + path
        if (!tracked.has(path) || dirty.has(whole)) return undefined
        const commit = commits.get(whole) ?? head.value.trim()
        return folderAt(repository, commit) + whole.split("/").map(encodeURIComponent).join("/")
      }
    } satisfies Repository
  },
  (effect) => Effect.flatMap(ChildProcessSpawner.ChildProcessSpawner, () => effect)
)

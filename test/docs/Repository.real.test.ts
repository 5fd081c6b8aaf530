/** Files of a clone link to the last commit that changed them. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { execFileSync } from "node:child_process"
import * as Repository from "../../src/docs/Repository.ts"

const git = (folder: string, ...args: ReadonlyArray<string>) =>
  execFileSync("git", ["-C", folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", ...args], {
    encoding: "utf8"
  }).trim()

describe("Repository", () => {
  it.live("links to the commit where a file has its words, and not to what is not committed", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const root = yield* fs.makeTempDirectoryScoped()
      const write = (path: string, text: string) => fs.writeFileString(`${root}/${path}`, text)
      git(root, "init", "-q")
      git(root, "remote", "add", "origin", "https://ada:secret@github.com/ada/coffee.git")
      yield* fs.makeDirectory(`${root}/docs`)
      yield* write("docs/a.md", "a")
      yield* write("docs/größe 1.md", "b")
      git(root, "add", ".")
      git(root, "commit", "-q", "-m", "one")
      const first = git(root, "rev-parse", "HEAD")
      yield* write("docs/c.md", "c")
      yield* write("docs/d.md", "d")
      git(root, "add", ".")
      git(root, "commit", "-q", "-m", "two")
      const second = git(root, "rev-parse", "HEAD")
      yield* write("docs/d.md", "changed")
      yield* write("docs/new.md", "new")
      const repository = yield* Repository.open(`${root}/docs`)
      const at = (commit: string, path: string) => `https://github.com/ada/coffee/blob/${commit}/docs/${path}`
      assert.deepStrictEqual(
        ["a.md", "größe 1.md", "c.md", "d.md", "new.md"].map((path) => repository?.linkTo(path)),
        [at(first, "a.md"), at(first, "gr%C3%B6%C3%9Fe%201.md"), at(second, "c.md"), undefined, undefined]
      )
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("is none where there is no repository", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      assert.isUndefined(yield* Repository.open(yield* fs.makeTempDirectoryScoped()))
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

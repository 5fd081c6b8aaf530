/** Folders as people have them, and what is published from them. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { dirname } from "node:path"
import * as DocSource from "../../src/docs/DocSource.ts"
import * as Converter from "../../src/docs/formats/Converter.ts"
import * as Formats from "../../src/docs/formats/Formats.ts"

const services = Layer.mergeAll(NodeServices.layer, Converter.layerHere)

/** A folder with these files, gone after the test. */
const folder = Effect.fnUntraced(function* (files: Record<string, string | Uint8Array>) {
  const fs = yield* FileSystem.FileSystem
  const root = `${yield* fs.makeTempDirectoryScoped()}/handbook`
  yield* fs.makeDirectory(root)
  for (const [path, content] of Object.entries(files)) {
    yield* fs.makeDirectory(dirname(`${root}/${path}`), { recursive: true })
    yield* fs.writeFile(`${root}/${path}`, typeof content === "string" ? new TextEncoder().encode(content) : content)
  }
  return root
})

describe("read", () => {
  it.effect("finds documentation below a folder, in order, and says what it left out and why", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const root = yield* folder({
        "b.md": "# B",
        "a/two.MARKDOWN": "2",
        "a/one.mdx": "1",
        "c.txt": "grüße",
        "code.ts": "no",
        ".hidden.md": "no",
        ".git/x.md": "no",
        "node_modules/y/z.md": "no",
        "a/node_modules/w.md": "no",
        "latin1.md": Uint8Array.of(0x67, 0x72, 0xfc, 0xdf, 0x65),
        "binary.txt": "a\0b",
        "big.md": new Uint8Array(2 * 1024 * 1024 + 1).fill(97),
        "edge.md": new Uint8Array(2 * 1024 * 1024).fill(97)
      })
      yield* fs.symlink(`${root}/a`, `${root}/a/again`)
      yield* fs.symlink(`${root}/nowhere.md`, `${root}/broken.md`)
      yield* fs.makeDirectory(`${dirname(root)}/handbook-secrets`)
      yield* fs.writeFileString(`${dirname(root)}/handbook-secrets/key.md`, "a secret")
      yield* fs.symlink(`${dirname(root)}/handbook-secrets/key.md`, `${root}/key.md`)
      yield* fs.symlink(`${dirname(root)}/handbook-secrets`, `${root}/secrets`)
      yield* fs.symlink(dirname(root), `${root}/up`)
      yield* fs.symlink(`${root}/c.txt`, `${root}/same.txt`)
      const { complete, files, problems, source } = yield* DocSource.read(root)
      assert.strictEqual(source, "handbook")
      assert.isTrue(complete)
      assert.deepStrictEqual(
        files.map((file) => [file.path, file.text.length]),
        [
          ["a/one.mdx", 1],
          ["a/two.MARKDOWN", 1],
          ["b.md", 3],
          ["c.txt", 5],
          ["edge.md", 2 * 1024 * 1024],
          ["same.txt", 5]
        ]
      )
      assert.deepStrictEqual(
        problems.map(({ path, reason }) => `${path} ${reason}`.replace(/:.*/, "")),
        [
          "broken.md cannot be read",
          "key.md is a link that leads out of the folder",
          "secrets is a link that leads out of the folder",
          "up is a link that leads out of the folder",
          "big.md is larger than 2 MiB",
          "binary.txt is not UTF-8 text",
          "latin1.md is not UTF-8 text"
        ]
      )
    }).pipe(Effect.provide(services))
  )

  it.effect("takes one file, under the id it has when its folder is read", () =>
    Effect.gen(function* () {
      const root = yield* folder({ "start.md": "# Start", "other.md": "# Other" })
      const one = yield* DocSource.read(`${root}/start.md`)
      assert.deepStrictEqual(one, {
        source: "handbook",
        origin: root,
        files: [{ path: "start.md", text: "# Start" }],
        problems: [],
        complete: false
      })
      assert.strictEqual((yield* DocSource.read(root, { name: "manual" })).source, "manual")
    }).pipe(Effect.provide(services))
  )

  it.effect("says in one sentence what is wrong with a place", () =>
    Effect.gen(function* () {
      const root = yield* folder({ "notes.docx": "x" })
      const missing = yield* Effect.flip(DocSource.read(`${root}/nowhere`))
      assert.deepStrictEqual(
        [missing.reason, missing.message],
        ["missing", `There is no file or folder ${root}/nowhere`]
      )
      const other = yield* Effect.flip(DocSource.read(`${root}/notes.docx`))
      assert.deepStrictEqual(
        [other.reason, other.message],
        ["unsupported", `${root}/notes.docx is not one of ${Formats.extensions.join(", ")}`]
      )
    }).pipe(Effect.provide(services))
  )
})

describe("documentFrom", () => {
  const from = (path: string, text: string, baseUrl?: string) =>
    DocSource.documentFrom("handbook", { path, text }, baseUrl)

  it("names chunks by the document's title and the headings, and links to their sections", () => {
    assert.deepStrictEqual(from("a b/start.md", "Hi.\n# Start\nIntro.\n## Größe\nBig."), {
      id: "handbook/a b/start.md",
      path: "a b/start.md",
      title: "Start",
      url: "/#/documents/handbook%2Fa%20b%2Fstart.md",
      chunks: [
        { title: "Start", text: "Hi.", slug: "" },
        { title: "Start", text: "Intro.", slug: "/start" },
        { title: "Start › Größe", text: "Big.", slug: "/gr%C3%B6%C3%9Fe" }
      ].map(({ slug, text, title }, ordinal) => ({
        id: `handbook/a b/start.md#${ordinal}`,
        ordinal,
        title,
        text,
        url: `/#/documents/handbook%2Fa%20b%2Fstart.md${slug}`
      }))
    })
    assert.deepStrictEqual(
      from("x.md", "---\ntitle: The Guide\n---\n# Start\na").chunks.map((chunk) => chunk.title),
      ["The Guide › Start"]
    )
  })

  it("calls a page without a title by its file, an index by its folder", () => {
    const title = (path: string) => from(path, "text").title
    assert.deepStrictEqual(["a/setup.v2.md", "a/b/index.md", "README.md", "a/Readme.txt"].map(title), [
      "setup.v2",
      "b",
      "handbook",
      "a"
    ])
  })

  it("links to the page's own address, else below the base, else to the bot's page", () => {
    const url = (front: string, base?: string) => from("a b/c.md", `---\n${front}\n---\n# T\nx`, base).chunks[0]!.url
    assert.strictEqual(url("url: https://x.y/z#old", "https://base"), "https://x.y/z#t")
    assert.strictEqual(url("url: /z", "https://base/docs"), "https://base/z#t")
    assert.strictEqual(url("a: 1", "https://base/docs"), "https://base/docs/a%20b/c.md#t")
    assert.strictEqual(url("a: 1", "https://base/docs//"), "https://base/docs/a%20b/c.md#t")
    for (const front of ["a: 1", "url: /z", "url: 'javascript:alert(1)'", "url: [1]", "url: ''"]) {
      assert.strictEqual(url(front), "/#/documents/handbook%2Fa%20b%2Fc.md/t")
    }
  })

  it("takes plain text as one section, and no text as none", () => {
    assert.deepStrictEqual(
      from("notes.txt", "\uFEFF# not a heading\r\n---\r\n").chunks.map((chunk) => [chunk.title, chunk.text]),
      [["notes", "# not a heading\n---"]]
    )
    assert.deepStrictEqual(from("a.md", "# Only\n<!-- x -->").chunks, [])
    assert.deepStrictEqual(from("a.txt", " \n").chunks, [])
  })
})

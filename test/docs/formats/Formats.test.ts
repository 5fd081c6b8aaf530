/** Pages of HTML and OpenAPI documents become Markdown; encodings and kinds are told. */
import { assert, describe, it } from "@effect/vitest"
import * as Charset from "../../../src/docs/formats/Charset.ts"
import * as Formats from "../../../src/docs/formats/Formats.ts"
import * as Html from "../../../src/docs/formats/Html.ts"
import * as OpenApi from "../../../src/docs/formats/OpenApi.ts"
import { documentFrom } from "../../../src/docs/DocSource.ts"

describe("Html", () => {
  it("keeps words, code, tables and links, with the anchors of headings, and drops what is around them", async () => {
    const page = await Html.read(
      `<!doctype html><html><head><title>Install | Coffee</title><link rel="canonical" href="/install"></head><body>
      <nav>Home</nav><main><h1 id="install">Install<a class="headerlink" href="#install">¶</a></h1>
      <p>Put it on a <b>table</b>, see <a href="../safety.html">safety</a>, <a href="javascript:x()">this</a> and snake_case.</p>
      <section id="power"><h2>Power</h2><p>230 V <img src="x" alt="plug"></p>
      <div class="highlight-bash notranslate"><div class="highlight"><pre><span>coffee</span> --on
# no heading</pre></div></div>
      <table><tr><th>Key</th><th>Means</th></tr><tr><td>A</td><td>on | off</td></tr></table></section></main>
      <footer>imprint</footer></body></html>`,
      "https://coffee.example/docs/install/"
    )
    assert.deepStrictEqual(
      [page.title, page.canonical, page.unwanted],
      ["Install | Coffee", "https://coffee.example/install", false]
    )
    assert.strictEqual(
      page.text,
      [
        "# Install {#install}",
        "",
        "Put it on a **table**, see [safety](https://coffee.example/docs/safety.html), this and snake_case.",
        "",
        "## Power {#power}",
        "",
        "230 V plug",
        "",
        "```bash",
        "coffee --on",
        "# no heading",
        "```",
        "",
        "| Key | Means |",
        "| --- | --- |",
        "| A   | on \\| off |"
      ].join("\n")
    )
    const { chunks } = documentFrom("coffee", {
      path: "install",
      text: page.text,
      url: "https://coffee.example/docs/install/"
    })
    assert.deepStrictEqual(
      chunks.map(({ title, url }) => [title, url]),
      [
        ["Install", "https://coffee.example/docs/install/#install"],
        ["Install › Power", "https://coffee.example/docs/install/#power"]
      ]
    )
  })

  it("finds the words of a page that does not say where they are", async () => {
    const words = `<p>${"Press the green button twice, then wait for the water to be hot. ".repeat(8)}</p>`
    const { text } = await Html.read(
      `<body><div class="menu"><a href="/">Home</a></div><div><h2>Brewing</h2>${words}${words}</div></body>`
    )
    assert.include(text, "Press the green button twice")
    assert.notInclude(text, "Home")
  })
})

describe("OpenApi", () => {
  const document = {
    openapi: "3.1.0",
    info: { title: "Coffee", version: "2", description: "Brews." },
    paths: {
      "/cups/{id}": {
        parameters: [{ $ref: "#/components/parameters/Id" }],
        put: {
          summary: "Fill a cup",
          requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Cup" } } } },
          responses: {
            200: {
              description: "Filled",
              content: { "application/json": { schema: { $ref: "#/components/schemas/Cup" } } }
            }
          }
        }
      }
    },
    components: {
      parameters: {
        Id: { name: "id", in: "path", required: true, schema: { type: "string" }, description: "The cup" }
      },
      schemas: {
        Cup: {
          type: "object",
          required: ["size"],
          properties: {
            size: { type: "integer", minimum: 1, description: "In ml" },
            milk: { enum: ["none", "oat"] },
            next: { $ref: "#/components/schemas/Cup" }
          }
        }
      }
    }
  }

  it("has a section for each operation and each schema", async () => {
    const read = await OpenApi.read(JSON.stringify(document))
    assert.strictEqual(read?.title, "Coffee")
    assert.strictEqual(
      read?.text,
      `# Coffee

Brews.

Version 2.

## Operations

### PUT /cups/\\{id}: Fill a cup

Fill a cup

Parameters:
- \`id\` (path, string, required): The cup

Body, \`application/json\`: Cup.
- \`size\` (integer, required, at least 1): In ml
- \`milk\` ("none" | "oat")
- \`next\` (Cup)

Responses:
- 200: Filled (Cup)

## Schemas

### Cup

A value: object.

- \`size\` (integer, required, at least 1): In ml
- \`milk\` ("none" | "oat")
- \`next\` (Cup)`
    )
  })

  it("is not every JSON and YAML, and follows no reference for ever", async () => {
    assert.isUndefined(await OpenApi.read('{ "name": "coffee", "version": "3" }'))
    assert.isUndefined(await OpenApi.read("key: value\n"))
    const loop = { openapi: "3.1.0", paths: { "/a": { $ref: "#/paths/~1b" }, "/b": { $ref: "#/paths/~1a" } } }
    assert.strictEqual((await OpenApi.read(JSON.stringify(loop)))?.text, "# API\n\n")
  })
})

describe("Charset", () => {
  const bytes = (...codes: ReadonlyArray<number>) => Uint8Array.from(codes)
  const latin = Buffer.from("grüße", "latin1")

  it("is told by the mark, the server, the page, or else UTF-8", () => {
    assert.deepStrictEqual(Charset.decode(bytes(0xff, 0xfe, 0x41, 0)), { text: "A" })
    assert.deepStrictEqual(Charset.decode(latin, "text/html; charset=ISO-8859-1"), { text: "grüße" })
    assert.deepStrictEqual(Charset.decode(Buffer.concat([Buffer.from('<meta charset="windows-1252">'), latin])), {
      text: '<meta charset="windows-1252">grüße'
    })
    assert.deepStrictEqual(Charset.decode(Buffer.from("grüße")), { text: "grüße" })
  })

  it("is wrong when the bytes are none of it", () => {
    assert.deepStrictEqual(Charset.decode(latin, "text/html; charset=utf-8"), { expected: "UTF-8" })
    assert.deepStrictEqual(Charset.decode(latin, "text/html; charset=no-such"), { expected: "NO-SUCH" })
    assert.deepStrictEqual(Charset.decode(bytes(0x41, 0, 0x42)), { expected: "UTF-8" })
  })
})

describe("Formats", () => {
  it("believes the server unless it says nothing", () => {
    assert.strictEqual(Formats.byType("text/html; charset=utf-8", "/a.pdf")?.kind, "html")
    assert.strictEqual(Formats.byType("text/plain", "/a.md")?.kind, "markdown")
    assert.strictEqual(Formats.byType("application/octet-stream", "/a.pdf")?.kind, "pdf")
    assert.strictEqual(Formats.byType("text/plain", "/a")?.kind, "text")
    assert.isUndefined(Formats.byType("image/png", "/a.md"))
  })
})

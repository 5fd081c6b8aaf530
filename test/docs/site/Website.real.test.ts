/** Websites as they are: lists of pages, rules for robots, and pages made to harm. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Stream } from "effect"
import type { lookup } from "node:dns"
import { gzipSync } from "node:zlib"
import * as Converter from "../../../src/docs/formats/Converter.ts"
import * as Fetcher from "../../../src/docs/site/Fetcher.ts"
import * as Website from "../../../src/docs/site/Website.ts"
import * as Pdf from "../../fixtures/Pdf.ts"
import * as SiteServer from "../../fixtures/SiteServer.ts"
import { html, page } from "../../fixtures/SiteServer.ts"

const mebibyte = 1024 * 1024

/** Made before it is asked for: that takes longer than a page may. */
const bomb = Pdf.bomb(600 * mebibyte)

const services = (options: Partial<Fetcher.Options> = {}, mostPages = 100) =>
  Website.layerWith({ pause: Duration.zero, mostPages }).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        // This machine stands for the public internet, and all else for private networks.
        Fetcher.layerWith({ allowed: (address) => address === "127.0.0.1", time: "10 seconds", ...options }),
        Converter.layerWith({ time: "20 seconds", memory: 300 * mebibyte, idle: "10 seconds" })
      )
    )
  )

const read = Effect.fnUntraced(function* (place: string, known = new Map<string, Fetcher.Validators>()) {
  const website = yield* Website.Website
  const site = yield* website.open(place, known)
  const outcomes = yield* Stream.runCollect(site.outcomes)
  return { ...site, outcomes }
})

const brief = (outcome: Website.Outcome): string => {
  switch (outcome.type) {
    case "read":
      return `${outcome.file.path} ${outcome.file.text.replace(/\s+/g, " ").slice(0, 40)}`
    case "problem":
      return `${outcome.problem.path}: ${outcome.problem.reason}`
    default:
      return `${outcome.path}: ${outcome.type}`
  }
}

const words = (text: string) => html(`<p>${text} ${"and more of it ".repeat(4)}</p>`)

describe("Website", () => {
  it.live("reads the pages that a sitemap lists below the address, each at its own address", () =>
    Effect.gen(function* () {
      const server = yield* SiteServer.start
      const at = (path: string) => server.url + path
      server.pages
        .set("/robots.txt", page(`User-agent: *\nSitemap: ${at("/map.xml")}`, "text/plain"))
        .set(
          "/map.xml",
          page(SiteServer.sitemapIndex(at("/one.xml.gz"), at("/broken.xml"), at("/map.xml")), "text/xml")
        )
        .set("/one.xml.gz", (_, response) => {
          const urls = [
            at("/guide/"),
            at("/guide/brew#top"),
            at("/guide/brew"),
            at("/blog/x"),
            "http://other.test/guide/"
          ]
          response.end(gzipSync(SiteServer.sitemap(...urls)))
        })
        .set("/broken.xml", page("<urlset><url><loc>", "text/xml"))
        .set("/guide/", page(words("Start here")))
        .set(
          "/guide/brew",
          page(html('<h1 id="brew">Brewing</h1><p>See <a href="clean">how to clean</a> it well and often.</p>'))
        )
      const site = yield* read(at("/guide/"))
      assert.strictEqual(site.source, `127.0.0.1:${server.port}/guide`)
      const files = site.outcomes.flatMap((outcome) => (outcome.type === "read" ? [outcome.file] : []))
      assert.deepStrictEqual(
        files.map(({ path, url }) => [path, url]),
        [
          ["index", at("/guide/")],
          ["brew", at("/guide/brew")]
        ]
      )
      assert.strictEqual(
        files[1]!.text,
        `# Brewing {#brew}\n\nSee [how to clean](${at("/guide/clean")}) it well and often.`
      )
    }).pipe(Effect.provide(services()))
  )

  it.live("follows an llms.txt where there is no sitemap, and reads one page where it is named", () =>
    Effect.gen(function* () {
      const server = yield* SiteServer.start
      server.pages
        .set("/llms.txt", page("# Coffee\n\n- [Brew](/brew.md): how\n- [Else](https://else.test/x.md)", "text/plain"))
        .set("/brew.md", page("# Brew\n\nPress twice.", "text/markdown"))
        .set(
          "/api.yaml",
          page('openapi: "3.1.0"\ninfo: { title: Coffee }\npaths: { /brew: { post: { summary: Brew } } }')
        )
      assert.deepStrictEqual((yield* read(server.url)).outcomes.map(brief), ["brew.md # Brew Press twice."])
      assert.deepStrictEqual((yield* read(`${server.url}/llms.txt`)).outcomes.map(brief), [
        "brew.md # Brew Press twice."
      ])
      server.pages.set(
        "/api.yaml",
        page(
          'openapi: "3.1.0"\ninfo: { title: Coffee }\npaths: { /brew: { post: { summary: Brew } } }',
          "application/yaml"
        )
      )
      const [api] = (yield* read(`${server.url}/api.yaml`)).outcomes
      assert.strictEqual(brief(api!), "api.yaml # Coffee ## Operations ### POST /brew: B")
    }).pipe(Effect.provide(services()))
  )

  it.live("has one line for each page that is not to be read or made to harm, and reads the others", () =>
    Effect.gen(function* () {
      const server = yield* SiteServer.start
      const paths = [
        "good secret large said-large endless slow bomb.pdf encoding private local loop elsewhere file binary noindex",
        "header missing error last"
      ].flatMap((line) => line.split(" "))
      const urls = paths.map((path) => `${server.url}/${path}`)
      server.pages
        .set("/robots.txt", page("User-agent: rtfm-bot\nDisallow: /secret", "text/plain"))
        .set("/sitemap.xml", page(SiteServer.sitemap(...urls), "text/xml"))
        .set("/good", page(words("Good")))
        .set("/large", (_, response) => {
          response.writeHead(200, { "content-type": "text/html" }).end(Buffer.alloc(50 * mebibyte, "<p>large "))
        })
        .set("/said-large", (_, response) => {
          response.writeHead(200, { "content-type": "text/html", "content-length": 50 * mebibyte }).write("<p>")
        })
        .set("/endless", SiteServer.endless("text/html"))
        .set("/slow", (_, response) => void response.writeHead(200, { "content-type": "text/html" }).write("<p>slow"))
        .set("/bomb.pdf", (_, response) => {
          response.writeHead(200, { "content-type": "application/pdf" }).end(bomb)
        })
        .set("/encoding", (_, response) => {
          response
            .writeHead(200, { "content-type": "text/html; charset=utf-8" })
            .end(Buffer.from("<p>gr\xfc\xdfe", "latin1"))
        })
        .set("/private", SiteServer.redirect("http://10.0.0.1/admin"))
        .set("/local", SiteServer.redirect(`http://[::1]:${server.port}/good`))
        .set("/loop", SiteServer.redirect("/loop"))
        .set("/elsewhere", SiteServer.redirect("https://else.test/"))
        .set("/file", SiteServer.redirect("file:///etc/passwd"))
        .set("/binary", page("x", "image/png"))
        .set("/noindex", page(html("<p>hidden</p>", '<meta name="robots" content="noindex">')))
        .set("/header", (_, response) => {
          response.writeHead(200, { "content-type": "text/html", "x-robots-tag": "noindex" }).end("<p>x")
        })
        .set("/error", (_, response) => void response.writeHead(500).end())
        .set("/last", page(words("Last")))
      const { outcomes } = yield* read(`${server.url}/`)
      assert.deepStrictEqual(
        outcomes.map(brief).map((line) => line.replace(/ and more of it.*/, "")),
        [
          "good Good",
          "secret: is not to be read, says robots.txt",
          "large: is larger than 4 MiB",
          "said-large: is larger than 4 MiB",
          "endless: is larger than 4 MiB",
          "slow: takes longer than 2s",
          "bomb.pdf: needs more than 300 MiB of memory to be read",
          "encoding: is not UTF-8 text",
          "private: leads to 10.0.0.1 in a private network; INGEST_PRIVATE_ADDRESSES=true allows that",
          "local: leads to [::1] in a private network; INGEST_PRIVATE_ADDRESSES=true allows that",
          "loop: redirects more than 5 times",
          "elsewhere: redirects to else.test, another site",
          "file: is no address of the web",
          "binary: is image/png, which is not read",
          "noindex: asks not to be indexed (robots: noindex)",
          "header: asks not to be indexed (X-Robots-Tag)",
          "missing: gone",
          "error: was answered with 500",
          "last Last"
        ]
      )
    }).pipe(Effect.provide(services({ time: "2 seconds" })))
  )

  it.live("looks at the address a name leads to each time, not only the first", () =>
    Effect.gen(function* () {
      const server = yield* SiteServer.start
      let asked = 0
      const rebinding = ((_name: string, _options: object, callback: Function) => {
        callback(null, [{ address: asked++ === 0 ? "127.0.0.1" : "127.0.0.2", family: 4 }])
      }) as unknown as typeof lookup
      server.pages.set("/robots.txt", (_, response) => {
        response.writeHead(200, { "content-type": "text/plain", connection: "close" }).end("")
      })
      server.pages.set("/page.html", page(words("never")))
      const { outcomes } = yield* read(`http://docs.test:${server.port}/page.html`).pipe(
        Effect.provide(services({ lookup: rebinding }))
      )
      assert.deepStrictEqual(outcomes.map(brief), [
        "page.html: leads to 127.0.0.2 in a private network; INGEST_PRIVATE_ADDRESSES=true allows that"
      ])
      assert.deepStrictEqual(server.asked, ["/robots.txt"])
    })
  )

  it.live("refuses private networks as they are", () =>
    Effect.gen(function* () {
      const server = yield* SiteServer.start
      for (const place of [server.url, `http://localhost:${server.port}/`, "http://169.254.169.254/latest/"]) {
        const { detail, reason } = yield* Effect.flip(read(place))
        assert.deepStrictEqual([reason, /in a private network/.test(detail)], ["refused", true], detail)
      }
      assert.deepStrictEqual(server.asked, [])
    }).pipe(Effect.provide(Website.layer.pipe(Layer.provide([Fetcher.layer, Converter.layer]))))
  )

  it.live("leaves a site alone whose rules cannot be read, and one that does not answer", () =>
    Effect.gen(function* () {
      const server = yield* SiteServer.start
      server.pages.set("/robots.txt", (_, response) => void response.writeHead(500).end())
      const closed = yield* Effect.flip(read(`${server.url}/`))
      assert.strictEqual(closed.reason, "away")
      assert.include(closed.detail, "/robots.txt was answered with 500, so nothing of the site is read")
      server.pages.set("/robots.txt", page("User-agent: *\n" + "Disallow: /*a*b\n".repeat(5_001), "text/plain"))
      const endless = yield* Effect.flip(read(`${server.url}/`))
      assert.include(endless.detail, "/robots.txt has more than 10,000 wildcards, so nothing of the site is read")
      server.pages.set("/robots.txt", page("", "text/plain"))
      const urls = Array.from({ length: 8 }, (_, i) => `${server.url}/${i}`)
      server.pages.set("/sitemap.xml", page(SiteServer.sitemap(...urls), "text/xml"))
      for (let i = 0; i < 8; i++) server.pages.set(`/${i}`, (request) => void request.socket.destroy())
      const { outcomes } = yield* read(`${server.url}/`)
      assert.deepStrictEqual(
        outcomes.map(brief).map((line) => line.slice(3)),
        [
          ...Array.from({ length: 5 }, () => "cannot be fetched: the connection was cut"),
          ...Array.from({ length: 3 }, () => "was not tried, because the site does not answer")
        ]
      )
    }).pipe(Effect.provide(services()))
  )

  it.live("knows a page by its canonical address, and stops at the most pages", () =>
    Effect.gen(function* () {
      const server = yield* SiteServer.start
      const [a, b, c] = ["/a", "/b", "/c"].map((path) => server.url + path)
      server.pages
        .set("/sitemap.xml", page(SiteServer.sitemap(a!, b!, c!), "text/xml"))
        .set("/a", page(words("A")))
        .set("/b", page(html(`<p>A again</p>`, `<link rel="canonical" href="${a}">`)))
      const { outcomes } = yield* read(`${server.url}/`)
      assert.deepStrictEqual(
        outcomes.map(brief).map((line) => line.replace(/ and more of it.*/, "")),
        ["a A", "b: gone", "1 more pages: were left out: INGEST_MAX_PAGES is 2"]
      )
    }).pipe(Effect.provide(services({}, 2)))
  )
})

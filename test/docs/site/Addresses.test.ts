/** Which addresses are everybody's, whatever way they are written. */
import { assert, describe, it } from "@effect/vitest"
import { isPublic } from "../../../src/docs/site/Addresses.ts"
import * as Sitemap from "../../../src/docs/site/Sitemap.ts"
import { webAddressOf } from "../../../src/docs/Repository.ts"

describe("isPublic", () => {
  const closed = [
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1",
    "::1 [::1] :: fe80::1%eth0 fc00::1 ::ffff:127.0.0.1 ::ffff:7f00:1 64:ff9b::7f00:1 ::7f00:1 ::ffff:0:7f00:1 2002:7f00:1:: localhost example.com"
  ].flatMap((line) => line.split(" "))
  for (const address of closed) it(`is false of ${address}`, () => assert.isFalse(isPublic(address)))
  for (const address of ["93.184.216.34", "2606:2800:220:1::1", "[2606:2800:220:1::1]"]) {
    it(`is true of ${address}`, () => assert.isTrue(isPublic(address)))
  }
})

describe("Sitemap", () => {
  const bytes = (text: string) => new TextEncoder().encode(text)

  it("is XML, or a list of addresses", async () => {
    const xml = "<urlset><url><loc> https://a.example/x?a=1&amp;b=2 </loc></url><url><other/></url></urlset>"
    assert.deepStrictEqual(await Sitemap.read(bytes(xml)), { pages: ["https://a.example/x?a=1&b=2"], sitemaps: [] })
    const list = await Sitemap.read(bytes("https://a.example/1\nhttps://a.example/2\n"))
    assert.deepStrictEqual(list.pages, ["https://a.example/1", "https://a.example/2"])
  })

  it("lists sitemaps, too, and only what stands for a page, whatever its names are prefixed with", async () => {
    const index =
      "<?xml version='1.0'?><sitemapindex><sitemap><loc>https://a.example/1.xml</loc></sitemap></sitemapindex>"
    assert.deepStrictEqual(await Sitemap.read(bytes(index)), { pages: [], sitemaps: ["https://a.example/1.xml"] })
    const page =
      "<s:url><s:loc><![CDATA[https://a.example/1?a&b]]></s:loc><i:image><i:loc>/1.png</i:loc></i:image></s:url>"
    const { pages } = await Sitemap.read(bytes(`<s:urlset><!-- <loc>no</loc> -->${page}</s:urlset>`))
    assert.deepStrictEqual(pages, ["https://a.example/1?a&b"])
  })

  it("of any size leaves others their turns", async () => {
    const count = 100_000
    const xml = `<urlset>${"<url><loc>https://a.example/a-page-of-a-large-site</loc></url>".repeat(count)}</urlset>`
    let turns = 0
    const other = setImmediate(function again() {
      turns++
      next = setImmediate(again)
    })
    let next = other
    const { pages } = await Sitemap.read(bytes(xml))
    clearImmediate(next)
    assert.lengthOf(pages, count)
    assert.isAtLeast(turns, Math.floor(xml.length / 65_536))
  })

  it("of an `llms.txt` are the addresses of its links", () => {
    const links = Sitemap.linksOf(
      "- [a [b]](/a.md): `x`\n[c]( <d.md> 'd') [no link] (x)",
      "https://a.example/docs/llms.txt"
    )
    assert.deepStrictEqual(links, ["https://a.example/a.md", "https://a.example/docs/d.md"])
  })

  it("is nothing else", async () => {
    const error = await Sitemap.read(bytes("<html></html>")).catch((cause: Error) => cause.message)
    assert.strictEqual(error, "it is no sitemap")
  })
})

describe("webAddressOf", () => {
  const cases = [
    ["git@github.com:ada/coffee.git", "https://github.com/ada/coffee"],
    ["https://ada:secret@github.com/ada/coffee.git", "https://github.com/ada/coffee"],
    ["ssh://git@gitlab.example.com:2222/team/coffee", "https://gitlab.example.com/team/coffee"],
    ["/home/ada/coffee", undefined],
    ["../coffee", undefined]
  ] as const
  for (const [remote, address] of cases) {
    it(`of ${remote}`, () => assert.strictEqual(webAddressOf(remote)?.href, address))
  }
})

/** Routes: every mistake by its line, the examples as they are told, filters, groups and quiet hours. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { toText } from "../../src/domain/Embed.ts"
import { notBefore, type Route, tellings } from "../../src/domain/Route.ts"
import { parse } from "../../src/notify/RoutesText.ts"
import { refusals } from "../domain/refusals.ts"
import { golden } from "../golden/golden.ts"

const folder = resolve(import.meta.dirname, "../../examples")
const example = (name: string) => Result.getOrThrow(parse(name, readFileSync(resolve(folder, `${name}.yaml`), "utf8")))
const routesIn = (text: string) => Result.getOrThrow(parse("routes.yaml", text))
const mistakesIn = (text: string) => {
  const result = parse("routes.yaml", text)
  return Result.isFailure(result) ? result.failure.mistakes.map(({ line, message }) => `${line}: ${message}`) : []
}

const records = {
  deploys: [
    {
      service: "web",
      version: "1.4.2",
      status: "success",
      environment: "production",
      by: "ada",
      url: "https://ci.example.org/7"
    },
    { service: "web", status: "failure", environment: "staging", error: "tests *failed*", url: "javascript:alert(1)" },
    { service: "web", status: "success", environment: "laptop" }
  ],
  alertmanager: [
    {
      receiver: "team",
      alerts: [
        {
          status: "firing",
          labels: { alertname: "DiskFull", severity: "critical", instance: "db-1" },
          annotations: { summary: "The disk of db-1 is full", description: "98 %" },
          startsAt: "2026-03-14T09:26:53Z",
          generatorURL: "https://prometheus.example.org/graph"
        },
        { status: "resolved", labels: { alertname: "HighLoad", instance: "web-2" } }
      ]
    }
  ],
  github: [
    {
      action: "opened",
      number: 7,
      pull_request: {
        title: "Fix the @everyone ping",
        html_url: "https://github.com/example/web/pull/7",
        body: "See [this](https://example.org)",
        draft: false,
        base: { ref: "main" }
      },
      repository: { full_name: "example/web" },
      sender: { login: "ada" }
    },
    {
      action: "published",
      release: { tag_name: "v2", html_url: "https://github.com/example/web" },
      repository: { full_name: "example/web" }
    }
  ]
} as const

describe("the examples", () => {
  for (const [name, all] of Object.entries(records)) {
    it.effect(`${name} is told as it should be`, () => {
      const routes = example(name)
      const told = all.flatMap((record) => routes.flatMap((route) => tellings(route, record, 0)))
      for (const { embed } of told) assert.deepStrictEqual(refusals(embed), [])
      const text = told.map(({ embed, group }) =>
        [`#${embed.color.toString(16)} ${embed.url ?? "no link"} (${group ?? "no group"})`, toText(embed)].join("\n")
      )
      return golden(`routes/${name}.txt`, text.join("\n\n"))
    })
  }
})

describe("a file of routes", () => {
  it("names every mistake by its line", () => {
    const text = [
      "routes:",
      "  - name: has space",
      "    topic: a/b",
      "    title: '{open'",
      "    to: https://discord.com/api/webhooks/1/secret",
      "    color: pinkish",
      "    titel: x",
      "  - name: second",
      "    topic: t",
      "    title: ok",
      "    quiet: { from: '25:00', to: '07:00', zone: Mars/Base }",
      "    when:",
      "      'a..b': 1",
      "  - name: third",
      "    topic: t"
    ].join("\n")
    const mistakes = mistakesIn(text)
    for (const [line, words] of [
      [2, "1 to 60 letters"],
      [3, "name of a topic"],
      [4, "brace stands alone"],
      [5, "DISCORD_WEBHOOK"],
      [6, "green, red"],
      [7, "titel"],
      [11, 'such as "22:00"'],
      [11, "time zone"],
      [14, "title"]
    ] as const) {
      assert.isTrue(
        mistakes.some((mistake) => mistake.startsWith(`${line}: `) && mistake.includes(words)),
        `${line} ${words} in\n${mistakes.join("\n")}`
      )
    }
    assert.notInclude(mistakes.join("\n"), "secret")
  })

  it("names wrong paths, names given twice, and what is no YAML", () => {
    const route = (more: string) => `routes:\n  - name: a\n    topic: t\n    title: x\n${more}`
    assert.match(mistakesIn(route("    when:\n      'a..b': 1\n"))[0]!, /^6: .*no path/)
    assert.match(mistakesIn(route("  - name: a\n    topic: t\n    title: y\n"))[0]!, /^5: .*another route/)
    assert.match(mistakesIn("routes:\n  - name: [\n")[0]!, /^[23]: /)
    assert.match(mistakesIn("rutes: []")[0]!, /^1: /)
    assert.deepStrictEqual(mistakesIn(""), [])
    const bomb = `a: &a [x, x]\n${Array.from({ length: 20 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? "a" : `b${i - 1}`}, *${i === 0 ? "a" : `b${i - 1}`}]`).join("\n")}\nroutes: *b19`
    assert.isAtLeast(mistakesIn(bomb).length, 1)
  })
})

const first = (text: string): Route => routesIn(`routes:\n  - name: a\n    topic: t\n    title: "{n|x}"\n${text}`)[0]!

describe("a route", () => {
  it("tells only what its filter lets through", () => {
    const told = (when: string, record: unknown) => tellings(first(`    when: ${when}\n`), record, 0).length
    assert.strictEqual(told("{ a: 1 }", { a: 1 }), 1)
    assert.strictEqual(told("{ a: 1 }", { a: "1" }), 0)
    assert.strictEqual(told("{ a: [x, y], b.c: true }", { a: "y", b: { c: true } }), 1)
    assert.strictEqual(told("{ tags: x }", { tags: ["w", "x"] }), 1)
    assert.strictEqual(told("{ a: 1 }", {}), 0)
    assert.strictEqual(told("{ a: 1 }", null), 0)
  })

  it("tells each element, a hundred at most, and nothing when there is no list", () => {
    const route = first("    each: items\n")
    assert.strictEqual(tellings(route, { items: Array.from({ length: 300 }, (_, n) => ({ n })) }, 0).length, 100)
    assert.strictEqual(tellings(route, { items: "no" }, 0).length, 0)
  })

  it("waits for the end of its quiet hours, in its own zone", () => {
    const night = first(`    quiet: { from: "22:00", to: "07:00", zone: Europe/Berlin }\n`)
    const at = (text: string) => Date.parse(text)
    assert.strictEqual(notBefore(night, at("2026-01-10T20:59:30Z")), at("2026-01-10T20:59:30Z"))
    assert.strictEqual(notBefore(night, at("2026-01-10T21:00:30Z")), at("2026-01-11T06:00:00Z"))
    assert.strictEqual(notBefore(night, at("2026-07-11T04:59:00Z")), at("2026-07-11T05:00:00Z"))
    assert.strictEqual(notBefore(night, at("2026-07-11T05:00:00Z")), at("2026-07-11T05:00:00Z"))
    assert.strictEqual(notBefore(first(""), 5), 5)
  })
})

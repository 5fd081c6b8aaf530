/** The OpenAPI document is one, and says everything. */
import { assert, describe, it } from "@effect/vitest"
import { document } from "../../src/web/Docs.ts"
import { render } from "../../src/web/DocsPage.ts"

const spec = document()
const operations = Object.entries(spec.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation: operation as any }))
)

/** Every object in the document that is a schema or holds one. */
const walk = (value: unknown, visit: (node: Record<string, unknown>) => void): void => {
  if (typeof value !== "object" || value === null) return
  if (!Array.isArray(value)) visit(value as Record<string, unknown>)
  for (const inner of Object.values(value)) walk(inner, visit)
}

describe("the OpenAPI document", () => {
  it("is of version 3.1 and has what one must have", () => {
    assert.strictEqual(spec.openapi, "3.1.0")
    assert.match(spec.info.version, /^\d+\.\d+\.\d+/)
    for (const { method, operation, path } of operations) {
      assert.match(path, /^\/(api\/|health\/|metrics$)/)
      assert.include(["get", "post", "patch", "delete"], method)
      assert.isNotEmpty(operation.responses)
      for (const [status, { description }] of Object.entries<any>(operation.responses)) {
        assert.match(status, /^[2-5]\d\d$/)
        assert.isNotEmpty(description)
      }
      const inPath = operation.parameters.filter((each: any) => each.in === "path").map((each: any) => each.name)
      assert.deepStrictEqual(
        inPath,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      )
    }
    const ids = operations.map(({ operation }) => operation.operationId)
    assert.strictEqual(new Set(ids).size, ids.length)
  })

  it("has every address", () => {
    assert.deepStrictEqual(operations.map(({ method, path }) => `${method} ${path}`).toSorted(), [
      "delete /api/channels/{channelId}/messages/{messageId}",
      "delete /api/sources/{source}",
      "get /api/channels",
      "get /api/channels/{channelId}/messages",
      "get /api/complaints",
      "get /api/dead-letters",
      "get /api/documents",
      "get /api/documents/{id}",
      "get /api/event-kinds",
      "get /api/events",
      "get /api/events/{id}/steps",
      "get /api/feedback/{answerId}",
      "get /api/history",
      "get /api/indexes",
      "get /api/indexes/next/replay",
      "get /api/questions/{id}",
      "get /api/recent-events",
      "get /api/recent-events/{id}",
      "get /api/search",
      "get /api/settings",
      "get /api/sources",
      "get /api/status",
      "get /api/topics",
      "get /api/topics/{topic}/records",
      "get /api/ways/{id}",
      "get /api/ways/{id}/prompt",
      "get /health/live",
      "get /health/ready",
      "get /metrics",
      "patch /api/channels/{channelId}/messages/{messageId}",
      "post /api/channels",
      "post /api/channels/{channelId}/messages",
      "post /api/channels/{channelId}/messages/{messageId}/reactions",
      "post /api/channels/{channelId}/messages/{messageId}/thread",
      "post /api/dead-letters/redrive",
      "post /api/documents",
      "post /api/events/{type}",
      "post /api/feedback",
      "post /api/indexes",
      "post /api/indexes/next/{action}",
      "post /api/questions",
      "post /api/sources",
      "post /api/sources/{source}/refresh",
      "post /api/topics/{topic}/records"
    ])
  })

  it("points at nothing that is not there", () => {
    const schemes = Object.keys(spec.components.securitySchemes)
    walk(spec, (node) => {
      const ref = node["$ref"]
      if (typeof ref === "string") assert.property(spec.components.schemas, ref.replace("#/components/schemas/", ""))
    })
    for (const { operation, path } of operations) {
      assert.deepStrictEqual(operation.security, path.startsWith("/api/") ? [{ token: [] }] : [])
      for (const name of operation.security.flatMap(Object.keys)) assert.include(schemes, name)
    }
  })

  it("describes every operation, parameter, structure and failure", () => {
    for (const { operation } of operations) {
      assert.isNotEmpty(operation.summary)
      assert.isNotEmpty(operation.description)
      for (const { description, name } of operation.parameters) assert.isNotEmpty(description, name)
      for (const [status, { content }] of Object.entries<any>(operation.responses)) {
        if (Number(status) >= 400) assert.deepStrictEqual(Object.keys(content), ["application/problem+json"])
      }
      if (operation.requestBody !== undefined) {
        for (const status of ["413", "415", "422"]) assert.property(operation.responses, status)
      }
    }
    for (const [name, schema] of Object.entries<any>(spec.components.schemas))
      assert.isNotEmpty(schema.description, name)
  })
})

describe("the page of it", () => {
  const page = render(spec, "http://localhost:7836")

  it("has every operation, structure and problem, and every link leads somewhere", () => {
    for (const { operation, path } of operations) {
      assert.include(page, `<code>${path}</code>`)
      assert.include(page, operation.summary)
    }
    for (const name of Object.keys(spec.components.schemas)) assert.include(page, `id="structure-${name}"`)
    for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) assert.include(page, `id="${id}"`)
  })

  it("shows what to type", () => {
    assert.include(page, "curl &#39;http://localhost:7836/api/questions&#39; \\")
    assert.include(page, "curl -N &#39;http://localhost:7836/api/events&#39;")
    assert.include(page, "curl &#39;http://localhost:7836/api/search?q=ingest%20a%20folder&#39;")
  })

  it("lets no text of the document become markup", () => {
    const evil = { ...spec, info: { ...spec.info, title: "<script>alert(1)</script>" } }
    assert.notInclude(render(evil, "http://localhost"), "<script")
  })
})

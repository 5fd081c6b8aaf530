/** Which hosts, origins and tokens are let in. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Option, Redacted } from "effect"
import { admits, Guard, type Place, refusal } from "../../src/web/Guard.ts"

const local: Place = { host: "127.0.0.1", port: 7836, token: Option.none(), publicUrl: Option.none() }
const open: Place = { ...local, host: "0.0.0.0", token: Option.some(Redacted.make("secret")) }

const isLetIn = (place: Place, host: string | undefined, origin?: string, path = "/api/status") =>
  refusal(place)({ path, host, origin }) === undefined

describe("hosts", () => {
  it("are this machine's names on any port", () => {
    for (const host of ["localhost:7836", "localhost", "LOCALHOST:1", "127.0.0.1:9999", "[::1]:7836"]) {
      assert.isTrue(isLetIn(local, host), host)
    }
  })

  it("are refused when they are anything else", () => {
    const foreign = ["evil.example", "evil.example:7836", "localhost.evil.example", "localhost.", "10.0.0.7:7836", ""]
    for (const host of [...foreign, undefined, "a@localhost", "localhost/x", "127.0.0.1 evil"]) {
      assert.isFalse(isLetIn(local, host), host)
    }
  })

  it("include HOST and the host of PUBLIC_URL", () => {
    assert.isTrue(isLetIn({ ...local, host: "rtfm.lan" }, "rtfm.lan:7836"))
    const place = { ...local, publicUrl: Option.some(new URL("https://rtfm.example.com/bot")) }
    assert.isTrue(isLetIn(place, "rtfm.example.com"))
    assert.isFalse(isLetIn(place, "example.com"))
  })

  it("may be addresses where the server is open to a network, because a name cannot be bound to them", () => {
    assert.isTrue(isLetIn(open, "192.168.1.5:7836"))
    assert.isTrue(isLetIn(open, "[fe80::1]:7836"))
    assert.isFalse(isLetIn(open, "evil.example"))
  })

  it("are not looked at for probes and scrapers of a network", () => {
    for (const path of ["/health/live", "/health/ready", "/metrics"]) {
      assert.isTrue(isLetIn(open, "rtfm.monitoring.svc:7836", undefined, path), path)
      assert.isFalse(isLetIn(local, "rtfm.monitoring.svc:7836", undefined, path), path)
    }
    assert.isFalse(isLetIn(open, "rtfm.monitoring.svc:7836", undefined, "/metrics/x"))
  })
})

describe("origins", () => {
  it("are that of the page itself", () => {
    assert.isTrue(isLetIn(local, "localhost:7836", "http://localhost:7836"))
    assert.isTrue(isLetIn(local, "localhost", "http://localhost"))
    assert.isTrue(isLetIn(local, "[::1]:7836", "http://[::1]:7836"))
  })

  it("are refused when they are another site or another port of this machine", () => {
    for (const origin of ["https://evil.example", "http://localhost:3000", "http://127.0.0.1:7836", "null", ""]) {
      assert.isFalse(isLetIn(local, "localhost:7836", origin), origin)
    }
  })

  it("include PUBLIC_URL, whatever host a proxy says", () => {
    const place = { ...local, publicUrl: Option.some(new URL("https://rtfm.example.com/")) }
    assert.isTrue(isLetIn(place, "127.0.0.1:7836", "https://rtfm.example.com"))
    assert.isFalse(isLetIn(place, "127.0.0.1:7836", "http://rtfm.example.com"))
  })
})

describe("tokens", () => {
  it("are compared as a whole", () => {
    const isRight = admits(open)
    assert.isTrue(isRight(Redacted.make("secret")))
    for (const wrong of ["", "secre", "secret ", "Secret", "secrets"])
      assert.isFalse(isRight(Redacted.make(wrong)), wrong)
  })

  it("are not asked for when none is set", () => {
    assert.isTrue(admits(local)(Redacted.make("")))
  })
})

describe("settings", () => {
  const guardWith = (env: Record<string, string>) =>
    Guard.pipe(
      Effect.provide(Guard.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))), {
        local: true
      })
    )

  it.effect("serve this machine only when there are none", () =>
    Effect.gen(function* () {
      const { place } = yield* guardWith({})
      assert.deepStrictEqual(place, local)
    })
  )

  it.effect("refuse a start that is open to others without a token, in one sentence", () =>
    Effect.gen(function* () {
      for (const host of ["0.0.0.0", "::", "192.168.1.5", "rtfm.lan"]) {
        const error = yield* Effect.flip(guardWith({ HOST: host }))
        assert.strictEqual(error._tag, "ServerError")
        assert.strictEqual(
          error.message,
          `HOST is ${host}, which others can reach: set API_TOKEN to a secret, or leave HOST out to serve this machine only`
        )
      }
      yield* guardWith({ HOST: "0.0.0.0", API_TOKEN: "secret" })
      for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"]) yield* guardWith({ HOST: host })
    })
  )

  it.effect("refuse a port or a token that cannot work", () =>
    Effect.gen(function* () {
      for (const env of [{ PORT: "70000" }, { PORT: "http" }, { API_TOKEN: "two words" }, { PUBLIC_URL: "rtfm" }]) {
        assert.strictEqual((yield* Effect.flip(guardWith(env)))._tag, "ConfigError", JSON.stringify(env))
      }
    })
  )
})

/** E-mail over a real SMTP server: what arrives, what is refused, and what may pass. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import type { AddressInfo } from "node:net"
import { SMTPServer } from "smtp-server"
import { overSmtp } from "../../src/events/services/Smtp.ts"

const mail = { key: "order-7/customer", to: "ada@example.org", subject: "Two\r\nBcc: eve@example.org", text: "Hello" }

/** A server that keeps what it gets, and refuses recipients with this code. */
const open = (refusal?: number) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: SMTPServer; readonly url: string; readonly got: Array<string> }>((resume) => {
      const got: Array<string> = []
      const server = new SMTPServer({
        authOptional: true,
        disabledCommands: ["STARTTLS", "AUTH"],
        onRcptTo: (_, __, done) =>
          done(refusal === undefined ? null : Object.assign(new Error("no"), { responseCode: refusal })),
        onData: (stream, _, done) => {
          let text = ""
          stream.on("data", (chunk) => (text += String(chunk)))
          stream.on("end", () => {
            got.push(text)
            done()
          })
        }
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.server.address() as AddressInfo
        resume(Effect.succeed({ server, url: `smtp://127.0.0.1:${port}`, got }))
      })
    }),
    ({ server }) => Effect.callback<void>((resume) => server.close(() => resume(Effect.void)))
  )

const sender = (url: string) =>
  overSmtp({ url: Redacted.make(url), from: "care@sipeat.example", customerCare: "care@sipeat.example" })

describe("e-mail", () => {
  it.live("arrives with one Message-ID however often it is sent, and no header of a user's making", () =>
    Effect.gen(function* () {
      const { got, url } = yield* open()
      const send = yield* sender(url)
      assert.strictEqual(yield* send(mail), "sent to ada@example.org")
      yield* send(mail)
      const { to: _, ...toCare } = mail
      assert.strictEqual(yield* send(toCare), "sent to care@sipeat.example")
      const ids = got.map((text) => /^Message-ID: (.+)$/im.exec(text)![1])
      assert.strictEqual(new Set(ids).size, 1)
      assert.notMatch(got[0]!, /^Bcc:/im)
      assert.match(got[0]!, /^Subject: Two Bcc: eve@example.org\r?$/m)
    }).pipe(Effect.scoped)
  )

  it.live("that is refused for good is a refusal, and what may pass is not", () =>
    Effect.gen(function* () {
      const reasonOf = Effect.fnUntraced(function* (url: string) {
        const send = yield* sender(url)
        const error = yield* Effect.flip(send(mail))
        assert.notInclude(JSON.stringify(error) + String(error), "127.0.0.1")
        return error.reason
      })
      assert.strictEqual(yield* reasonOf((yield* open(550)).url), "refused")
      assert.strictEqual(yield* reasonOf((yield* open(451)).url), "unreachable")
      assert.strictEqual(yield* reasonOf("smtp://127.0.0.1:1"), "unreachable")
    }).pipe(Effect.scoped)
  )
})

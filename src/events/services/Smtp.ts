/** E-mail over SMTP. */
import { Effect, Redacted } from "effect"
import { createHash } from "node:crypto"
import { createTransport } from "nodemailer"
import type { Mail } from "./Mailer.ts"
import { ServiceError } from "./Service.ts"

const service = "Mail"
const timeout = 10_000

/** One line, since a header ends where its line does. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim()

const messageId = (key: string, from: string): string =>
  `<${createHash("sha256").update(key).digest("hex").slice(0, 32)}@${from.split("@").at(-1)}>`

/** SMTP's replies from 500 on are final; without a reply, so is an address that the client itself refuses. */
const isFinal = (error: unknown): boolean => {
  if (typeof error !== "object" || error === null) return false
  if ("responseCode" in error && typeof error.responseCode === "number") return error.responseCode >= 500
  return "code" in error && error.code === "EENVELOPE"
}

const toError = (error: unknown) =>
  new ServiceError({
    reason: isFinal(error) ? "refused" : "unreachable",
    service,
    detail: isFinal(error) ? "The mail server refused the message" : "The mail server could not be reached"
  })

export const overSmtp = Effect.fnUntraced(function* (options: {
  readonly url: Redacted.Redacted
  readonly from: string | undefined
  readonly customerCare: string | undefined
}) {
  const transport = yield* Effect.acquireRelease(
    Effect.sync(() =>
      createTransport({
        url: Redacted.value(options.url),
        connectionTimeout: timeout,
        greetingTimeout: timeout,
        socketTimeout: timeout
      })
    ),
    (transport) => Effect.sync(() => transport.close())
  )

  return Effect.fn("Mailer.send")(function* ({ key, replyTo, subject, text, to }: Mail) {
    const recipient = to ?? options.customerCare
    if (recipient === undefined || options.from === undefined) {
      return yield* new ServiceError({
        reason: "refused",
        service,
        detail: "There is nobody to write to: CUSTOMER_CARE_EMAIL is not set"
      })
    }
    const from = options.from
    yield* Effect.tryPromise({
      try: () =>
        transport.sendMail({
          from,
          to: { name: "", address: recipient },
          ...(replyTo !== undefined && { replyTo: { name: "", address: replyTo } }),
          subject: oneLine(subject),
          text,
          messageId: messageId(key, from)
        }),
      catch: toError
    })
    return `sent to ${recipient}`
  })
})

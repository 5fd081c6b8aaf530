/** Sends e-mail by SMTP where `SMTP_URL` says how, otherwise keeps what it would have sent. */
import { Config, Context, Effect, Layer, Option, Redacted, Result, Schema } from "effect"
import * as Setting from "../../runtime/Setting.ts"
import * as Service from "./Service.ts"

export const url = Setting.optional("SMTP_URL", {
  description: "Server that sends e-mail, with its credentials; absent: simulated in this process",
  expected: "an address such as smtps://user:password@mail.example.org",
  config: (name) =>
    Config.schema(Schema.String.check(Schema.isPattern(/^smtps?:\/\/[^\s/]\S*$/)), name).pipe(
      Config.map((url) => Redacted.make(url, { label: name }))
    ),
  secret: true
})

const address = Schema.String.check(Schema.isPattern(/^[^\s@<>"]+@[^\s@<>"]+$/))

export const from = Setting.optional("MAIL_FROM", {
  description: "Who e-mail is from; absent: that of CUSTOMER_CARE_EMAIL",
  expected: "an e-mail address",
  config: (name) => Config.schema(address, name)
})

export const customerCare = Setting.optional("CUSTOMER_CARE_EMAIL", {
  description: "Who is written to when somebody wants to be contacted; needed where SMTP_URL is set",
  expected: "an e-mail address",
  config: (name) => Config.schema(address, name)
})

const simulation: Service.Simulation = () => Effect.succeed(Result.succeed("sent, simulated"))

export interface Mail {
  /** Also its Message-ID, by which servers and readers know a second copy. */
  readonly key: string
  /** Customer care when absent. */
  readonly to?: string
  readonly replyTo?: string
  readonly subject: string
  readonly text: string
}

export class Mailer extends Context.Service<
  Mailer,
  {
    readonly simulated: boolean
    /** At least once: SMTP knows no keys, but the copies have one Message-ID. */
    send(mail: Mail): Effect.Effect<string, Service.ServiceError>
  }
>()("rtfm/events/services/Mailer") {
  static readonly layer = Layer.effect(
    Mailer,
    Effect.gen(function* () {
      const server = yield* url.config
      if (Option.isNone(server)) {
        const call = yield* Service.simulated("simulated mail", simulation)
        return Mailer.of({ simulated: true, send: ({ key, ...mail }) => call("mails", key, mail) })
      }
      const care = yield* customerCare.config
      const sender = Option.orElse(yield* from.config, () => care)
      const { overSmtp } = yield* Effect.promise(() => import("./Smtp.ts"))
      return Mailer.of({
        simulated: false,
        send: yield* overSmtp({
          url: server.value,
          from: Option.getOrUndefined(sender),
          customerCare: Option.getOrUndefined(care)
        })
      })
    })
  )
}

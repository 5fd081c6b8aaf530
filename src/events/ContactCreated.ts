/** `contact.created`: somebody wants to be contacted. Strategies, chosen by rules, run independently of one another. */
import { Effect, Schedule, Schema } from "effect"
import { escaped, fitted } from "../domain/Embed.ts"
import * as Topics from "../domain/Topics.ts"
import * as EventKind from "./EventKind.ts"
import { Crm } from "./services/Crm.ts"
import { Mailer } from "./services/Mailer.ts"
import type { ServiceError } from "./services/Service.ts"
import { Steps, type StepsError } from "./Steps.ts"

export const Contact = Schema.Struct({
  name: EventKind.words(100),
  email: EventKind.email,
  phone: Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^\+?[\d ()/.-]{3,30}$/, { message: "Expected a phone number such as +49 30 1234567" })
    )
  ),
  companyName: Schema.optionalKey(EventKind.words(200)),
  message: EventKind.words(4000)
})
export type Contact = typeof Contact.Type
type ContactEvent = EventKind.Event<Contact>

interface Strategy {
  readonly name: string
  readonly applies: (contact: Contact) => boolean
  readonly run: (event: ContactEvent) => Effect.Effect<string, ServiceError, Mailer | Crm>
}

const letter = ({ companyName, email, message, name, phone }: Contact): string =>
  [
    `${name} wants to be contacted.`,
    "",
    `E-mail: ${email}`,
    ...(phone === undefined ? [] : [`Phone: ${phone}`]),
    ...(companyName === undefined ? [] : [`Company: ${companyName}`]),
    "",
    message
  ].join("\n")

const customerCare: Strategy = {
  name: "Customer care",
  applies: () => true,
  run: ({ data, id }) =>
    Mailer.use((mailer) =>
      mailer.send({
        key: `${id}/customer-care`,
        replyTo: data.email,
        subject: `Contact request from ${data.name}`,
        text: letter(data)
      })
    )
}

const crm: Strategy = {
  name: "CRM",
  applies: () => true,
  run: ({ data, id }) => Crm.use((crm) => crm.record({ key: `${id}/crm`, ...data }))
}

const strategies = [customerCare, crm]

/** About 6 s; others go on meanwhile. */
const again = Schedule.max([Schedule.exponential("200 millis").pipe(Schedule.jittered), Schedule.recurs(5)])

/** Tried again by itself when it may pass; what was done before a crash is not done again. */
const carryOut = (event: ContactEvent, { name, run }: Strategy) =>
  Steps.use((steps) =>
    steps.take(event.id, name, run(event).pipe(Effect.retry({ schedule: again, while: ({ retryable }) => retryable })))
  ).pipe(Effect.map((taken) => ({ name, ...taken })))

/** Companies are told to the sales team. */
const salesNotes = ({ at, data, id }: ContactEvent): ReadonlyArray<EventKind.Note> =>
  data.companyName === undefined
    ? []
    : [
        {
          id: `${id}/sales`,
          webhook: "DISCORD_WEBHOOK_SALES",
          embed: fitted({
            title: `🤝 A company wants to be contacted`,
            description: escaped(data.message),
            color: 0x3498db,
            fields: [
              { name: "Company", value: escaped(data.companyName), inline: true },
              { name: "Name", value: escaped(data.name), inline: true },
              { name: "Email", value: escaped(data.email), inline: true }
            ],
            at
          })
        }
      ]

const handle = Effect.fn("ContactCreated.handle")(function* (
  event: ContactEvent
): Effect.fn.Return<EventKind.Outcome, StepsError, Steps | Mailer | Crm> {
  const chosen = strategies.filter(({ applies }) => applies(event.data))
  const results = yield* Effect.forEach(chosen, (strategy) => carryOut(event, strategy), { concurrency: "unbounded" })
  const failures = results.filter(({ outcome }) => outcome !== "done").map(({ detail, name }) => `${name}: ${detail}`)
  const notes = salesNotes(event)
  return {
    error: failures.length === 0 ? undefined : failures.join("; "),
    done: [
      ...results.map(({ detail, name }) => ({ name, value: detail })),
      ...(notes.length === 0 ? [] : [{ name: "Sales team", value: "told" }])
    ],
    notes
  }
})

export const contactCreated = EventKind.make({
  type: "contact.created",
  name: "Contact",
  description: "Somebody wants to be contacted",
  icon: "📧",
  in: Topics.contactEvents,
  data: Contact,
  key: ({ id }) => id,
  webhook: "DISCORD_WEBHOOK_CONTACT",
  handle,
  heading: ({ name }) => `${name} wants to be contacted`,
  fields: ({ companyName, email, message, name, phone }) => [
    { name: "Name", value: name },
    { name: "Email", value: email },
    ...(phone === undefined ? [] : [{ name: "Phone", value: phone }]),
    ...(companyName === undefined ? [] : [{ name: "Company", value: companyName }]),
    { name: "Message", value: message, long: true }
  ],
  known: ({ at, data: { companyName, name } }, error) =>
    `${companyName ?? name} asked to be contacted on ${EventKind.timeOf(at)}${error === undefined ? "." : `, which failed in part: ${error}.`}`,
  sample: {
    id: "contact-1042",
    type: "contact.created",
    at: Date.UTC(2026, 2, 14, 9, 26, 53),
    data: {
      name: "Ada Lovelace",
      email: "ada@engines.example",
      phone: "+44 20 7946 0958",
      companyName: "Analytical Engines",
      message: "We would like two machines for our lobby, with tea."
    }
  },
  sampleDone: [
    { name: "Customer care", value: "sent, simulated" },
    { name: "CRM", value: "recorded, simulated" },
    { name: "Sales team", value: "told" }
  ],
  sampleError: "CRM: CRM could not be reached"
})

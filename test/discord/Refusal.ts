/** What the API answers when it does not do what was asked: status, code and message as Discord has them. */
import type { Json } from "./Model.ts"

export class Refusal extends Error {
  readonly status: number
  readonly body: Json
  constructor(status: number, code: number, message: string, errors?: Json) {
    super(message)
    this.status = status
    this.body = { message, code, ...(errors !== undefined && { errors }) }
  }
}

const refusal = (status: number, code: number, message: string) => (): Refusal => new Refusal(status, code, message)

export const notFound = refusal(404, 0, "404: Not Found")
export const methodNotAllowed = refusal(405, 0, "405: Method Not Allowed")
export const unauthorized = refusal(401, 0, "401: Unauthorized")
export const invalidJson = refusal(400, 50109, "The request body contains invalid JSON.")
export const unknownChannel = refusal(404, 10003, "Unknown Channel")
export const unknownGuild = refusal(404, 10004, "Unknown Guild")
export const unknownMember = refusal(404, 10007, "Unknown Member")
export const unknownMessage = refusal(404, 10008, "Unknown Message")
export const unknownUser = refusal(404, 10013, "Unknown User")
export const unknownEmoji = refusal(400, 10014, "Unknown Emoji")
export const unknownWebhook = refusal(404, 10015, "Unknown Webhook")
export const unknownInteraction = refusal(404, 10062, "Unknown interaction")
export const unknownCommand = refusal(404, 10063, "Unknown application command")
export const unknownApplication = refusal(404, 10002, "Unknown Application")
export const tooManyReactions = refusal(400, 30010, "Maximum number of reactions reached (20)")
export const tooManyAttachments = refusal(400, 30015, "Maximum number of attachments in a message reached (10)")
export const tooManyWebhooks = refusal(400, 30007, "Maximum number of webhooks reached (15)")
export const tooManyNewCommands = refusal(
  400,
  30034,
  "Max number of daily application command creates has been reached (200)"
)
export const tooLarge = refusal(413, 40005, "Request entity too large")
export const alreadyAcknowledged = refusal(400, 40060, "Interaction has already been acknowledged.")
export const tagRequired = refusal(400, 40067, "A tag is required to create a forum post in this channel")
export const badUserAgent = refusal(403, 40333, "internal network error")
export const missingAccess = refusal(403, 50001, "Missing Access")
export const notInDirectMessages = refusal(403, 50003, "Cannot execute action on a DM channel")
export const notYourMessage = refusal(403, 50005, "Cannot edit a message authored by another user")
export const emptyMessage = refusal(400, 50006, "Cannot send an empty message")
export const cannotMessageUser = refusal(403, 50007, "Cannot send messages to this user")
export const notATextChannel = refusal(400, 50008, "Cannot send messages in a non-text channel")
export const missingPermissions = refusal(403, 50013, "Missing Permissions")
export const wrongCount = refusal(
  400,
  50016,
  "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete"
)
export const wrongChannelType = refusal(400, 50024, "Cannot execute action on this channel type")
export const invalidWebhookToken = refusal(401, 50027, "Invalid Webhook Token")
export const tooOldToBulkDelete = refusal(400, 50034, "A message provided was too old to bulk delete")
export const threadArchived = refusal(400, 50083, "Thread is archived")
export const noReplyWithoutHistory = refusal(400, 160_002, "Cannot reply without permission to read message history")
export const threadAlreadyCreated = refusal(400, 160_004, "A thread has already been created for this message")
export const threadLocked = refusal(400, 160_005, "Thread is locked")
export const forumNeedsThread = refusal(
  400,
  220_001,
  "Webhooks posted to forum channels must have a thread_name or thread_id"
)
export const forumNotBoth = refusal(
  400,
  220_002,
  "Webhooks posted to forum channels cannot have both a thread_name and thread_id"
)

/** Problems of a body, each where it is, answered all at once. */
export class FormErrors {
  readonly #errors: Json = {}
  #any = false

  add(path: ReadonlyArray<string | number>, code: string, message: string): void {
    this.#any = true
    const at = path.reduce((node: Json, key) => (node[key] ??= {}), this.#errors)
    ;(at["_errors"] ??= []).push({ code, message })
  }

  /** Adds a problem unless the text's code points are within the bounds. */
  length(path: ReadonlyArray<string | number>, text: unknown, min: number, max: number): void {
    if (typeof text !== "string") return this.add(path, "BASE_TYPE_REQUIRED", "This field is required")
    const length = [...text].length
    if (length > max) this.add(path, "BASE_TYPE_MAX_LENGTH", `Must be ${max} or fewer in length.`)
    else if (length < min) this.add(path, "BASE_TYPE_BAD_LENGTH", `Must be between ${min} and ${max} in length.`)
  }

  throwIfAny(): void {
    if (this.#any) throw new Refusal(400, 50035, "Invalid Form Body", this.#errors)
  }
}

/** One problem of a body. */
export const invalid = (path: ReadonlyArray<string | number>, code: string, message: string): Refusal => {
  const errors = new FormErrors()
  errors.add(path, code, message)
  try {
    errors.throwIfAny()
  } catch (refused) {
    return refused as Refusal
  }
  throw new Error("unreachable")
}

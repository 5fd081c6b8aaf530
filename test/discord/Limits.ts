/** What a message may be: lengths, embeds, components, nonce and allowed mentions, checked as Discord does. */
import type { Json } from "./Model.ts"
import * as Refusal from "./Refusal.ts"

type Path = ReadonlyArray<string | number>

export const suppressEmbeds = 1 << 2
export const ephemeral = 1 << 6
export const thinking = 1 << 7
export const componentsV2 = 1 << 15

const embedLength = (embed: Json): number =>
  [embed["title"], embed["description"], embed["footer"]?.text, embed["author"]?.name]
    .concat((embed["fields"] ?? []).flatMap((field: Json) => [field["name"], field["value"]]))
    .reduce((sum: number, text) => sum + (typeof text === "string" ? [...text.trim()].length : 0), 0)

const checkUrl = (errors: Refusal.FormErrors, path: Path, url: unknown) => {
  if (url === undefined || url === null) return
  if (!/^(https?|attachment):\/\/\S+$/.test(String(url)))
    errors.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
}

const checkEmbed = (errors: Refusal.FormErrors, path: Path, embed: Json) => {
  const optional = (key: string, text: unknown, max: number) =>
    text !== undefined && text !== null && errors.length([...path, ...key.split(".")], text, 0, max)
  optional("title", embed["title"], 256)
  optional("description", embed["description"], 4096)
  optional("footer.text", embed["footer"]?.text, 2048)
  optional("author.name", embed["author"]?.name, 256)
  for (const key of ["url", "image", "thumbnail"])
    checkUrl(errors, [...path, key], embed[key]?.url ?? (key === "url" ? embed[key] : undefined))
  const fields: ReadonlyArray<Json> = embed["fields"] ?? []
  if (fields.length > 25) errors.add([...path, "fields"], "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
  fields.forEach((field, i) => {
    errors.length([...path, "fields", i, "name"], field["name"], 1, 256)
    errors.length([...path, "fields", i, "value"], field["value"], 1, 1024)
  })
}

const checkEmbeds = (errors: Refusal.FormErrors, embeds: unknown) => {
  if (embeds === undefined || embeds === null) return
  if (!Array.isArray(embeds)) return errors.add(["embeds"], "BASE_TYPE_BAD_TYPE", "Only iterables may be used.")
  if (embeds.length > 10) errors.add(["embeds"], "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
  embeds.forEach((embed, i) => checkEmbed(errors, ["embeds", i], embed))
  if (embeds.reduce((sum, embed) => sum + embedLength(embed), 0) > 6000)
    errors.add(["embeds"], "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
}

const checkButton = (errors: Refusal.FormErrors, path: Path, button: Json) => {
  if (button["label"] === undefined && button["emoji"] === undefined && button["style"] !== 6)
    errors.add([...path, "label"], "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or emoji is required")
  if (button["label"] !== undefined) errors.length([...path, "label"], button["label"], 0, 80)
  if (button["style"] === 5) checkUrl(errors, [...path, "url"], button["url"] ?? "")
  else errors.length([...path, "custom_id"], button["custom_id"], 1, 100)
}

const checkSelect = (errors: Refusal.FormErrors, path: Path, select: Json) => {
  errors.length([...path, "custom_id"], select["custom_id"], 1, 100)
  const options: ReadonlyArray<Json> = select["options"] ?? []
  if (select["type"] === 3 && (options.length === 0 || options.length > 25))
    errors.add([...path, "options"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
  options.forEach((option, i) => {
    errors.length([...path, "options", i, "label"], option["label"], 1, 100)
    errors.length([...path, "options", i, "value"], option["value"], 1, 100)
  })
}

const checkRow = (errors: Refusal.FormErrors, path: Path, row: Json) => {
  const children: ReadonlyArray<Json> = row["components"] ?? []
  const buttons = children.every(({ type }) => type === 2)
  if (row["type"] !== 1)
    errors.add([...path, "type"], "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')
  if (children.length === 0 || children.length > (buttons ? 5 : 1))
    errors.add([...path, "components"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
  children.forEach((child, i) =>
    (child["type"] === 2 ? checkButton : checkSelect)(errors, [...path, "components", i], child)
  )
}

const everyComponent = (components: ReadonlyArray<Json>): ReadonlyArray<Json> =>
  components.flatMap((component) => [
    component,
    ...everyComponent([...(component["components"] ?? []), ...(component["accessory"] ? [component["accessory"]] : [])])
  ])

const checkComponents = (errors: Refusal.FormErrors, components: unknown, v2: boolean) => {
  if (components === undefined || components === null) return
  if (!Array.isArray(components)) return errors.add(["components"], "BASE_TYPE_BAD_TYPE", "Only iterables may be used.")
  const every = everyComponent(components)
  const customIds = every.flatMap(({ custom_id }) => custom_id ?? [])
  if (new Set(customIds).size < customIds.length)
    errors.add(["components"], "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
  if (v2) {
    if (every.length > 40)
      errors.add(
        ["components"],
        "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
        "The total number of components must be 40 or fewer."
      )
    const text = every
      .filter(({ type }) => type === 10)
      .reduce((sum, { content }) => sum + [...String(content)].length, 0)
    if (text > 4000)
      errors.add(["components"], "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "Total displayable text exceeds 4000")
    return
  }
  if (components.length > 5) errors.add(["components"], "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
  components.forEach((row, i) => checkRow(errors, ["components", i], row))
}

const checkAllowedMentions = (errors: Refusal.FormErrors, allowed: Json | null | undefined) => {
  if (allowed === null || allowed === undefined) return
  const parse: ReadonlyArray<string> = allowed["parse"] ?? []
  parse.forEach((kind, i) => {
    if (!["roles", "users", "everyone"].includes(kind))
      errors.add(
        ["allowed_mentions", "parse", i],
        "BASE_TYPE_CHOICES",
        "Value must be one of ('roles', 'users', 'everyone')."
      )
  })
  for (const kind of ["users", "roles"]) {
    const named: ReadonlyArray<string> = allowed[kind] ?? []
    if (named.length > 100)
      errors.add(["allowed_mentions", kind], "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
    if (named.length > 0 && parse.includes(kind))
      errors.add(
        ["allowed_mentions"],
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`
      )
  }
}

const checkNonce = (errors: Refusal.FormErrors, nonce: unknown) => {
  if (nonce === undefined || nonce === null) return
  if (typeof nonce === "string") errors.length(["nonce"], nonce, 0, 25)
  else if (!Number.isSafeInteger(nonce))
    errors.add(["nonce"], "NONCE_TYPE_INVALID", "Value is not an integer or string.")
}

/** Throws the refusal that Discord answers to such a body; `files` counts what comes with it or stays. */
export const checkMessage = (body: Json, files: number): void => {
  const errors = new Refusal.FormErrors()
  const v2 = (Number(body["flags"] ?? 0) & componentsV2) !== 0
  if (body["content"] !== undefined && body["content"] !== null) errors.length(["content"], body["content"], 0, 2000)
  checkNonce(errors, body["nonce"])
  checkEmbeds(errors, body["embeds"])
  checkComponents(errors, body["components"], v2)
  checkAllowedMentions(errors, body["allowed_mentions"])
  if (v2 && (body["content"] || body["embeds"]?.length > 0))
    errors.add(
      ["content"],
      "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
      "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
    )
  errors.throwIfAny()
  if (files > 10) throw Refusal.tooManyAttachments()
}

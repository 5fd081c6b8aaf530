/** A rich notification as Discord shows it: a bar in its colour, a title, fields in a grid, a footer with the time. */
import type { Embed } from "../../domain/Embed.ts"
import { Prose } from "./Prose.tsx"
import { texts } from "./texts.ts"
import { wholeTime } from "./Times.ts"

export const EmbedView = ({ embed }: { readonly embed: Embed }) => {
  const { at, author, color, description, fields, footer, title, url } = embed
  const plainTitle = title.replaceAll(/\\(?=[\\*_~`|[\]<>#+-])/g, "")
  return (
    <section
      class="embed"
      aria-label={texts.events.notification(plainTitle)}
      style={{ "--bar-colour": `#${color.toString(16).padStart(6, "0")}` }}
    >
      {author !== undefined && <p class="embed-author">{author}</p>}
      <p class="embed-title">
        {url === undefined ? (
          <bdi>{plainTitle}</bdi>
        ) : (
          <a href={url} target="_blank" rel="noreferrer noopener">
            <bdi>{plainTitle}</bdi>
          </a>
        )}
      </p>
      {description !== undefined && <Prose source={description} breaks />}
      {fields.length > 0 && (
        <dl>
          {fields.map(({ inline, name, value }, index) => (
            <div key={index} class={inline === true ? "inline" : ""}>
              <dt>
                <Prose source={name} breaks />
              </dt>
              <dd>
                <Prose source={value} breaks />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p class="embed-footer">
        {footer !== undefined && <bdi>{footer}</bdi>}
        <time dateTime={new Date(at).toISOString()}>{wholeTime(at)}</time>
      </p>
    </section>
  )
}

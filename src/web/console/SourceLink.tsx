/** A link to where a quote comes from: a view of this page, a site elsewhere, or plain words when it is neither. */
import type { ComponentChildren } from "preact"
import { isHttp } from "./Markdown.ts"
import { addressInPage } from "./Route.ts"
import { quoted } from "./state.ts"

interface Props {
  readonly url: string
  /** Marked in the source when it is opened here. */
  readonly quote: string
  readonly children: ComponentChildren
}

export const SourceLink = ({ url, quote, children }: Props) => {
  const address = addressInPage(url)
  if (address !== undefined)
    return (
      <a href={address} onClick={() => (quoted.value = { address, quote })}>
        {children}
      </a>
    )
  if (isHttp(url))
    return (
      <a href={url} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    )
  return <span>{children}</span>
}

/** The line above a view: its name, one sentence, and what belongs beside it. */
import type { ComponentChildren } from "preact"
import { Icon } from "./Icon.tsx"
import { drawerOpen } from "./state.ts"
import { texts } from "./texts.ts"

interface Props {
  readonly title: string
  readonly topic?: string | undefined
  readonly children?: ComponentChildren
}

export const viewTitleId = "view-title"

export const TopBar = ({ title, topic, children }: Props) => (
  <header class="top">
    <button
      type="button"
      class="icon-button menu"
      aria-label={texts.rail.open}
      aria-expanded={drawerOpen.value}
      aria-controls="rail"
      onClick={() => (drawerOpen.value = !drawerOpen.value)}
    >
      <Icon name="bars" />
    </button>
    <h1 id={viewTitleId} tabIndex={-1}>
      <bdi>{title}</bdi>
    </h1>
    {topic !== undefined && <p>{topic}</p>}
    {children}
  </header>
)

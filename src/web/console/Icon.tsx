/** The page's line icons, drawn on a grid of 18. */
const paths = {
  bars: "M3 5h12M3 9h12M3 13h12",
  close: "m4.5 4.5 9 9m0-9-9 9",
  plus: "M9 4v10M4 9h10",
  half: "M9 2.8a6.2 6.2 0 1 0 0 12.4M9 2.8a6.2 6.2 0 0 1 0 12.4zm1.5.4v11.6m2-10.3v9",
  chat: "M3 3.5h12v9H8l-3 3v-3H3z",
  document: "M4 2.5h7l3 3v10H4zM11 2.5v3h3M6.5 9h5M6.5 12h5",
  machine: "M3 3.5h12v4.6H3zM3 9.9h12v4.6H3zM6 5.8h.01M6 12.2h.01",
  bolt: "M10 2.5 4 10h4.5L8 15.5 14 8H9.5z",
  reply: "M7.5 4 3 8.5 7.5 13M3.5 8.5H11a4 4 0 0 1 4 4v1.5",
  edit: "M3.5 14.5 4.3 11 12 3.3l2.7 2.7L7 13.7zM10.4 4.9l2.7 2.7",
  trash: "M3.5 5h11M7 5V3h4v2M5 5l.7 10h6.6L13 5M7.7 8v4.2M10.3 8v4.2",
  down: "M9 3.5v11M4.5 10 9 14.5 13.5 10",
  send: "M3 9h11M9.5 4.5 14 9l-4.5 4.5",
  copy: "M6.5 6.5h8v8h-8zM4 11.5H3.5v-8h8V4",
  check: "m3.5 9.5 3.7 3.7 7.3-8",
  open: "M7.5 4H4v10h10v-3.5M10 3.5h4.5V8M14.2 3.8 8.5 9.5",
  way: "M4.5 3.5h.01M4.5 9h.01M4.5 14.5h.01M4.5 5.5v1.5M4.5 11v1.5M8 3.5h6.5M8 9h6.5M8 14.5h6.5",
  smile: "M9 2.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 9 2.6M6.4 10.5a3 3 0 0 0 5.2 0M6.9 7.2h.01M11.1 7.2h.01",
  thread: "M3 3.5h12v7.5H8.5L5.5 14v-3H3zM6 6.3h6M6 8.6h3.5",
  good: "M3 8h2.5v7H3zM5.5 8 8 2.8c1.1 0 1.9.9 1.9 2V7h4a1.3 1.3 0 0 1 1.3 1.6l-1 5.1A1.5 1.5 0 0 1 12.7 15H5.5",
  poor: "M3 10h2.5V3H3zM5.5 10 8 15.2c1.1 0 1.9-.9 1.9-2V11h4a1.3 1.3 0 0 0 1.3-1.6l-1-5.1A1.5 1.5 0 0 0 12.7 3H5.5",
  hidden: "M2.5 9S5 4.8 9 4.8 15.5 9 15.5 9 13 13.2 9 13.2 2.5 9 2.5 9M3.5 15 14.5 3",
  back: "M6.5 4 3 7.5 6.5 11M3.5 7.5h7a3.5 3.5 0 0 1 0 7H7",
  link: "M7.6 10.4 10.4 7.6M8 5.2l1.6-1.6a3.3 3.3 0 0 1 4.7 4.7L12.8 10M10 12.8l-1.6 1.6a3.3 3.3 0 0 1-4.7-4.7L5.2 8"
} as const

export type IconName = keyof typeof paths

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon-line" viewBox="0 0 18 18" aria-hidden="true">
    <path d={paths[name]} />
  </svg>
)

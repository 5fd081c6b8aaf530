/** Times as people read them. */
import { locale } from "./texts.ts"

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" })
const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" })
const dayOfYear = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" })
const whole = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" })

export const clockTime = (at: number): string => clock.format(at)

export const wholeTime = (at: number): string => whole.format(at)

export const dayName = (at: number): string =>
  (new Date(at).getFullYear() === new Date().getFullYear() ? day : dayOfYear).format(at)

const wholeDay = 24 * 60 * 60_000

export const sameDay = (one: number, other: number): boolean =>
  Math.abs(one - other) < wholeDay && new Date(one).getDate() === new Date(other).getDate()

/** "3 h 12 min", with the two largest units. */
export const duration = (ms: number): string => {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1000))} s`
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** "7 d": how long something is kept. */
export const span = (ms: number): string => {
  const hours = ms / 3_600_000
  if (hours < 1) return `${Math.round(ms / 60_000)} min`
  return hours < 48 && hours % 24 !== 0 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} d`
}

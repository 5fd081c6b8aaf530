/** Times as people type them: `30m`, `12h`, `7d`. Pure. */

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds; not a number when the text is no time. */
export const millisOf = (text: string): number => {
  const [, amount, unit] = /^(\d{1,6})\s*([smhd])$/.exec(text) ?? []
  return amount === undefined ? Number.NaN : Number(amount) * units[unit as keyof typeof units]
}

/** The moment that `2h` ago was, or a date; in milliseconds since the epoch, not a number when the text is neither. */
export const momentOf = (text: string, now: number): number => {
  const ago = millisOf(text)
  if (!Number.isNaN(ago)) return now - ago
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
}

/** Porter's algorithm as SQLite's FTS5 has it, so that words compared here are equal when the text index says so. */

const consonant = "[^aeiou]"
const vowel = "[aeiouy]"
const consonants = `${consonant}[^aeiouy]*`
const vowels = `${vowel}[aeiou]*`
/** A stem of at least one, exactly one, and at least two syllables; one with a vowel; one that ends like "hop". */
const some = new RegExp(`^(${consonants})?${vowels}${consonants}`)
const single = new RegExp(`^(${consonants})?${vowels}${consonants}(${vowels})?$`)
const several = new RegExp(`^(${consonants})?${vowels}${consonants}${vowels}${consonants}`)
const voiced = new RegExp(`^(${consonants})?${vowel}`)
const short = new RegExp(`^${consonants}${vowel}[^aeiouwxy]$`)

type Endings = ReadonlyArray<readonly [ending: string, instead: string]>

const longEndings: Endings = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["logi", "log"],
  ["bli", "ble"],
  ["alli", "al"],
  ["entli", "ent"],
  ["eli", "e"],
  ["ousli", "ous"],
  ["ization", "ize"],
  ["ation", "ate"],
  ["ator", "ate"],
  ["alism", "al"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["aliti", "al"],
  ["iviti", "ive"],
  ["biliti", "ble"]
]

const middleEndings: Endings = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""]
]

const lastEnding = /(al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|(?<=[st])ion|ou|ism|ate|iti|ous|ive|ize)$/

const replaced = (word: string, endings: Endings): string => {
  const found = endings.find(([ending]) => word.endsWith(ending))
  if (found === undefined) return word
  const stem = word.slice(0, -found[0].length)
  return some.test(stem) ? stem + found[1] : word
}

const withoutLastEnding = (word: string): string => {
  const stem = word.replace(lastEnding, "")
  return several.test(stem) ? stem : word
}

const withoutPlural = (word: string): string =>
  /.(ss|i)es$/.test(word) ? word.slice(0, -2) : /[^s]s$/.test(word) ? word.slice(0, -1) : word

const withoutPast = (word: string): string => {
  if (word.endsWith("eed")) return some.test(word.slice(0, -3)) ? word.slice(0, -1) : word
  const stem = word.replace(/(ed|ing)$/, "")
  if (stem === word || !voiced.test(stem)) return word
  if (/(at|bl|iz)$/.test(stem)) return `${stem}e`
  if (/([^aeiouylsz])\1$/.test(stem)) return stem.slice(0, -1)
  return short.test(stem) ? `${stem}e` : stem
}

const withoutY = (word: string): string =>
  word.endsWith("y") && voiced.test(word.slice(0, -1)) ? `${word.slice(0, -1)}i` : word

const withoutE = (word: string): string => {
  if (!word.endsWith("e")) return word
  const stem = word.slice(0, -1)
  return several.test(stem) || (single.test(stem) && !short.test(stem)) ? stem : word
}

const withoutDoubleL = (word: string): string => (word.endsWith("ll") && several.test(word) ? word.slice(0, -1) : word)

/** The stem of a lower-case word. */
export const stem = (word: string): string => {
  if (word.length < 3 || word.length > 64) return word
  // At the start of a word "y" is a consonant: a capital is no vowel to the patterns above.
  const start = word.replace(/^y/, "Y")
  const middle = replaced(replaced(withoutY(withoutPast(withoutPlural(start))), longEndings), middleEndings)
  return withoutDoubleL(withoutE(withoutLastEnding(middle))).replace(/^Y/, "y")
}

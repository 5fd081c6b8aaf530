/** Which words of a passage a question asked for. */

const ordinary = new Set(
  "the and for with you your can how what when where which who why does did are was were has have had not but from that this these those into onto its our their they them then than there will would should could may might must about also any all some".split(
    " "
  )
)

/** Cuts text into pieces, the words the question shares with it apart. */
export const sharedWords = (
  text: string,
  question: string
): ReadonlyArray<{ readonly text: string; readonly shared: boolean }> => {
  const asked = new Set(wordsIn(question).map(stem))
  return text
    .split(/([\p{L}\p{N}_]+)/u)
    .filter((piece) => piece !== "")
    .map((piece) => ({ text: piece, shared: isTelling(piece) && asked.has(stem(piece)) }))
}

const wordsIn = (text: string): ReadonlyArray<string> => (text.match(/[\p{L}\p{N}_]+/gu) ?? []).filter(isTelling)

const isTelling = (word: string): boolean => word.length > 2 && !ordinary.has(word.toLowerCase())

/** Enough to bring together the forms of one English word; other languages match on the whole word. */
const stem = (word: string): string =>
  word
    .toLowerCase()
    .replace(/(?:ing|ed|es|s)$/, "")
    .replace(/e$/, "")

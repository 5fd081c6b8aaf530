/**
 * Sentences that speak to a machine which answers, instead of telling people something: they are no evidence, and a model
 * is not shown them. What is looked for are the ways in which instructions are planted in text; a sentence that gives
 * people instructions, as a manual does, is none of them.
 */
import { visible } from "./Inert.ts"

/** Letters of other scripts that look like Latin ones. */
const lookalikes = new Map(
  Object.entries({
    а: "a",
    в: "b",
    с: "c",
    е: "e",
    һ: "h",
    і: "i",
    ј: "j",
    к: "k",
    м: "m",
    о: "o",
    р: "p",
    ѕ: "s",
    т: "t",
    у: "y",
    х: "x",
    α: "a",
    ε: "e",
    ι: "i",
    κ: "k",
    ν: "v",
    ο: "o",
    ρ: "p",
    τ: "t",
    υ: "u",
    ı: "i"
  })
)
const lookalike = new RegExp(`[${[...lookalikes.keys()].join("")}]`, "gu")
const latin = /[a-z]/

/** Letters in a row with something between each two: `i g n o r e`, `i.g.n.o.r.e`. */
const spacedOut = /(?<![\p{L}\p{N}])(?:\p{L}[ ._*-]){3,}\p{L}(?![\p{L}\p{N}])/gu

const digitsAsLetters: Readonly<Record<string, string>> = { 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t" }
const disguised = /\b(?=\w*[a-z])(?=\w*[013457])[a-z013457]{4,}\b/g

// oxlint-disable-next-line no-control-regex
const ascii = /^[\x00-\x7f]*$/

/** An address, whose dots end no sentence. */
const address = /\S*:\/\/\S+|\bwww\.\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|io|gg|dev|example)\b\S*/g

/** Without emphasis, on one line, letters together. */
const readable = (text: string): string =>
  text
    .replaceAll("`", "'")
    .replaceAll(address, " link ")
    .replace(spacedOut, (run) => run.replaceAll(/[ ._*-]/g, ""))
    .replaceAll(/[*_~]+/g, "")
    .replaceAll(/\s+/g, " ")
    .trim()

/** As it reads, whatever it is written with. */
const reads = (text: string): string => {
  if (ascii.test(text)) return readable(text.toLowerCase())
  const lower = visible(text.normalize("NFKC")).toLowerCase()
  const folded = latin.test(lower) ? lower.replace(lookalike, (letter) => lookalikes.get(letter)!) : lower
  return readable(
    folded
      .normalize("NFD")
      .replaceAll(/\p{M}+/gu, "")
      .replaceAll(/[’‘´]/g, "'")
      .replaceAll(/[“”«»„]/g, '"')
  )
}

const undisguised = (text: string) =>
  text.replace(disguised, (word) => word.replaceAll(/[013457]/g, (digit) => digitsAsLetters[digit]!))
const rotated = (text: string) =>
  text.replaceAll(/[a-z]/g, (letter) => String.fromCodePoint(((letter.codePointAt(0)! - 97 + 13) % 26) + 97))
const reversed = (text: string) => [...text].reverse().join("")

const encoded = /[A-Za-z0-9+/_-]{24,}={0,2}/g
const printable = /^[\p{L}\p{N}\p{P}\p{S}\p{Z}\n\r\t]+$/u

/** Text that was written in base 64. */
const decoded = (text: string): ReadonlyArray<string> =>
  (text.match(encoded) ?? []).flatMap((run) => {
    try {
      const bytes = Uint8Array.from(atob(run.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.codePointAt(0)!)
      const found = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
      return printable.test(found) ? [found] : []
    } catch {
      return []
    }
  })

const anyOf = (...sources: ReadonlyArray<string>) => new RegExp(sources.join("|"), "u")
const words = String.raw`[^.!?\n]`

/** After these, nothing that follows in the same text is trusted. */
const takeover = anyOf(
  // To put aside what was said before.
  String.raw`\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|bypass|overrule|drop|discard|set aside|pay no attention to|do not follow|don't follow|stop following)\b${words}{0,40}\b(?:previous|prior|above|earlier|preceding|foregoing|existing|original|initial|your|all|any|other|system|safety|everything|whatever)\b${words}{0,40}\b(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|commands?|polic(?:y|ies)|restrictions?|programming|training|context|question|told|said)\b`,
  String.raw`\b(?:ignor(?:e|ing)|disregard|forget)\b${words}{0,20}\b(?:everything|all|whatever|anything)\b${words}{0,30}\b(?:above|before|told|said|previously|so far)\b`,
  String.raw`\b(?:ignorier\w*|missachte\w*|vergiss|vergessen|ignora|ignor[ea]z|ignorar|olvida|oubliez?|dimentica|esquece|zignoruj|negeer)\b${words}{0,50}\b(?:anweisung|instruc|instruct|istruzion|regel|reglas|regles|polecen|instructies|vorherig)`,
  String.raw`\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?: about)?|skip)\s+(?:the|these|those|all|any|your)\s+(?:passages?|questions?|context|conversation)\b`,
  // To be somebody else.
  String.raw`\byou are (?:now|no longer)\b|\bfrom (?:now|here|this point) on(?:wards?)?,? (?:you|answer|reply|respond|always|never|act|only|every)\b|\bpretend (?:to be|that you|you)\b|\b(?:act|behave|respond|answer|speak|talk) (?:as if you|as though you|like you) (?:are|were)\b|\byour (?:new|real|actual|true|only|next|first) (?:task|job|role|goal|objective|instructions?|mission|purpose|persona)\b|\b(?:developer|debug|admin(?:istrator)?|god|dan|jailbreak|maintenance) mode (?:is |has been )?(?:now )?(?:on|enabled|activated|active|engaged)\b`,
  // To speak with the voice of the one who runs it.
  String.raw`\bsystem (?:prompt|override|instructions?|directives?)\b|\b(?:new|updated|additional|hidden|secret|important|urgent|special|priority|override) (?:system )?(?:instructions?|directives?|orders?)\b\s*(?:[:\-–—]|for (?:the |any |all |every )?(?:ai|assistant|model|bot|llm|chatbot))|\b(?:end|start|begin(?:ning)?) of (?:the )?(?:context|passages?|prompt|user (?:input|message|question|query)|document data|untrusted)\b`,
  String.raw`^(?:[[<(#*\s]*)(?:system|assistant|developer|administrator|admin|operator|root|ai)(?:[\])>*\s]*):\s*\S+\s+\S+\s+\S+`,
  String.raw`<\|[a-z_]+\|>|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>|</?(?:system|assistant|instructions?|prompt|passages?|information|important|user_query|tool_?(?:call|response|result|output)s?|function_?(?:call|result)s?)\b[^>]*>|^#+\s*(?:new )?(?:instructions?|response|system|human|assistant)s?\s*:?\s*$|^(?:-{3,}|={3,}|\*{3,})\s*(?:begin|end|start)\b${words}{0,40}(?:-{3,}|={3,}|\*{3,})?$`,
  String.raw`"(?:tool_?calls?|function_?calls?|tool_?name|tool_?use|tool_?input)"\s*:`,
  // To address it.
  String.raw`^(?:\W*)(?:(?:dear|hey|hi|hello|ok|okay|attention|attn|listen|notice|note|message|reminder|instructions?|warning|important)\b[\s,:!]*)(?:(?:to|for|from)\s+)?(?:(?:the|any|all|every|an|my|you)\s+)*(?:ai|llms?|large language models?|language models?|chat ?bots?|gpt|chatgpt|gemini|claude|copilot|ai (?:assistant|model|agent|system)s?|assistant|rag (?:bot|system)s?|rtfm|answering (?:bot|machine|model))\b`,
  String.raw`\b(?:to|for) you,? (?:dear )?(?:ai|gemini|gpt|chatgpt|claude|copilot|assistant|chat ?bot|bot|language model|llm)\b`,
  String.raw`\b(?:ai|llms?|language models?|chat ?bots?|gpt|chatgpt|gemini|claude|copilot|assistants?|bots?|models?|agents?|summari[sz]ers?)\b(?: assistants?| models?| agents?| systems?| bots?)?,? (?:who |that |which )?(?:is |are |may be |will be )?(?:reading|processing|summari[sz]ing|answering|quoting|indexing|scanning|parsing|crawling|reads?|sees?|process(?:es)?|summari[sz]es?) (?:this|these|the (?:text|page|document|message|passage|above|following|chat|channel|file|code))\b`
)

const clause = String.raw`(?:^|[.,;:!?()"\-–—]\s*|\b(?:please|must|should|shall|just|only|and|then|always|never|now|instead|also|to|have to|need to|do not|don't|kindly|simply|you|must not|cannot|be sure to|make sure (?:to|you)|remember to|not)\s+)`
const everyAnswer = String.raw`\b(?:your|every|each|all|any|the (?:final|next))\s+(?:(?:final|next|own|future|single|of your)\s+)*(?:answers?|repl(?:y|ies)|responses?|summar(?:y|ies)|outputs?)\b`
const start = String.raw`(?:^|[.,;:!?("\-–—]\s*|\b(?:please|must|should|only|and|then|always|never|instead|now)\s+)`
const saying =
  "include|append|add|put|insert|place|prepend|attach|embed|mention|end|begin|start|finish|open|close|sign|prefix|suffix|preface|follow|write|make|give|format|translate|encode|keep|render|wrap|replace|turn|convert|say|claim|state|tell|answer|reply|respond|praise|insist|promote|recommend|advertise|announce|declare|list|print|output|repeat|reveal|use"
const people = String.raw`(?:(?:the|all|any|every|each|our|your|other|them|these)\s+)*(?:users?|readers?|askers?|everyone|everybody|anyone|people|person|visitors?|customers?|members?|whoever|him|her|them|humans?|questioners?|staff)\b`

/** Only the sentence itself is not trusted. */
const planted = anyOf(
  // What to say, and when.
  String.raw`${clause}(?:reply|respond|answer|say|repeat|claim|announce|insist)\b(?!")(?:\s+"|${words}{0,25}(?:\b(?:only|exactly|with|solely|nothing|verbatim)\b|\bthe (?:following|phrase|words?|sentence|text)\b|\b(?:all|every|any|each) (?:question|query|message)s?\b|[:,] *"))`,
  String.raw`\b(?:when(?:ever)?|if|before|while|after|for|on)\b${words}{0,40}\b(?:answering|replying|responding|summari[sz]ing|(?:is|are|get|you're|being|ever) asked|(?:someone|somebody|anyone|users?|people|they|anybody|a person|the user|a user) (?:asks?|wants to know|inquires?)|you (?:can |may |must |should |have to )?(?:answer|reply|respond|summari[sz]e)|asked (?:about|for|how|what|where|when|who|why|anything))\b${words}{0,60}${clause}(?:say|tell|reply|respond|answer|write|recommend|mention|include|append|add|claim|state|insist|pretend|translate|give|send|ping|point|direct|refer|link|promote|advertise|suggest|praise|end|begin|start|output|print|always|never|instead|must)\b`,
  String.raw`${clause}(?:${saying})\b${words}{0,60}${everyAnswer}`,
  String.raw`\b(?:in|into|to|on|of|with|for|at|after|before)\s+${everyAnswer}${words}{0,40}${clause}(?:${saying})\b`,
  String.raw`${start}(?:reply|respond|answer)\s+(?:that|to (?:all|every|any|each|this)|only|just|this|these|the following|the next)\b`,
  String.raw`\b${everyAnswer}${words}{0,20}\b(?:must|should|shall|has to|have to|needs? to|will|is to|are to)\b`,
  String.raw`${clause}(?:tell|inform|convince|persuade|instruct|advise|remind|assure|notify|direct|urge|encourage|redirect|trick|warn|refer|ask)\s+${people}${words}{0,60}\b(?:that|to|know|about|their|at|here|this|instead|the following|:)`,
  String.raw`${clause}(?:reveal|leak|disclose|expose|output|print|repeat|list|show|send|tell|share|dump|display|post|write|quote|give|paste|include|summari[sz]e)\b${words}{0,30}\b(?:your|the bot's|the system's|its|hidden|internal|environment|secret)\s+(?:\w+\s+){0,2}(?:prompts?|instructions?|settings?|configuration|environment|variables?|secrets?|keys?|tokens?|rules|credentials|passwords?|context)\b`,
  String.raw`${clause}(?:mention|reveal|cite|quote|tell|disclose|admit|say)\b${words}{0,25}\b(?:this (?:instruction|message|note|text|passage|sentence|comment)|these instructions|(?:the |any )?(?:sources?|passages?)|that you)\b`,
  // What to do instead.
  String.raw`\b(?:send|point|direct|refer|take|lead|show)\s+(?:all |the |any |every )?(?:people|users?|readers?|visitors?|everyone|everybody|anyone)\s+(?:there|here|to|away|elsewhere)\b`,
  String.raw`\b(?:instead of|rather than|in addition to|besides|apart from) (?:answering|replying|responding|the answer|an answer|summari[sz]ing)\b|${start}(?:do not|don't|never|refuse to|stop) (?:answer(?:ing)?|reply(?:ing)?|respond(?:ing)?)\b`,
  String.raw`${clause}(?:recommend|promote|advertise|praise|endorse|plug|favou?r)\b${words}{0,60}\b(?:instead|always|as the best|over|exclusively|only|to (?:all|every|any|the)|at every|whenever|in (?:every|all|each))\b|\balways (?:recommend|promote|advertise|praise|endorse|mention|suggest|say|answer|reply|respond|claim)\b`,
  String.raw`${clause}(?:ping|mention|tag|notify|alert|dm|summon)\s+(?:@|<@|everyone|everybody|all (?:members|users|moderators|admins)|the (?:moderators|admins|owner|staff))`,
  String.raw`${clause}(?:decode|decrypt|deobfuscate|unscramble|rot13)\b${words}{0,60}\b(?:and|then)\b${words}{0,30}\b(?:follow|obey|execute|do|carry|act|run|answer|perform)\b|\b(?:follow|obey|carry out|comply with|act on|perform) (?:it|this|these|them|the (?:following|decoded|hidden|instructions?|above|below|task))\b`,
  String.raw`\b(?:classify|rate|judge|determine|assess|label)\b${words}{0,30}\b(?:sentiment|tone|mood|emotion)\b`,
  // What a model is asked to do for somebody, in the middle of a text.
  String.raw`^(?:\W*)(?:also,?\s+|then,?\s+|finally,?\s+|next,?\s+|and\s+|now,?\s+|please,?\s+)*(?:can|could|would|will) you (?:please |also |kindly )?(?:write|translate|summari[sz]e|explain|generate|compose|create|draft|help|tell|solve|calculate|compute|rewrite|list|convert|recommend|describe|define|suggest|classify|act|answer|give)\b`,
  String.raw`\b(?:please|kindly)\b${words}{0,12}\b(?:write|translate|compose|generate|summari[sz]e|rewrite|solve|help me|classify|recommend me|calculate|compute|explain|draft)\b`,
  String.raw`^(?:\W*)(?:also,?\s+|then,?\s+|finally,?\s+|next,?\s+|now,?\s+)?(?:translate|rewrite|summari[sz]e|paraphrase|encode|reverse|compose|respond|reply)\b${words}{0,60}\b(?:into|in|to|as|using|with|about)\b${words}{0,30}\b(?:french|german|spanish|chinese|japanese|russian|italian|latin|arabic|korean|emojis?|base ?64|rot13|morse|caesar|cipher|reverse|uppercase|lowercase|pirate|poem|haiku|song|limerick|rap|story|joke|sentiment)\b`,
  String.raw`^(?:\W*)(?:also,?\s+|then,?\s+|finally,?\s+|next,?\s+|now,?\s+)?(?:write|tell|compose|generate|make up|give)\b(?: me| us)?(?: an?| some| the)?\s+(?:\w+\s+){0,3}(?:poem|haiku|song|limerick|rap|story|joke|essay|riddle|recipe|script|sentiment)\b`
)

/** Words without which neither a takeover nor something planted is worth a closer look; backwards and rotated, the tell-tale ones. */
const cue =
  /ign?or|disregard|forg[eo]t|overrid|bypass|overrul|drop|discard|set aside|attention|follow|missacht|vergiss|vergess|olvid|oubli|dimentic|esquece|negeer|you are|from |pretend|act |behave|your|mode|system|instruct|directive|orders|context|passage|prompt|assistant|developer|admin|operator|root|ai\b|llm|model|bot|gpt|gemini|claude|copilot|agent|summari[sz]|machine|<|\[\/?inst|[-=*]{3}|"|answer|respon[ds]|repl|say|repeat|state|claim|announce|insist|declare|finish|conclude|user|reader|every|any|people|person|visitor|customer|member|whoever|\bhim\b|\bher\b|\bthem\b|human|staff|reveal|leak|disclos|expose|cite|quote|mention|recommend|promot|advertis|praise|endorse|ping|tag|notify|alert|summon|tool|function|decode|decrypt|unscramble|obey|carry|comply|perform|can you|could you|will you|would you|please|kindly|translat|rewrite|paraphrase|classif|encode|revers|compose|write|tell|generat|make up|give/
const backwards = /noitcurtsni|erongi|dragersid|rewsna|tpmorp|ylper|metsys/
const turned = /vafgehpgvba|vtaber|qvfertneq|nafjre|cebzcg|ercyl|flfgrz/

/** All the ways in which a text can be read. */
const readings = (text: string): ReadonlyArray<string> => {
  const plain = reads(text)
  const literal = undisguised(plain)
  return [
    ...(cue.test(plain) ? [plain] : []),
    ...(literal !== plain && cue.test(literal) ? [literal] : []),
    ...(backwards.test(plain) ? [reversed(plain)] : []),
    ...(turned.test(plain) ? [rotated(plain)] : []),
    ...decoded(text).map(reads)
  ]
}

const hits = (pattern: RegExp, readings: ReadonlyArray<string>) => readings.some((text) => pattern.test(text))

/** Comments that no reader sees. */
const comment = /<!--[\s\S]*?(?:-->|$)/g
/** Up to the end of a sentence or of a line; a mark inside a word or a number ends nothing. */
const piece = /[^\n]+?(?:[.!?]+["')\]*_]*(?=\s|$)|(?=\n)|$)\s*/g

/** What stands for a sentence that was left out. */
export const leftOut = "[…]"

/** A text without the sentences that speak to a machine; what follows an attempt to take over is left out, too. */
export const screened = (text: string): string => {
  const seen = visible(text).replaceAll(comment, "")
  const kept: Array<string> = []
  for (const [sentence] of seen.matchAll(piece)) {
    const said = readings(sentence)
    if (hits(takeover, said)) {
      kept.push(leftOut)
      break
    }
    kept.push(hits(planted, said) ? `${leftOut} ` : sentence)
  }
  // What only reads as an instruction across its line breaks, letter by letter or in parts.
  const rest = kept.join("").trim()
  return rest.includes("\n") && hits(takeover, readings(rest)) ? leftOut : rest
}

/** Whether any of a text speaks to a machine. */
export const speaksToMachine = (text: string): boolean => {
  const said = readings(text)
  return hits(takeover, said) || hits(planted, said)
}

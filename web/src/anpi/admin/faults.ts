/** What is wrong with a field, as a sentence; of the server, or found here. */
import { ApiError } from '../../lib/api'
import { problemText } from '../../ui/said.svelte'
import { anpiAdminWords } from '../../words/anpiadmin'
import { words } from '../../words/words.svelte'
import type { Fault, Faults } from './registering'

export type Sentences = Readonly<Record<string, string>>

/** `labels` says what each field is called. */
export function sentences(faults: Faults, labels: Sentences): Sentences {
  return Object.fromEntries(Object.entries(faults).map(([field, fault]) => [field, sentence(fault, labels[field] ?? '')]))
}

function sentence(fault: Fault, label: string): string {
  const a = anpiAdminWords().register
  switch (fault.is) {
    case 'required':
      return label ? words.t.err.required(label) : a.own_text_needed
    case 'too_long':
      return words.t.err.too_long(label || a.own_text, words.n(fault.limit))
    case 'one_line':
      return a.one_line
    case 'variable':
      return a.variable(fault.name)
    case 'both':
      return a.closing_both
    case 'past':
      return a.closing_past
    case 'address':
      return a.closing_address
    case 'choices_few':
      return a.own_choices_few
    default:
      return a.own_choices_many
  }
}

/** A refusal at its field, where it names one that is on the screen; otherwise above the form. */
export function refused(error: unknown, fields: readonly string[]): { wrong: Sentences; problem: string } {
  if (error instanceof ApiError && error.message && fields.includes(error.field)) {
    return { wrong: { [error.field]: error.message }, problem: '' }
  }
  return { wrong: {}, problem: problemText(error) }
}

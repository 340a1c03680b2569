import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, test } from 'vitest'

import { provideTalk } from '../../chat/context'
import { Refused } from '../../lib/socket'
import { mineWords } from '../../words/anpimine'
import { words } from '../../words/words.svelte'
import CheckCard from './CheckCard.svelte'
import type { Check } from './shapes'

const check: Check = { id: 3, title: '地震', message: '', cause: 'earthquake', asked_at: 1_000_000, questions: {} as Check['questions'] }
const answered: Check = { ...check, answer: { id: 9, at: 1_000_500, channel: 'mail', self: 'safe' } }

function card(shown: Check, ask: () => Promise<unknown> = async () => ({ open: [] })) {
  const talk = { ask, self: 7, skew: 0, line: 'waiting', join: () => {} }
  const within = (...given: Parameters<typeof CheckCard>) => {
    provideTalk({ talk } as never)
    return CheckCard(...given)
  }
  return render(within as typeof CheckCard, { props: { check: shown }, context: new Map() })
}

test('what somebody is writing stays when an answer comes from elsewhere', async () => {
  const { rerender } = card(check)
  const comment = screen.getByLabelText(mineWords().comment)
  await fireEvent.input(comment, { target: { value: '足をけがしました' } })
  await rerender({ check: answered })
  expect(screen.getByLabelText<HTMLTextAreaElement>(mineWords().comment).value).toBe('足をけがしました')
  await fireEvent.click(screen.getByRole('button', { name: words.t.common.cancel }))
  expect(screen.queryByLabelText(mineWords().comment)).toBeNull()
})

test('a form in which nothing was written goes when one has answered elsewhere', async () => {
  const { rerender } = card(check)
  await rerender({ check: answered })
  expect(screen.queryByRole('button', { name: mineWords().submit })).toBeNull()
})

test('what is refused for something that stands nowhere in the form is said all the same', async () => {
  card(check, async () => {
    throw new Refused('required', '会社の質問に答えてください。', undefined, 'anpi_own')
  })
  await fireEvent.click(screen.getByLabelText(mineWords().self.safe))
  await fireEvent.click(screen.getByRole('button', { name: mineWords().submit }))
  expect((await screen.findByRole('alert')).textContent).toContain('会社の質問に答えてください。')
})

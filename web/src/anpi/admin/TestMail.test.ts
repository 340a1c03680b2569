import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, test, vi } from 'vitest'

import { anpiAdminWords } from '../../words/anpiadmin'
import * as api from './api'
import type { MailTest } from './shapes'
import TestMail from './TestMail.svelte'

const sent: MailTest = { at: 5, outcome: 'sent', way: 1, by: '森', to: 'mori@hokuto.example' }
/** As the panel tells it, which names no address. */
const kept: MailTest = { at: 5, outcome: 'sent', way: 1, by: '森' }
const props = (test: MailTest | null) => ({ test, time: (at: number) => `(${at})`, onsent: () => {} })
const a = () => anpiAdminWords().ready.test

async function pressed() {
  vi.spyOn(api, 'sendTestMail').mockResolvedValue(sent)
  const shown = render(TestMail, { props: props(null) })
  await fireEvent.click(screen.getByRole('button', { name: a().send }))
  await screen.findByText(a().to('(5)', 'mori@hokuto.example'))
  return shown
}

test('of the one just sent the address stays when the panel is read anew', async () => {
  const { rerender } = await pressed()
  await rerender(props(kept))
  screen.getByText(a().to('(5)', 'mori@hokuto.example'))
})

for (const outcome of ['later', 'bounced'] as const)
  test(`what becomes of it afterwards is told: ${outcome}`, async () => {
    const { rerender } = await pressed()
    await rerender(props({ ...kept, outcome }))
    expect(screen.getByRole('status').textContent).toContain(a().outcomes[outcome])
    expect(screen.getByRole('status').textContent).not.toContain(a().outcomes.sent)
  })

test('a newer one of somebody else takes its place', async () => {
  const { rerender } = await pressed()
  await rerender(props({ ...kept, at: 9, by: '加藤' }))
  screen.getByText(a().last('(9)', '加藤'))
})

import { afterEach, expect, it, vi } from 'vitest'
import { ApiError, mendedElsewhere } from './api'

const assign = vi.fn()

afterEach(() => {
  assign.mockReset()
})

it.each([
  [401, 'signed_out', '/signin'],
  [403, 'must_change', '/password'],
  [403, 'must_agree', '/agree'],
])('leaves for the page that mends %i %s, and comes back', (status, code, page) => {
  vi.stubGlobal('location', { pathname: '/talk/3', search: '', assign })
  expect(mendedElsewhere(new ApiError(status, code, ''))).toBe(true)
  expect(assign).toHaveBeenCalledWith(`${page}?next=%2Ftalk%2F3`)
})

it('stays where it is when no other page mends it', () => {
  vi.stubGlobal('location', { pathname: '/', search: '', assign })
  expect(mendedElsewhere(new ApiError(403, 'forbidden', ''))).toBe(false)
  expect(mendedElsewhere(new Error())).toBe(false)
  expect(assign).not.toHaveBeenCalled()
})

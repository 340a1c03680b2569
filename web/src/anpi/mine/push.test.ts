import { expect, test } from 'vitest'

import { bytesOf } from './push'

test("the server's key is read from base64url without padding", () => {
  expect([...bytesOf('BP__-_8')]).toEqual([4, 255, 255, 251, 255])
})
